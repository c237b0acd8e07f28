"""TC_036_CS: samples of a time without connection come later, all of them and in time order."""

from host_tests.scenarios.conformance.states import change, charging, offline, seconds, status
from host_tests.scenarios.steps import calls, current_flows, transaction_id
from tools.sim.bench import Bench

_INTERVAL_S = 10


def _times(bench: Bench) -> list[float]:
    samples = calls(bench, "MeterValues")
    assert {sample["transactionId"] for sample in samples} == {transaction_id(bench)}
    return [seconds(sample["meterValue"][0]["timestamp"]) for sample in samples]


def test_every_sample_comes_in_order(bench: Bench) -> None:
    change(bench, MeterValueSampleInterval=_INTERVAL_S)
    begin = seconds(charging(bench).payload["timestamp"])
    current_flows(bench)
    bench.expect("MeterValues", within_s=_INTERVAL_S + 5)
    offline(bench)
    before = len(calls(bench, "MeterValues"))
    bench.run(5 * _INTERVAL_S)
    assert bench.state()["queued"] >= 3
    assert len(calls(bench, "MeterValues")) == before
    assert bench.hardware.plant_state()["amps"] > 1
    bench.server.online(True)
    bench.expect("BootNotification", within_s=150)
    bench.expect_all([status("Available", 0), status("Charging")], ignore=("MeterValues",))
    bench.run_until(lambda: bench.state()["queued"] == 0, 20, "all samples")
    bench.run(2 * _INTERVAL_S)
    times = _times(bench)
    assert len(times) >= before + 7
    assert times == [begin + _INTERVAL_S * number for number in range(1, len(times) + 1)]
