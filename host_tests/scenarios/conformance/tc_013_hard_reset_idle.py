"""TC_013_CS: a hard reset; a connector out of service stays so, its charge point does not mind."""

from host_tests.scenarios.conformance.states import (
    ACCEPTED,
    available,
    expect_statuses,
    unavailable,
)


def test_unavailable_outlasts_a_reset(bench) -> None:
    unavailable(bench)
    assert bench.call("Reset", {"type": "Hard"}) == ACCEPTED
    bench.expect("BootNotification", within_s=40)
    assert bench.charger.starts == 2
    expect_statuses(bench, "Unavailable", charge_point="Available")
    available(bench)


def test_available_again_outlasts_it_too(bench) -> None:
    unavailable(bench)
    available(bench)
    assert bench.call("Reset", {"type": "Hard"}) == ACCEPTED
    bench.expect("BootNotification", within_s=40)
    expect_statuses(bench, "Available")
