"""TC_048_2_CS: an occupied connector cannot be reserved."""

from host_tests.scenarios.conformance.reserving import reserve
from host_tests.scenarios.conformance.states import (
    OTHER_TAG,
    nothing,
    occupied,
    remote_start,
    started,
)


def test_occupied(bench) -> None:
    occupied(bench)
    assert reserve(bench) == "Occupied"
    nothing(bench, 3, ("StatusNotification",))
    remote_start(bench, OTHER_TAG)
    start = started(bench, OTHER_TAG)
    assert "reservationId" not in start.payload
    assert reserve(bench) == "Occupied"
