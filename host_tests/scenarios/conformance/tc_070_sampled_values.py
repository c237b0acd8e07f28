"""TC_070_CS: sampled values every MeterValueSampleInterval, with the configured measurands."""

import pytest

from host_tests.scenarios.conformance.states import change, charging, seconds, value_of
from host_tests.scenarios.steps import transaction_id
from tools.sim.bench import Bench

_INTERVAL_S = 15
_DEFAULT = "Energy.Active.Import.Register"


@pytest.mark.parametrize("wanted", [None, "", "SoC,Energy.Active.Import.Register,Temperature"])
def test_sampled_values(bench: Bench, wanted: str | None) -> None:
    change(bench, MeterValueSampleInterval=_INTERVAL_S, ClockAlignedDataInterval=0)
    if wanted is not None:
        change(bench, MeterValuesSampledData=wanted)
    measurands = (value_of(bench, "MeterValuesSampledData") or _DEFAULT).split(",")
    begin = seconds(charging(bench).payload["timestamp"])
    for number in range(1, 4):
        sample = bench.expect("MeterValues", within_s=_INTERVAL_S + 5).payload
        assert (sample["connectorId"], sample["transactionId"]) == (1, transaction_id(bench))
        (value,) = sample["meterValue"]
        assert seconds(value["timestamp"]) == begin + number * _INTERVAL_S
        assert [v["measurand"] for v in value["sampledValue"]] == measurands
        assert {v["context"] for v in value["sampledValue"]} == {"Sample.Periodic"}
