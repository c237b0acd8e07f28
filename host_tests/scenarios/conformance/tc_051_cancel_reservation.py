"""TC_051_CS: a cancelled reservation is gone."""

from host_tests.scenarios.conformance.reserving import cancel
from host_tests.scenarios.conformance.states import (
    OTHER_TAG,
    charging,
    expect_statuses,
    in_order,
    power_cycle,
    reserved,
    status,
)


def test_cancelled(bench) -> None:
    reserved(bench, number=7)
    assert cancel(bench, 7) == "Accepted"
    in_order(bench, status("Available"))
    assert cancel(bench, 7) == "Rejected"
    start = charging(bench, OTHER_TAG)
    assert "reservationId" not in start.payload


def test_cancelled_it_does_not_come_back_with_the_power(bench) -> None:
    reserved(bench, number=7)
    assert cancel(bench, 7) == "Accepted"
    power_cycle(bench)
    bench.expect("BootNotification", within_s=20)
    expect_statuses(bench, "Available")
