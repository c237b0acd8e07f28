"""Who may charge, who may stop: list, cache, the server's word, and what holds without it."""

import os

import pytest

from firmware.services import authorization, tags
from firmware.services.tag_reader import present as present_tag
from firmware.storage.tag_cache import remember
from firmware.storage.tag_changes import update_list
from firmware.storage.tag_file import CACHE, find
from host_tests.unit.services.station_bench import Station, T

YES = {"idTagInfo": {"status": "Accepted"}}
NO = {"idTagInfo": {"status": "Blocked"}}
ERROR = None  # a CALLERROR, or no answer at all


def info(status="Accepted", parent=None):
    row = {"status": status}
    if parent:
        row["parentIdTag"] = parent
    return {"idTagInfo": row}


def listed(tag="TAG", status="Accepted", expiry_s=0, parent=""):
    assert update_list(1, True, {tag: [status, expiry_s, parent]}, 500)


def cached(tag="TAG", status="Accepted", expiry_s=0, parent=""):
    remember(tag, [status, expiry_s, parent], 8192)


@pytest.fixture
def station(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    station = Station()
    station.link.online = True
    station.plug().run(2_000)
    station.link.sent.clear()
    return station


def set_keys(station, **values):
    for key, value in values.items():
        assert station.keys.set(key, value) == "Accepted"


def asked(station):
    return [body["idTag"] for action, body in station.link.sent if action == "Authorize"]


def answer(station, payload, online=True):
    station.link.online = online
    station.link.callbacks[-1](payload)
    station.run(300)


def present(station, tag="TAG"):
    present_tag(station.point, tag)
    station.run(300)


def charging(station, tag="TAG", answered=YES):
    present(station, tag)
    answer(station, answered)
    assert station.core.session.open
    return station


# ---- online ----


@pytest.mark.parametrize(
    ("payload", "starts"),
    [
        (YES, True),
        (info("Blocked"), False),
        (info("Expired"), False),
        (info("Invalid"), False),
        (info("ConcurrentTx"), False),
        (info("Unheard"), False),
        ({"idTagInfo": {}}, False),
        ({"idTagInfo": "Accepted"}, False),
        ({"idTagInfo": None}, False),
        ({}, False),
        (ERROR, False),
    ],
)
def test_the_servers_word_counts(station, payload, starts):
    present(station)
    assert asked(station) == ["TAG"] and not station.core.session.open
    answer(station, payload)
    assert station.core.session.open == starts


@pytest.mark.parametrize("known", [listed, cached])
@pytest.mark.parametrize(
    ("status", "expiry_s", "asks"),
    [
        ("Accepted", 0, False),
        ("Accepted", T + 1_000, False),
        ("Accepted", T - 1, True),
        ("Blocked", 0, True),
        ("ConcurrentTx", 0, True),
    ],
)
def test_with_local_pre_authorize_the_accepted_start_at_once(
    station, known, status, expiry_s, asks
):
    known("tag", status, expiry_s)
    set_keys(station, LocalPreAuthorize="true")
    present(station)
    assert asked(station) == ["TAG"] * asks
    assert station.core.session.open == (not asks)
    if asks:
        answer(station, YES)  # the server knows better
        assert station.core.session.open


@pytest.mark.parametrize("known", [listed, cached])
def test_without_it_all_are_asked_for(station, known):
    known()
    present(station)
    assert asked(station) == ["TAG"]
    answer(station, NO)
    assert not station.core.session.open


def test_the_list_comes_before_the_cache(station):
    listed(status="Blocked")
    cached()
    set_keys(station, LocalPreAuthorize="true")
    present(station)
    assert asked(station) == ["TAG"]


@pytest.mark.parametrize(
    ("known", "key"),
    [(listed, "LocalAuthListEnabled"), (cached, "AuthorizationCacheEnabled")],
)
def test_what_is_not_enabled_does_not_count(station, known, key):
    known()
    set_keys(station, LocalPreAuthorize="true", **{key: "false"})
    present(station)
    assert asked(station) == ["TAG"]


def test_flash_that_cannot_be_read_knows_nothing(station, monkeypatch):
    listed()
    set_keys(station, LocalPreAuthorize="true")
    monkeypatch.setattr("builtins.open", unreadable)
    present_tag(station.point, "TAG")
    assert asked(station) == ["TAG"]


def unreadable(*_):
    raise OSError(5)


# ---- without an answer ----


@pytest.mark.parametrize("known", [listed, cached])
@pytest.mark.parametrize("local", ["true", "false"])
@pytest.mark.parametrize("when", ["before", "meanwhile", "error"])
@pytest.mark.parametrize(
    ("status", "expiry_s", "good"),
    [("Accepted", 0, True), ("Accepted", T - 1, False), ("Blocked", 0, False)],
)
def test_who_is_known(station, known, local, when, status, expiry_s, good):
    known("TAG", status, expiry_s)
    set_keys(station, LocalAuthorizeOffline=local, AllowOfflineTxForUnknownId="true")
    station.link.online = when != "before"
    present(station)
    if when != "before":
        answer(station, ERROR, online=when == "error")
    assert len(asked(station)) == (when != "before")
    assert station.core.session.open == (good and local == "true")


@pytest.mark.parametrize("local", ["true", "false"])
@pytest.mark.parametrize("unknown", ["true", "false"])
@pytest.mark.parametrize("when", ["before", "meanwhile", "error"])
def test_who_is_unknown(station, local, unknown, when):
    set_keys(station, LocalAuthorizeOffline=local, AllowOfflineTxForUnknownId=unknown)
    station.link.online = when != "before"
    present(station)
    if when != "before":
        answer(station, ERROR, online=when == "error")
    assert station.core.session.open == (local == unknown == "true" and when != "error")


def test_a_clock_that_was_never_set_refuses_nobody(station):
    listed(expiry_s=T + 1_000)
    station.clock.known = False
    station.clock.boot_unix_s = 946_684_800
    station.link.online = False
    present(station)
    assert station.core.session.open


# ---- one question at a time ----


def test_the_same_tag_is_asked_for_once(station):
    present_tag(station.point, "TAG")
    present_tag(station.point, "tag")
    assert asked(station) == ["TAG"]
    answer(station, NO)
    present_tag(station.point, "TAG")
    assert len(asked(station)) == 2


def test_another_tag_is_ignored_meanwhile(station):
    present_tag(station.point, "A")
    present_tag(station.point, "B")
    assert asked(station) == ["A"]
    answer(station, NO)
    present_tag(station.point, "B")
    answer(station, YES)
    assert station.core.session.id_tag == "B"


def test_a_remote_start_must_ask_later_while_another_tag_is_asked_for(station):
    set_keys(station, AuthorizeRemoteTxRequests="true")
    present_tag(station.point, "A")
    assert not station.point.commands().remote_start("R", 1, None)
    answer(station, NO)
    assert station.point.commands().remote_start("R", 1, None)
    station.run(50)
    answer(station, YES)
    assert station.core.session.id_tag == "R"


def test_a_line_that_breaks_at_once_ends_the_question(station):
    set_keys(station, AllowOfflineTxForUnknownId="false")
    present_tag(station.point, "A")
    answer(station, ERROR, online=False)
    assert station.point.asking is None


# ---- remote start ----


@pytest.mark.parametrize("known", [listed, cached])
def test_a_known_tag_is_not_asked_for_at_a_remote_start(station, known):
    known()
    set_keys(station, AuthorizeRemoteTxRequests="true", LocalPreAuthorize="true")
    assert station.point.commands().remote_start("TAG", 1, None)
    station.run(300)
    assert station.core.session.open and asked(station) == []


def test_a_refused_remote_start_starts_nothing(station):
    set_keys(station, AuthorizeRemoteTxRequests="true")
    assert station.point.commands().remote_start("TAG", 1, None)
    station.run(50)
    answer(station, NO)
    assert not station.core.connector.authorized and not station.core.session.open


# ---- the cache ----


@pytest.mark.parametrize("status", ["Accepted", "Blocked", "Expired", "Invalid", "ConcurrentTx"])
def test_answers_are_remembered(station, status):
    present(station)
    answer(station, info(status, "P"))
    assert find(CACHE, "TAG") == [status, 0, "P"]


@pytest.mark.parametrize("payload", [ERROR, {}, {"idTagInfo": {"status": "Unheard"}}])
def test_what_is_no_answer_is_not(station, payload):
    cached()
    present(station)
    answer(station, payload)
    assert find(CACHE, "TAG") == ["Accepted", 0, ""]


def test_a_cache_that_is_switched_off_is_forgotten(station):
    cached("OLD")
    set_keys(station, AuthorizationCacheEnabled="false")
    present(station)
    answer(station, YES)
    assert not os.path.exists(CACHE)


def test_clear_cache(station, monkeypatch):
    commands = station.point.commands()
    cached()
    assert commands.clear_cache() and find(CACHE, "TAG") is None
    assert commands.clear_cache()
    cached()
    monkeypatch.setattr(os, "remove", unreadable)
    assert not commands.clear_cache() and find(CACHE, "TAG")
    set_keys(station, AuthorizationCacheEnabled="false")
    assert not commands.clear_cache()


def test_flash_that_fails_forgets_the_answer_only(station, monkeypatch):
    present(station)
    monkeypatch.setattr("firmware.storage.tag_cache.open", unreadable, raising=False)
    answer(station, YES)
    assert station.core.session.open
    assert any("not remembered" in line for line in station.log.errors())


def test_the_local_list_is_kept_off_a_flash_that_fills_up(station, monkeypatch):
    commands = station.point.commands()
    changes = {"A": ["Accepted", 0, ""]}
    assert commands.update_list(1, True, changes, 500)
    monkeypatch.setattr("firmware.services.tag_keeper.free_bytes", lambda: 196_607)
    assert not commands.update_list(2, True, changes, 500)
    assert commands.list_version() == 1
    assert commands.update_list(2, True, {}, 500)  # makes room


def conflicts(station):
    return [
        (body["connectorId"], body["status"])
        for action, body in station.link.sent
        if action == "StatusNotification" and body["errorCode"] == "LocalListConflict"
    ]


@pytest.mark.parametrize(
    ("in_list", "says", "differ"),
    [
        ("Accepted", "Accepted", False),
        ("Accepted", "Blocked", True),
        ("Accepted", "ConcurrentTx", False),
        ("Blocked", "Invalid", False),
        ("Blocked", "Accepted", True),
    ],
)
def test_a_list_that_differs_is_told(station, in_list, says, differ):
    listed(status=in_list)
    present(station)
    answer(station, info(says))
    assert conflicts(station) == [(0, "Available")] * differ


# ---- stop ----


def test_the_same_tag_stops_without_a_question(station):
    charging(station, "Tag")
    station.link.online = False
    present(station, "TAG")
    assert not station.core.session.open
    assert (station.core.session.reason, station.core.session.stop_id_tag) == ("Local", "TAG")
    assert asked(station) == ["Tag"]


def test_without_a_parent_nobody_is_asked(station):
    charging(station)
    cached("OTHER", parent="P")
    present(station, "OTHER")
    assert asked(station) == ["TAG"] and station.core.session.open


@pytest.mark.parametrize(
    ("says", "stops"),
    [
        (info(parent="p"), True),
        (info(parent="Q"), False),
        (info(), False),
        (info("Blocked", "P"), False),
        (info("Expired", "P"), False),
        (ERROR, False),
    ],
)
def test_a_tag_of_the_same_parent_stops(station, says, stops):
    charging(station, answered=info(parent="P"))
    present(station, "OTHER")
    assert asked(station) == ["TAG", "OTHER"] and station.core.session.open
    answer(station, says)
    assert station.core.session.open == (not stops)
    if stops:
        assert station.deliver()[-1][1]["idTag"] == "OTHER"


@pytest.mark.parametrize("known", [listed, cached])
@pytest.mark.parametrize("online", [True, False])
def test_one_that_is_known_stops_without_a_question(station, known, online):
    charging(station, answered=info(parent="P"))
    known("OTHER", parent="P")
    station.link.online = online
    present(station, "OTHER")
    assert asked(station) == ["TAG"] and not station.core.session.open


def test_offline_an_unknown_tag_does_not_stop(station):
    charging(station, answered=info(parent="P"))
    set_keys(station, AllowOfflineTxForUnknownId="true")
    station.link.online = False
    present(station, "OTHER")
    assert station.core.session.open


def test_the_parent_of_a_remote_start_comes_from_what_is_known(station):
    set_keys(station, AuthorizeRemoteTxRequests="false")
    update_list(1, True, {"TAG": ["Accepted", 0, "P"], "OTHER": ["Accepted", 0, "P"]}, 500)
    assert station.point.commands().remote_start("TAG", 1, None)
    station.run(300)
    present(station, "OTHER")
    assert not station.core.session.open


def test_an_answer_that_comes_after_the_end_stops_nothing(station):
    charging(station, answered=info(parent="P"))
    present(station, "OTHER")
    station.core.stop("Remote")
    answer(station, info(parent="P"))
    assert station.core.session.reason == "Remote"
    assert not station.core.connector.authorized  # nor does it start


# ---- the button ----


def test_the_button_is_a_tag(station):
    authorization.button(station.point, "BUTTON")
    assert asked(station) == ["BUTTON"]
    answer(station, YES)
    authorization.button(station.point, "")
    assert not station.core.session.open


def test_a_button_without_tag_starts_nothing(station):
    authorization.button(station.point, "")
    assert asked(station) == [] and not station.core.connector.authorized


def test_known_is_the_list_then_the_cache(station):
    cached(parent="C")
    assert tags.known(station.point, "tag") == ["Accepted", 0, "C"]
    listed(parent="L")
    assert tags.known(station.point, "tag") == ["Accepted", 0, "L"]
    assert tags.known(station.point, "other") is None


# ---- long files while power flows ----


def powered(station):
    charging(station)
    station.run(10_000)
    assert station.core.sequence.module_on
    return station


def test_a_long_list_is_not_rewritten_while_power_flows(station):
    many = {f"CARD{number:04}": ["Accepted", 0, ""] for number in range(100)}
    assert update_list(1, True, many, 500)
    commands = powered(station).point.commands()
    assert not commands.update_list(2, False, {"NEW": ["Accepted", 0, ""]}, 500)
    assert commands.list_version() == 1
    station.core.stop("Local")
    station.run(5_000)
    assert commands.update_list(2, False, {"NEW": ["Accepted", 0, ""]}, 500)


def test_a_short_list_is_taken_while_power_flows(station):
    listed("OTHER")
    commands = powered(station).point.commands()
    assert commands.update_list(2, False, {"NEW": ["Accepted", 0, ""]}, 500)


def test_the_cache_is_only_appended_to_while_power_flows(station):
    set_keys(station, LocalAuthListEnabled="false")
    cached("OTHER")
    powered(station)
    tags.note(station.point, "OTHER", ["Blocked", 0, ""])
    assert find(CACHE, "OTHER")[0] == "Accepted"
    tags.note(station.point, "NEW", ["Blocked", 0, ""])
    assert find(CACHE, "NEW")[0] == "Blocked"
    station.core.stop("Local")
    station.run(5_000)
    tags.note(station.point, "OTHER", ["Blocked", 0, ""])
    assert find(CACHE, "OTHER")[0] == "Blocked"
