"""What the answers to StartTransaction and StopTransaction do: cache, parent, stop or hold."""

import json

import pytest

from firmware.ocpp.payloads import start_transaction, stop_transaction
from firmware.ocpp.stop_parts import parts
from firmware.services.tag_answers import answered
from firmware.services.tag_reader import present as present_tag
from firmware.storage.tag_changes import update_list
from firmware.storage.tag_file import CACHE, find
from host_tests.unit.services.station_bench import Station, T

YES = {"idTagInfo": {"status": "Accepted"}}
NO = {"idTagInfo": {"status": "Invalid"}}


@pytest.fixture
def station(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Station().begin().run(5_000)


def set_keys(station, **values):
    for key, value in values.items():
        assert station.keys.set(key, value) == "Accepted"


def start_answered(station, payload, txn=None, tag="TAG"):
    sent = start_transaction(1, tag, 0, T)
    txn = station.core.session.txn if txn is None else txn
    station.point.answered("StartTransaction", txn, {"transactionId": 5, **payload}, sent)
    station.run(200)


@pytest.mark.parametrize("status", ["Invalid", "Blocked", "Expired", "ConcurrentTx"])
def test_a_start_that_is_not_accepted_ends(station, status):
    start_answered(station, {"idTagInfo": {"status": status}})
    assert station.core.session.reason == "DeAuthorized"
    assert find(CACHE, "TAG")[0] == status


@pytest.mark.parametrize("payload", [{}, {"idTagInfo": None}, {"idTagInfo": {"status": "x"}}])
def test_an_answer_without_status_is_no_yes(station, payload):
    start_answered(station, payload)
    assert station.core.session.reason == "DeAuthorized"
    assert find(CACHE, "TAG") is None


def test_an_accepted_start_goes_on_and_is_remembered(station):
    start_answered(station, {"idTagInfo": {"status": "Accepted", "parentIdTag": "P"}})
    assert station.core.session.open
    assert find(CACHE, "TAG") == ["Accepted", 0, "P"]


def test_the_parent_of_the_answer_counts_even_without_a_cache(station):
    set_keys(station, AuthorizationCacheEnabled="false")
    start_answered(station, {"idTagInfo": {"status": "Accepted", "parentIdTag": "P"}})
    update_list(1, True, {"OTHER": ["Accepted", 0, "P"]}, 500)
    present_tag(station.point, "OTHER")
    station.run(200)
    assert station.core.session.stop_id_tag == "OTHER"


def test_a_session_that_is_over_is_only_remembered(station):
    old = station.core.session.txn
    station.core.stop("Local")
    station.run(3_000)
    start_answered(station, NO, old)
    assert station.core.session.reason == "Local"
    assert find(CACHE, "TAG") == ["Invalid", 0, ""]


def test_the_answer_to_another_session_does_not_stop_this_one(station):
    start_answered(station, NO, station.core.session.txn + 1, "OTHER")
    assert station.core.session.open
    assert find(CACHE, "OTHER") == ["Invalid", 0, ""] and find(CACHE, "TAG") is None


def held(station, energy_wh=0, payload=NO):
    wh = str(energy_wh)
    set_keys(station, StopTransactionOnInvalidId="false", MaxEnergyOnInvalidId=wh)
    start_answered(station, payload)
    return station.run(3_000)


def test_it_is_held_where_the_key_says_so(station):
    assert station.power
    held(station)
    assert station.state == "SuspendedEVSE" and not station.power and station.core.session.open
    station.run(60_000)
    assert station.state == "SuspendedEVSE" and station.core.session.open
    present_tag(station.point, "TAG")
    station.run(1_000)
    messages = station.deliver()
    assert messages[-1][1]["reason"] == "Local"
    assert station.link.statuses() == ["Preparing", "Charging", "SuspendedEVSE", "Finishing"]


def test_max_energy_on_invalid_id_may_still_flow(station):
    before_mwh = station.core.session.energy_mwh
    held(station, energy_wh=30)
    assert station.power
    station.run(30_000)
    assert station.state == "SuspendedEVSE" and not station.power
    assert 30_000 <= station.core.session.energy_mwh - before_mwh <= 31_500


def test_the_largest_allowance_does_not_wrap(station):
    held(station, energy_wh=1_000_000)
    assert station.power and station.core.session.allowed_mwh < 1 << 30


def test_an_answer_that_is_repeated_allows_no_more(station):
    held(station, energy_wh=10)
    allowed_mwh = station.core.session.allowed_mwh
    station.run(1_000)
    start_answered(station, NO)
    assert station.core.session.allowed_mwh == allowed_mwh


def test_a_held_session_is_not_resumed_after_a_power_cut(station):
    held(station)
    station = Station(resume=True).plug().run(35_000)
    assert not station.core.session.open
    assert station.deliver()[-1][1]["reason"] == "PowerLoss"


# ---- StopTransaction ----


@pytest.mark.parametrize("with_data", [True, False])
def test_a_stop_tells_of_its_own_tag(station, with_data):
    sent = stop_transaction(5, T, 5, "Local", 'Ta"g2}')
    json.loads(sent)
    if with_data:
        sent = parts(sent + "\t1 P")
        assert "transactionData" in sent[0]
    answered(station.point, "StopTransaction", 1, NO, sent)
    station.run(100)
    assert find(CACHE, 'TA"G2}') == ["Invalid", 0, ""]
    assert station.core.session.open


def test_what_is_heard_at_once_is_bounded(station):
    for number in range(100):
        sent = start_transaction(1, "T%d" % number, 0, T)
        answered(station.point, "StartTransaction", 1000 + number, NO, sent)
    assert len(station.point.heard) <= 8
    station.run(1_000)
    assert find(CACHE, "T99") and not station.point.heard


def test_a_full_heap_forgets_one_answer(station, monkeypatch):
    monkeypatch.setattr("firmware.storage.tag_file.open", no_memory, raising=False)
    start_answered(station, YES)
    assert any("not followed" in line for line in station.log.errors())
    monkeypatch.undo()
    station.run(200)
    assert station.core.session.open and not station.point.heard


def no_memory(*_):
    raise MemoryError("memory allocation failed")


def test_a_stop_without_tag_tells_of_none(station):
    sent = stop_transaction(5, T, 5, "Remote")
    answered(station.point, "StopTransaction", 1, NO, sent)
    station.run(100)
    assert find(CACHE, "TAG") is None
