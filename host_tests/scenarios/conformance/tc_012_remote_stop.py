"""TC_012_CS: remote stop: StopTransaction(Remote), Finishing."""

from host_tests.scenarios.conformance.states import ACCEPTED, charging, stopped, unplugged
from host_tests.scenarios.steps import power_is_off, transaction_id


def test_remote_stop(bench) -> None:
    start = charging(bench)
    bench.run(5)
    request = {"transactionId": transaction_id(bench)}
    assert bench.call("RemoteStopTransaction", request) == ACCEPTED
    stop = stopped(bench, reason="Remote")
    assert stop.payload["meterStop"] >= start.payload["meterStart"]
    bench.run(3)
    assert power_is_off(bench)
    unplugged(bench)
