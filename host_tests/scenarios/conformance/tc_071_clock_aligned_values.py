"""TC_071_CS: clock-aligned values come at :00 :20 :40 of the clock, with the right measurands."""

from host_tests.scenarios.conformance.states import change, charging, seconds, value_of
from host_tests.scenarios.steps import transaction_id
from tools.sim.bench import Bench

_INTERVAL_S = 20


def test_clock_aligned_values(bench: Bench) -> None:
    change(bench, MeterValueSampleInterval=0, ClockAlignedDataInterval=_INTERVAL_S)
    change(bench, MeterValuesAlignedData="Power.Active.Import,Energy.Active.Import.Register")
    measurands = value_of(bench, "MeterValuesAlignedData").split(",")
    charging(bench)
    bench.run(1)
    bench.seen()
    times = []
    for _ in range(4):
        sample = bench.expect("MeterValues", within_s=_INTERVAL_S + 5).payload
        assert (sample["connectorId"], sample["transactionId"]) == (1, transaction_id(bench))
        (value,) = sample["meterValue"]
        assert [v["measurand"] for v in value["sampledValue"]] == measurands
        assert {v["context"] for v in value["sampledValue"]} == {"Sample.Clock"}
        times.append(seconds(value["timestamp"]))
    assert [time % _INTERVAL_S for time in times] == [0] * 4
    assert times == [times[0] + number * _INTERVAL_S for number in range(4)]
