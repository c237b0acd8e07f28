"""MinimumStatusDuration in a whole session: a state is told late or not at all, a record never."""

from host_tests.scenarios.steps import calls, current_flows, expect_status, transaction_id

MINIMUM_S = 6


def test_states_wait_and_records_do_not(bench) -> None:
    request = {"key": "MinimumStatusDuration", "value": str(MINIMUM_S)}
    assert bench.call("ChangeConfiguration", request) == {"status": "Accepted"}
    plugged_s = bench.now_s
    bench.command("plug")
    told = expect_status(bench, "Preparing", within_s=MINIMUM_S + 3)
    assert told.ms / 1000 - plugged_s >= MINIMUM_S
    bench.call("RemoteStartTransaction", {"connectorId": 1, "idTag": "A"})
    bench.expect("StartTransaction", within_s=2)
    current_flows(bench)
    expect_status(bench, "Charging", within_s=MINIMUM_S + 3)
    bench.command("bms allowed=0")  # comes and goes
    bench.run(MINIMUM_S - 3)
    bench.command("bms allowed=1")
    bench.run(MINIMUM_S + 3)
    bench.call("RemoteStopTransaction", {"transactionId": transaction_id(bench)})
    bench.expect("StopTransaction", within_s=2, reason="Remote")
    bench.run(1)
    bench.command("unplug")
    expect_status(bench, "Available", within_s=MINIMUM_S + 3)
    states = [s["status"] for s in calls(bench, "StatusNotification") if s["connectorId"] == 1]
    assert states == ["Available", "Preparing", "Charging", "Available"]


def test_a_fault_is_told_at_once(bench) -> None:
    request = {"key": "MinimumStatusDuration", "value": str(MINIMUM_S)}
    bench.call("ChangeConfiguration", request)
    bench.command("estop on")
    expect_status(bench, "Faulted", within_s=1)
    bench.expect("StatusNotification", within_s=1, connectorId=0, status="Faulted")
    bench.command("estop off")
    bench.expect_none("StatusNotification", MINIMUM_S - 1)
    expect_status(bench, "Available", within_s=4)
