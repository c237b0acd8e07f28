"""TC_052_CS: only the reservation with that id is cancelled."""

from host_tests.scenarios.conformance.reserving import cancel
from host_tests.scenarios.conformance.states import (
    TAG,
    charging,
    expect_statuses,
    nothing,
    power_cycle,
    reserved,
)


def test_another_id_is_rejected_and_the_reservation_stays(bench) -> None:
    reserved(bench, TAG, number=7)
    assert cancel(bench, 8) == "Rejected"
    nothing(bench, 3, ("StatusNotification",))
    power_cycle(bench)  # it outlasts a power cut
    bench.expect("BootNotification", within_s=20)
    expect_statuses(bench, "Reserved")
    start = charging(bench, TAG, reserved=True)
    assert start.payload["reservationId"] == 7


def test_none_to_cancel(bench) -> None:
    assert cancel(bench, 7) == "Rejected"
