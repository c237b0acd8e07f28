"""TC_048_1_CS: a faulted connector cannot be reserved."""

from host_tests.scenarios.conformance.reserving import reserve
from host_tests.scenarios.conformance.states import faulted


def test_faulted(bench) -> None:
    heal = faulted(bench)
    assert reserve(bench) == "Faulted"
    bench.command(heal)
    bench.expect("StatusNotification", connectorId=1, status="Available", errorCode="NoError")
    bench.run(2)
    assert bench.state()["connector"] == "Available"
