"""TC_047_CS: at its expiry a reservation is over and anybody may charge."""

from host_tests.scenarios.conformance.states import (
    OTHER_TAG,
    charging,
    expect_statuses,
    in_order,
    power_cycle,
    reserved,
    status,
)


def test_it_expires(bench) -> None:
    due_s = int(bench.now_s) + 30
    reserved(bench, expires_s=30)
    (over,) = in_order(bench, status("Available"), within_s=35)
    assert due_s - 1 <= over.ms / 1000 <= due_s + 2
    start = charging(bench, OTHER_TAG)
    assert "reservationId" not in start.payload


def test_it_expires_while_the_power_is_away(bench) -> None:
    reserved(bench, expires_s=30)
    power_cycle(bench, off_s=40)
    bench.expect("BootNotification", within_s=20)
    bench.expect("StatusNotification", connectorId=1, status="Available")
    bench.run(2)
    assert bench.state()["connector"] == "Available"


def test_it_expires_after_a_power_cut(bench) -> None:
    reserved(bench, expires_s=60)
    power_cycle(bench)
    bench.expect("BootNotification", within_s=20)
    expect_statuses(bench, "Reserved")
    (over,) = in_order(bench, status("Available"), within_s=62)
    assert 58 <= over.ms / 1000 <= 62
