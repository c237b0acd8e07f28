"""TC_018_2_CS: UnlockConnector in a session is NotSupported and the session goes on."""

from host_tests.scenarios.conformance.states import charging, nothing
from host_tests.scenarios.steps import amps, current_flows


def test_unlock_charging(bench) -> None:
    charging(bench)
    current_flows(bench)
    assert bench.call("UnlockConnector", {"connectorId": 1}) == {"status": "NotSupported"}
    nothing(bench, 5, ["StatusNotification", "StopTransaction"])
    assert amps(bench) > 1
    assert bench.state()["connector"] == "Charging"
