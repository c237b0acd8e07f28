"""TC_038_CS: a session that is stopped offline is closed at the server when the line is back."""

from host_tests.scenarios.conformance.states import TAG, charging, offline, present, seconds
from host_tests.scenarios.steps import one_session, power_is_off, transaction_id


def test_a_local_stop(bench) -> None:
    charging(bench, TAG)
    bench.run(5)
    offline(bench)
    present(bench, TAG)
    bench.run(5)
    stopped_s = bench.now_s
    assert power_is_off(bench)
    assert bench.state()["connector"] == "Finishing"
    bench.run(30)
    bench.seen()
    bench.server.online(True)
    bench.expect("BootNotification", within_s=150)
    bench.expect("StatusNotification", connectorId=1, status="Finishing")
    stop = bench.expect("StopTransaction", reason="Local", idTag=TAG)
    assert stop.payload["transactionId"] == transaction_id(bench)
    assert seconds(stop.payload["timestamp"]) - seconds("2026-01-21T09:50:00Z") <= stopped_s
    bench.run(5)
    one_session(bench)
