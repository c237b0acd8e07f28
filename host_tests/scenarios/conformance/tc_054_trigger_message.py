"""TC_054_CS: TriggerMessage makes the charger send each message that it knows."""

import pytest


@pytest.mark.parametrize(
    ("message", "connector", "fields"),
    [
        ("MeterValues", 1, {"connectorId": 1}),
        ("Heartbeat", None, {}),
        ("StatusNotification", 1, {"connectorId": 1, "status": "Available"}),
        ("DiagnosticsStatusNotification", None, {"status": "Idle"}),
        ("FirmwareStatusNotification", None, {"status": "Idle"}),
        ("BootNotification", None, {}),
    ],
)
def test_trigger(bench, message: str, connector: int | None, fields: dict) -> None:
    bench.run(5)
    request = {"requestedMessage": message}
    if connector is not None:
        request["connectorId"] = connector
    seen = len(bench.log)
    assert bench.call("TriggerMessage", request) == {"status": "Accepted"}
    bench.run(5)
    came = [e for e in bench.log[seen:] if e.way == ">" and e.kind == message]
    assert len(came) == 1
    assert fields.items() <= came[0].payload.items()
