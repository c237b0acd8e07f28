"""transactionData of StopTransaction: contexts, even spacing, power cuts, repeats."""

import pytest

from host_tests.unit.ocpp.schemas import valid
from host_tests.unit.services.station_bench import Clock, Station, T, joined

ENERGY = "Energy.Active.Import.Register"


@pytest.fixture
def station(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return wanting(Station(), "Energy.Active.Import.Register,SoC", "")


def wanting(station, sampled, aligned):
    station.keys.set("StopTxnSampledData", sampled)
    station.keys.set("StopTxnAlignedData", aligned)
    return station


def stopped(station, seconds):
    """Charge so long, stop; the StopTransaction."""
    station.begin().run(seconds * 1000 - 200)
    station.core.stop("Local", "TAG")
    station.run(2000)
    return station.deliver()[-1][1]


def data(stop):
    """(context, time) of each element."""
    return [
        (value["sampledValue"][0]["context"].partition(".")[2], value["timestamp"][11:19])
        for value in stop.get("transactionData", ())
    ]


def seconds(stop, context):
    found = [time.split(":") for kind, time in data(stop) if kind == context]
    return [int(h) * 3600 + int(m) * 60 + int(s) for h, m, s in found]


def test_begin_samples_and_end(station):
    stop = stopped(station, 25)
    assert [kind for kind, _ in data(stop)] == ["Begin", "Periodic", "Periodic", "End"]
    begin, *inner, end = [value["timestamp"] for value in stop["transactionData"]]
    assert end == stop["timestamp"] and begin < inner[0]
    for value in stop["transactionData"]:
        assert [v["measurand"] for v in value["sampledValue"]] == [ENERGY, "SoC"]
    energies = [int(v["sampledValue"][0]["value"]) for v in stop["transactionData"]]
    assert energies == sorted(energies) and energies[-1] == stop["meterStop"]


def test_none_unless_it_is_wanted(station, tmp_path):
    stop = stopped(wanting(station, "", ""), 25)
    assert "transactionData" not in stop
    assert not (tmp_path / "samples.txt").exists()


def test_nothing_is_written_between_the_samples(station, tmp_path):
    station.begin().run(1000)
    path = tmp_path / "samples.txt"
    before = path.stat().st_mtime_ns
    station.run(8_000)
    assert path.stat().st_mtime_ns == before
    station.run(3_000)
    assert path.stat().st_mtime_ns != before


def test_clock_aligned_ones_have_their_own_measurands(station):
    station.keys.set("ClockAlignedDataInterval", "20")
    wanting(station, ENERGY, "Voltage")
    stop = stopped(station, 45)
    kinds = {
        value["sampledValue"][0]["context"]: [v["measurand"] for v in value["sampledValue"]]
        for value in stop["transactionData"]
    }
    assert kinds["Sample.Clock"] == ["Voltage"] and kinds["Sample.Periodic"] == [ENERGY]
    assert [s % 20 for s in seconds(stop, "Clock")] == [0, 0]
    assert len(seconds(stop, "Periodic")) == 4


@pytest.mark.parametrize("minutes", [3, 10, 45])
def test_a_long_session_keeps_evenly_spaced_ones(station, minutes):
    stop = stopped(station, 60 * minutes)
    inner = seconds(stop, "Periodic")
    steps = {b - a for a, b in zip(inner, inner[1:], strict=False)}
    assert len(steps) == 1 and 4 <= len(inner) <= 13
    (step,) = steps
    begin, end = seconds(stop, "Begin")[0], seconds(stop, "End")[0]
    assert inner[0] - begin <= step and end - inner[-1] <= step
    assert step % 10 == 0


def test_an_interval_that_changes_leaves_it_bounded(station):
    station.begin().run(200_000)
    for interval_s in ("1", "7", "3"):
        station.keys.set("MeterValueSampleInterval", interval_s)
        station.run(60_000)
    station.core.stop("Local")
    station.run(2000)
    assert len(seconds(station.deliver()[-1][1], "Periodic")) <= 13


def test_power_loss_carries_them_too(station, monkeypatch):
    station.begin().run(35_000)
    get = type(station.keys).get  # the keys of the next life are those on flash
    monkeypatch.setattr(
        type(station.keys), "get", lambda k, key: "SoC" if key[:7] == "StopTxn" else get(k, key)
    )
    stop = Station(Clock(T + 600)).deliver()[-1][1]
    assert stop["reason"] == "PowerLoss"
    assert [kind for kind, _ in data(stop)] == ["Begin", *["Periodic"] * 3, "End"]
    end = stop["transactionData"][-1]
    assert end["timestamp"] == stop["timestamp"]
    assert [v["value"] for v in end["sampledValue"]] == [str(stop["meterStop"])]


def test_the_next_session_begins_anew(station):
    stopped(station, 35)
    station.unplug().run(1000)
    stop = stopped(station, 15)
    assert [kind for kind, _ in data(stop)] == ["Begin", "Periodic", "End"]


def test_a_repeat_is_the_same_and_keeps_to_the_schema(station):
    station.begin().run(25_000)
    station.core.stop("Local")
    station.run(2000)
    while station.outbox.head(0)[1] != "StopTransaction":
        seq, action, _, txn = station.outbox.head(0)
        station.outbox.delivered(seq, 7 if action == "StartTransaction" else None)
    first, again = joined(station.outbox.head(0)[2]), joined(station.outbox.head(0)[2])
    assert first == again
    assert valid("StopTransaction", first)["transactionId"] == 7


def test_flash_that_fails_costs_only_the_samples(station, monkeypatch):
    monkeypatch.setattr("firmware.services.transaction_data.write_atomic", fail)
    stop = stopped(station, 25)
    assert [kind for kind, _ in data(stop)] == ["End"]
    assert any("no sample for the stop" in line for line in station.log.errors())


def fail(path, content):
    raise OSError(28)


@pytest.mark.parametrize("content", [b"", b"rubbish", b"1 x\nP", b"\xff\xfe", b"9 1 1\n0 B 0 E0"])
def test_a_spoilt_file_costs_only_the_samples(station, tmp_path, content):
    station.begin().run(5_000)
    (tmp_path / "samples.txt").write_bytes(content)
    station.run(25_000)
    station.core.stop("Local")
    station.run(2000)
    assert station.deliver()[-1][0] == "StopTransaction"
