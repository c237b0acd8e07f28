"""TC_039_CS: a whole session offline; its stop carries the id that its start has just got."""

import pytest

from host_tests.scenarios.conformance.offline_start import known, line_up, start
from host_tests.scenarios.conformance.states import TAG, present
from host_tests.scenarios.steps import one_session, transaction_id


@pytest.mark.parametrize("how", ["listed", "cached"])
def test_a_whole_session(bench, how: str) -> None:
    known(bench, how)
    start(bench)
    bench.run(15)
    present(bench, TAG)
    bench.run_until(lambda: bench.state()["connector"] == "Finishing", 20, "Finishing")
    bench.command("unplug")
    bench.run(5)
    begin = line_up(bench)
    stop = bench.expect("StopTransaction", reason="Local", within_s=30)
    assert stop.payload["transactionId"] == transaction_id(bench)
    assert stop.payload["meterStop"] >= begin.payload["meterStart"]
    bench.run(5)
    one_session(bench)
    assert bench.state()["connector"] == "Available"
