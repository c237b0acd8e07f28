"""The verdict on a charger's books finds what is wrong with them."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from host_tests.scenarios.power_cuts.verdict import FAULTS, Life, judge
from tools.sim.script import Entry

_POWER = SimpleNamespace(vehicle=SimpleNamespace(battery=SimpleNamespace(volts=lambda amps: 80.0)))


def call(kind: str, number: int, second: int, **payload: Any) -> list[Entry]:
    """A CALL and its answer."""
    at = f"2026-01-21T09:51:{second:02}Z"
    answer: dict[str, Any] = {}
    if kind == "MeterValues":
        sample = {"timestamp": at, "sampledValue": [{"value": payload.pop("wh")}]}
        payload["meterValue"] = [sample]
    elif kind == "StartTransaction":
        answer = {"transactionId": payload.pop("id")}
        payload["timestamp"] = at
    elif kind == "StopTransaction":
        payload["timestamp"] = at
    id = str(number)
    return [Entry(0, ">", kind, id, payload), Entry(0, "<", kind + "Response", id, answer)]


def session(id: int, second: int, wh: int) -> list[Entry]:
    """8 Wh, one sample, in four messages; two entries each."""
    data = json.dumps({"energyDelivered": 8.2})
    return [
        *call("StartTransaction", 10 * id, second, id=id, meterStart=wh),
        *call("MeterValues", 10 * id + 1, second + 1, transactionId=id, wh=str(wh + 4)),
        *call("DataTransfer", 10 * id + 2, 0, messageId="SessionSummary", data=data),
        *call("StopTransaction", 10 * id + 3, second + 2, transactionId=id, meterStop=wh + 8),
    ]


@pytest.fixture
def books() -> tuple[list[Entry], list[Life]]:
    """A session that was cut, with everything on flash, and one after it."""
    log = session(1, 10, 0) + session(2, 20, 8)
    return log, [Life(0, 0, 0, 0), Life(8, 8_100, 8_000, 4), Life(16, 16_100, 16_000, 8)]


def faults(log: list[Entry], lives: list[Life], kept: int = 0) -> set[str]:
    bench: Any = SimpleNamespace(log=log, hardware=_POWER)
    counts = judge(bench, lives, 1, kept)[1]
    return {name for name in FAULTS if counts[name]}


def test_good_books(books) -> None:
    assert faults(*books) == set()


def test_a_record_sent_twice_because_its_answer_was_not_on_flash(books) -> None:
    log, (first, cut, last) = books
    log[8:8] = log[6:8]
    assert faults(log, [first, cut._replace(delivered=3), last._replace(talked=18)]) == set()
    assert faults(log, [first, cut, last._replace(talked=18)]) == {"wrong_repeats"}


def test_a_record_that_is_not_sent_again_though_it_must_be(books) -> None:
    log, (first, cut, last) = books
    assert faults(log, [first, cut._replace(delivered=3), last]) == {"wrong_repeats"}


def test_a_session_that_is_missing(books) -> None:
    log, (first, cut, last) = books
    assert faults(log[8:], [first, cut._replace(talked=0, delivered=0), last]) == {"missing"}
    assert faults(*books, kept=1) == {"missing"}


def test_a_session_that_is_never_stopped(books) -> None:
    log, lives = books
    del log[14:]
    assert faults(log, lives) == {"open"}


def test_a_stop_with_another_id(books) -> None:
    log, lives = books
    log[6].payload["transactionId"] = 77
    assert faults(log, lives) == {"open"}


def test_messages_out_of_order(books) -> None:
    log, lives = books
    log[2:6] = log[4:6] + log[2:4]
    assert faults(log, lives) == {"open"}


def test_energy_that_is_lost(books) -> None:
    log, (first, cut, last) = books
    assert faults(log, [first, cut._replace(plant_mwh=12_000), last]) == {"lost_energy"}


def test_energy_that_runs_backwards(books) -> None:
    log, (first, cut, last) = books
    log[8].payload["meterStart"] = 7
    assert "backwards" in faults(log, [first, cut, last])
    assert "backwards" in faults(log, [first, cut._replace(register_mwh=17_000), last])


def test_a_time_that_runs_backwards(books) -> None:
    log, lives = books
    log[8].payload["timestamp"] = "2000-01-01T00:00:00Z"
    assert faults(log, lives) == {"backwards"}


def test_a_summary_that_does_not_fit(books) -> None:
    log, lives = books
    log[4].payload["data"] = json.dumps({"energyDelivered": 3.1})
    assert faults(log, lives) == {"unequal"}
