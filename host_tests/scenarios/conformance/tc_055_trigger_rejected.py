"""TC_055_CS: TriggerMessage for a connector that does not exist: Rejected, and nothing follows."""


def test_rejected(bench) -> None:
    bench.run(5)
    request = {"requestedMessage": "MeterValues", "connectorId": 2}
    assert bench.call("TriggerMessage", request) == {"status": "Rejected"}
    bench.expect_none("MeterValues", 10)
