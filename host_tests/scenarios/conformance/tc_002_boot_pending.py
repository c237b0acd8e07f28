"""TC_002_CS: while registration is Pending the server can configure; then the charger boots."""

from host_tests.scenarios.conformance.states import change, in_order, power_cycle, status, utc

FIRST_S, SECOND_S = 10, 8


def test_configured_while_pending(bench) -> None:
    verdicts = [("Pending", FIRST_S), ("Accepted", SECOND_S)]
    bench.server.answers["BootNotification"] = [
        {"status": verdict, "currentTime": utc(bench), "interval": interval_s}
        for verdict, interval_s in verdicts
    ]
    power_cycle(bench)
    first = bench.expect("BootNotification", within_s=20)
    bench.run(0.5)
    assert len(bench.call("GetConfiguration")["configurationKey"]) > 20
    change(bench, MeterValueSampleInterval=17)
    (second,) = bench.expect_order(["BootNotification"], ignore=())  # nothing before it
    assert FIRST_S * 1000 <= second.ms - first.ms <= (FIRST_S + 3) * 1000
    in_order(bench, status("Available", 0), status("Available"))
    beats = [bench.expect("Heartbeat", within_s=SECOND_S + 3).ms for _ in range(3)]
    for earlier, later in zip(beats, beats[1:], strict=False):
        assert SECOND_S * 1000 - 1500 <= later - earlier <= SECOND_S * 1000 + 1500
