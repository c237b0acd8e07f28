"""TC_048_3_CS: a connector out of service cannot be reserved."""

from host_tests.scenarios.conformance.reserving import reserve
from host_tests.scenarios.conformance.states import available, nothing, unavailable


def test_unavailable(bench) -> None:
    unavailable(bench)
    assert reserve(bench) == "Unavailable"
    nothing(bench, 3, ("StatusNotification",))
    available(bench)
