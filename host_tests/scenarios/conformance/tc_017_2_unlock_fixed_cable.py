"""TC_017_2_CS: with a fixed cable UnlockConnector is NotSupported."""

from host_tests.scenarios.conformance.states import nothing


def test_unlock_idle(bench) -> None:
    assert bench.call("UnlockConnector", {"connectorId": 1}) == {"status": "NotSupported"}
    nothing(bench, 3, ["StatusNotification", "StopTransaction"])
