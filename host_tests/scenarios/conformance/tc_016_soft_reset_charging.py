"""TC_016_CS: a soft reset ends the session with its reason."""

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
    assert bench.call("Reset", {"type": "Soft"}) == ACCEPTED
    stopped(bench, reason="SoftReset")
    bench.expect("BootNotification", within_s=40)
    assert bench.charger.starts == 2
    any_order(bench, status("Available", 0), status("Preparing"))
    bench.run(2)
    assert bench.state()["connector"] == "Preparing"
