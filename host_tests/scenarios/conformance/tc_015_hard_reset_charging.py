"""TC_015_CS: a hard reset ends the session with its reason."""

from host_tests.scenarios.conformance.states import (
    ACCEPTED,
    any_order,
    charging,
    status,
    stopped,
)


def test_reset_in_a_session(bench) -> None:
    charging(bench)
    bench.run(3)
    assert bench.call("Reset", {"type": "Hard"}) == ACCEPTED
    stopped(bench, reason="HardReset")
    bench.expect("BootNotification", within_s=40)
    assert bench.charger.starts == 2
    any_order(bench, status("Available", 0), status("Preparing"))
    bench.run(2)
    assert bench.state()["connector"] == "Preparing"


def test_the_stop_may_come_after_the_boot(bench) -> None:
    """The line breaks with the reset: what was recorded is delivered by the next life."""
    start = charging(bench)
    bench.run(3)
    assert bench.call("Reset", {"type": "Hard"}) == ACCEPTED
    bench.server.online(False)
    bench.run(15)
    bench.server.online(True)
    bench.expect("BootNotification", within_s=150)
    bench.expect("StopTransaction", within_s=60, reason="HardReset")
    bench.run(5)
    starts = [e for e in bench.log if e.way == ">" and e.kind == "StartTransaction"]
    assert [e.payload for e in starts] == [start.payload]
