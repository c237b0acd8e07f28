"""TC_005_2_CS: pulling the gun ends the session; there is no lock to open."""

from host_tests.scenarios.conformance.states import (
    any_order,
    charging,
    status,
    stopped,
    value_of,
)
from host_tests.scenarios.steps import off_in_time


def test_unplugging_stops(bench) -> None:
    assert value_of(bench, "StopTransactionOnEVSideDisconnect") == "true"
    assert value_of(bench, "UnlockConnectorOnEVSideDisconnect") == "false"
    charging(bench)
    bench.run(2)
    bench.command("unplug")
    off_in_time(bench)
    stopped(bench, reason="EVDisconnected")
    answer = bench.call("UnlockConnector", {"connectorId": 1})
    assert answer == {"status": "NotSupported"}
    any_order(bench, status("Available"))
