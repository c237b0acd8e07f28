"""TC_014_CS: a soft reset; a connector out of service stays so, its charge point does not mind."""

from host_tests.scenarios.conformance.states import (
    ACCEPTED,
    available,
    expect_statuses,
    unavailable,
)


def test_unavailable_outlasts_a_reset(bench) -> None:
    unavailable(bench)
    assert bench.call("Reset", {"type": "Soft"}) == ACCEPTED
    bench.expect("BootNotification", within_s=40)
    assert bench.charger.starts == 2
    expect_statuses(bench, "Unavailable", charge_point="Available")
    available(bench)
