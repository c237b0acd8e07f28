"""Meter values of a whole charger: by the clock, within StopTransaction, over a power cut."""

from typing import Any

from host_tests.scenarios.conftest import booted
from host_tests.scenarios.steps import calls, charging, remote_stop, session_ends, transaction_id
from tools.sim.bench import Bench

ENERGY = "Energy.Active.Import.Register"
ALL = (
    "Energy.Active.Import.Register,Power.Active.Import,SoC,Voltage,Current.Import,Current.Offered,"
    "Temperature"
)


def _with(start: Any, **settings: Any) -> Bench:
    bench = start({"MeterValueSampleInterval": 10, **settings})
    booted(bench)
    return bench


def _data(stop: Any) -> list[tuple[str, str]]:
    """(context, time) of the elements of transactionData."""
    return [
        (value["sampledValue"][0]["context"].partition(".")[2], value["timestamp"])
        for value in stop["transactionData"]
    ]


def test_clock_aligned_values_of_an_idle_charger_are_not_kept(start) -> None:
    bench = _with(start, ClockAlignedDataInterval=20)
    sample = bench.expect("MeterValues", within_s=25).payload
    assert "transactionId" not in sample
    (value,) = sample["meterValue"]
    assert value["timestamp"][17:19] in ("00", "20", "40")
    bench.server.online(False)
    bench.run(65)
    assert bench.state()["queued"] == 0
    bench.server.online(True)
    bench.expect("BootNotification", within_s=90)
    bench.run(5)
    assert len(calls(bench, "MeterValues")) <= 2


def test_those_of_an_offline_session_come_later_with_its_id(start) -> None:
    bench = _with(start, ClockAlignedDataInterval=20, MeterValueSampleInterval=0)
    transaction = charging(bench)
    bench.server.online(False)
    bench.run(65)
    bench.server.online(True)
    bench.expect("BootNotification", within_s=90)
    bench.run_until(lambda: bench.state()["queued"] == 0, 20, "all delivered")
    samples = [c for c in calls(bench, "MeterValues") if "transactionId" in c]
    times = [c["meterValue"][0]["timestamp"] for c in samples]
    assert {c["transactionId"] for c in samples} == {transaction}
    assert len(times) >= 3 and times == sorted(set(times))
    assert {time[17:19] for time in times} == {"00", "20", "40"}


def test_a_stop_with_everything_in_it(start) -> None:
    bench = _with(
        start, ClockAlignedDataInterval=15, StopTxnSampledData=ALL, StopTxnAlignedData=ALL
    )
    charging(bench)
    bench.run(150)
    answer = bench.call("RemoteStopTransaction", {"transactionId": transaction_id(bench)})
    assert answer == {"status": "Accepted"}
    stop = session_ends(bench, "Remote").payload
    kinds = [kind for kind, _ in _data(stop)]
    assert kinds[0] == "Begin" and kinds[-1] == "End"
    assert 2 <= kinds.count("Periodic") <= 5 and 2 <= kinds.count("Clock") <= 5
    times = [time for _, time in _data(stop)]
    assert times == sorted(times) and times[-1] == stop["timestamp"]
    values = stop["transactionData"][-1]["sampledValue"]
    assert [value["measurand"] for value in values] == ALL.split(",")
    assert values[0]["value"] == str(stop["meterStop"])
    assert bench.server.connections == 1


def test_a_stop_after_a_power_cut_has_them_too(start) -> None:
    bench = _with(start, StopTxnSampledData=ENERGY)
    charging(bench)
    bench.run(35)
    bench.command("power")
    bench.run(5)
    bench.seen()
    bench.power_on()
    stop = bench.expect("StopTransaction", within_s=60, reason="PowerLoss").payload
    kinds = [kind for kind, _ in _data(stop)]
    assert kinds == ["Begin", *["Periodic"] * (len(kinds) - 2), "End"] and len(kinds) >= 5


def test_none_by_default(start) -> None:
    bench = _with(start)
    charging(bench)
    bench.run(15)
    remote_stop(bench)
    assert "transactionData" not in calls(bench, "StopTransaction")[-1]
