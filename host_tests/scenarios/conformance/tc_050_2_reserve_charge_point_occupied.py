"""TC_050_2_CS: with every connector occupied the charge point cannot be reserved."""

from host_tests.scenarios.conformance.reserving import reserve
from host_tests.scenarios.conformance.states import nothing, occupied


def test_occupied(bench) -> None:
    occupied(bench)
    assert reserve(bench, connector=0) == "Occupied"
    nothing(bench, 3, ("StatusNotification",))
