"""TC_001_CS: rejected at first, the charger asks again after the interval, then beats."""

from host_tests.scenarios.conformance.states import in_order, power_cycle, status, utc

FIRST_S, SECOND_S = 12, 8


def registration(bench, verdict: str, interval_s: int) -> dict:
    return {"status": verdict, "currentTime": utc(bench), "interval": interval_s}


def test_boot_after_the_interval_of_a_rejection(bench) -> None:
    bench.server.answers["BootNotification"] = [
        registration(bench, "Rejected", FIRST_S),
        registration(bench, "Accepted", SECOND_S),
    ]
    power_cycle(bench)
    first, second = bench.expect_order(["BootNotification"] * 2, ignore=())  # nothing in between
    assert FIRST_S * 1000 <= second.ms - first.ms <= (FIRST_S + 3) * 1000
    in_order(bench, status("Available", 0), status("Available"))


def test_heartbeat_at_the_interval_of_the_answer(bench) -> None:
    bench.server.answers["BootNotification"] = registration(bench, "Accepted", SECOND_S)
    power_cycle(bench)
    bench.expect("BootNotification", within_s=20)
    beats = [bench.expect("Heartbeat", within_s=SECOND_S + 3).ms for _ in range(4)]
    for earlier, later in zip(beats, beats[1:], strict=False):
        assert SECOND_S * 1000 - 1500 <= later - earlier <= SECOND_S * 1000 + 1500
