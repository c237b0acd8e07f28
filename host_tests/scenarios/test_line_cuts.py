"""The line is cut at each message of a session and in the middle of each, both ways: the books of
the central system are the same. A sample runs in `make test`, every cut in `make test-all`."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

import pytest

from host_tests.scenarios.conftest import booted
from host_tests.scenarios.steps import TAG, amps, answers, calls, power_is_off
from tools.sim.bench import Bench

INTERVAL_S = 2
SETTINGS = {"MeterValueSampleInterval": INTERVAL_S, "AllowOfflineTxForUnknownId": True}
SAMPLES = 3
MESSAGES = 12  # of a session: 6 up to Charging, samples, summary, Finishing, stop, Available
CUTS: dict[str, Callable[[Bench, int], None]] = {
    "before the answer": lambda bench, number: bench.server.drop_after(messages=number),
    "after the answer": lambda bench, number: bench.server.drop_after(number, answered=True),
    "in the message": lambda bench, number: bench.server.drop_within(number, ours=False),
    "in the answer": lambda bench, number: bench.server.drop_within(number, ours=True),
}
START = {"connectorId": 1, "idTag": TAG}
RECORDS = ("StartTransaction", "MeterValues", "DataTransfer", "StopTransaction")


class Record(NamedTuple):
    """A transaction message as the server got it."""

    kind: str
    text: str
    payload: dict
    id: str


def session(bench: Bench) -> None:
    """Gun in, tag until current flows, three samples, tag, gun out, all told."""
    bench.command("plug")
    bench.run(2)
    for _ in range(5):
        bench.command(f"tag {TAG}")
        bench.run(3)
        if amps(bench) > 1:
            break
    else:
        raise AssertionError(bench.output)
    bench.run(SAMPLES * INTERVAL_S - 2)
    bench.command(f"tag {TAG}")
    bench.run(3)
    assert power_is_off(bench)
    bench.command("unplug")
    bench.run_until(lambda: told(bench), 90, "the whole session at the server")
    bench.run(2)


def told(bench: Bench) -> bool:
    states = [payload["status"] for payload in calls(bench, "StatusNotification")]
    return bool(answers(bench, "StopTransaction")) and states[-1:] == ["Available"]


def records(bench: Bench) -> list[Record]:
    return [
        Record(e.kind, json.dumps([e.kind, e.payload]), e.payload, e.id)
        for e in bench.log
        if e.way == ">" and e.kind in RECORDS and e.payload.get("messageId") != "VehicleInfo"
    ]


def check_books(bench: Bench, repeats: int) -> None:
    """One session, in order, whole; at most so many records are repeated, unchanged, at once."""
    got = records(bench)
    books = [r for i, r in enumerate(got) if i == 0 or got[i - 1].text != r.text]
    assert len(got) - len(books) <= repeats
    start, *samples, summary, stop = books
    kinds = ["MeterValues"] * len(samples)
    wanted = ["StartTransaction", *kinds, "DataTransfer", "StopTransaction"]
    assert [r.kind for r in books] == wanted
    ids = [payload["transactionId"] for payload in answers(bench, "StartTransaction")]
    assert {r.payload["transactionId"] for r in (*samples, stop)} == {ids[-1]}
    begun, ended = time(start.payload["timestamp"]), time(stop.payload["timestamp"])
    times = [time(sample.payload["meterValue"][0]["timestamp"]) - begun for sample in samples]
    assert times == [INTERVAL_S * (i + 1) for i in range(len(times))]
    assert 0 <= ended - begun - times[-1] <= INTERVAL_S
    used = stop.payload["meterStop"] - start.payload["meterStart"]
    assert abs(json.loads(summary.payload["data"])["energyDelivered"] - used) <= 1.01
    assert abs(bench.hardware.plant_state()["wh_delivered"] - used) <= 2
    assert (stop.payload["reason"], stop.payload["idTag"]) == ("Local", TAG)


def time(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def test_a_session_without_a_cut(start) -> None:
    """What the cuts are counted in."""
    bench = start(SETTINGS)
    booted(bench)
    place = len(bench.log)
    session(bench)
    check_books(bench, 0)
    sent = [e for e in bench.log[place:] if e.way == ">"]
    assert len(sent) - MESSAGES in (0, 1), [e.kind for e in sent]


def cut_session(start, way: str, number: int) -> None:
    bench = start(SETTINGS)
    booted(bench)
    CUTS[way](bench, number)
    session(bench)
    assert bench.server.connections == 2
    check_books(bench, 0 if way == "in the message" else 1)


@pytest.mark.parametrize("interpreter", ["cpython"], indirect=True)
@pytest.mark.parametrize("way", CUTS)
@pytest.mark.parametrize("number", [3, 4, 6, 9, 11])
def test_a_cut(start, way: str, number: int) -> None:
    cut_session(start, way, number)


@pytest.mark.slow
@pytest.mark.parametrize("way", CUTS)
@pytest.mark.parametrize("number", range(1, MESSAGES + 1))
def test_every_cut(start, way: str, number: int) -> None:
    cut_session(start, way, number)


@pytest.mark.parametrize("interpreter", ["cpython", "micropython32"], indirect=True)
@pytest.mark.parametrize("every", [2, 3])
def test_a_line_that_breaks_again_and_again(start, every: int) -> None:
    """Each connection lives for some messages only."""
    bench = start(SETTINGS)
    booted(bench)
    server = bench.server
    broken = 0

    def again(payload: dict) -> dict:
        nonlocal broken
        if broken < 10:
            broken += 1
            server.drop_after(messages=3 + every)  # boot and statuses take three
        return {"status": "Accepted", "currentTime": server.time_text(), "interval": 300}

    server.answers["BootNotification"] = again
    server.drop_after(messages=every)
    session(bench)
    assert broken >= 2
    check_books(bench, broken + 1)


@pytest.mark.parametrize("interpreter", ["cpython", "micropython32"], indirect=True)
def test_half_a_remote_start_starts_nothing(start) -> None:
    bench = start(SETTINGS)
    booted(bench)
    bench.command("plug")
    bench.run(2)
    bench.server.drop_within(1, ours=True)
    bench.server.call("RemoteStartTransaction", START)
    booted(bench, "Preparing")
    bench.run(5)
    assert calls(bench, "StartTransaction") == [] and power_is_off(bench)


@pytest.mark.parametrize("interpreter", ["cpython", "micropython32"], indirect=True)
def test_half_an_answer_to_a_remote_start(start) -> None:
    """It has started; the server asks again, as it does not know, and hears that it has."""
    bench = start(SETTINGS)
    booted(bench)
    bench.command("plug")
    bench.run(2)
    bench.server.drop_within(1, ours=False)
    bench.server.call("RemoteStartTransaction", START)
    bench.expect("BootNotification", within_s=20)
    bench.expect("StartTransaction", idTag=TAG)
    assert bench.call("RemoteStartTransaction", START) == {"status": "Rejected"}
    bench.run(5)
    number = answers(bench, "StartTransaction")[-1]["transactionId"]
    assert bench.call("RemoteStopTransaction", {"transactionId": number})["status"] == "Accepted"
    bench.expect("StopTransaction", reason="Remote", transactionId=number)
    assert len(calls(bench, "StartTransaction")) == 1
