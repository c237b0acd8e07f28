"""TC_050_3_CS: a charge point out of service cannot be reserved."""

from host_tests.scenarios.conformance.reserving import reserve
from host_tests.scenarios.conformance.states import available, nothing, unavailable


def test_unavailable(bench) -> None:
    unavailable(bench, connector=0)
    assert reserve(bench, connector=0) == "Unavailable"
    nothing(bench, 3, ("StatusNotification",))
    available(bench, connector=0)
