"""TC_028_CS: a remote stop of an unknown transaction is rejected and stops nothing."""

from host_tests.scenarios.conformance.states import REJECTED, charging, nothing
from host_tests.scenarios.steps import amps, current_flows, transaction_id


def test_another_number(bench) -> None:
    charging(bench)
    current_flows(bench)
    request = {"transactionId": transaction_id(bench) + 1}
    assert bench.call("RemoteStopTransaction", request) == REJECTED
    nothing(bench, 5, ["StopTransaction", "StatusNotification"])
    assert amps(bench) > 1
