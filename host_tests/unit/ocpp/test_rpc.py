import json
import re

import pytest

from firmware.ocpp import rpc

UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
CODES = {
    *("NotImplemented", "NotSupported", "InternalError", "ProtocolError", "SecurityError"),
    *("FormationViolation", "PropertyConstraintViolation", "OccurenceConstraintViolation"),
    *("TypeConstraintViolation", "GenericError"),
}


class Bytes:
    """Random bytes that can be foretold: a counter."""

    def __init__(self):
        self.count = 0

    def __call__(self, size):
        self.count += 1
        return self.count.to_bytes(size, "big")


@pytest.fixture
def peer():
    return rpc.Rpc(Bytes())


def open_call(peer, now_s=0):
    """Our CALL's id after one was made."""
    return json.loads(peer.call("Heartbeat", "{}", now_s))[1]


def test_uuid4_sets_version_and_variant():
    assert rpc.uuid4(bytes(16)) == "00000000-0000-4000-8000-000000000000"
    assert rpc.uuid4(b"\xff" * 16) == "ffffffff-ffff-4fff-bfff-ffffffffffff"


def test_a_call_is_compact_and_its_id_new_each_time(peer):
    text = peer.call("BootNotification", '{"a":1}', 5)
    call_id = json.loads(text)[1]
    assert text == '[2,"%s","BootNotification",{"a":1}]' % call_id
    assert UUID4.fullmatch(call_id) and len(call_id) == 36
    ids = {open_call(peer) for _ in range(100)}
    assert len(ids | {call_id}) == 101


def test_an_answer_ends_the_call_once(peer):
    call_id = open_call(peer)
    assert peer.busy()
    assert peer.receive('[3,"%s",{"a":"x"}]' % call_id) == ("answer", {"a": "x"})
    assert not peer.busy()
    assert peer.receive('[3,"%s",{}]' % call_id) is None


@pytest.mark.parametrize(
    "rest, code, description",
    [
        ('"InternalError","oops",{}', "InternalError", "oops"),
        ('"SomethingNew","",{}', "SomethingNew", ""),
        ('"GenericError"', "GenericError", ""),
        ("17,null,{}", "GenericError", ""),
        ('"","d",{}', "GenericError", "d"),
        ('"NotSupported","%s",{}' % ("x" * 300), "NotSupported", "x" * 255),
    ],
)
def test_an_error_ends_the_call_whatever_its_code(peer, rest, code, description):
    call_id = open_call(peer)
    assert peer.receive('[4,"%s",%s]' % (call_id, rest)) == ("error", code, description)
    assert not peer.busy()


@pytest.mark.parametrize("rest", ["", ",[]", ",null", ",{},{}", ',"x"'])
def test_a_malformed_answer_is_a_failed_call(peer, rest):
    call_id = open_call(peer)
    assert peer.receive('[3,"%s"%s]' % (call_id, rest))[0] == "error"
    assert not peer.busy()


@pytest.mark.parametrize(
    "text",
    [
        '[3,"unknown",{}]', '[4,"unknown","GenericError","",{}]', '[3,"",{}]', "[]", "{}", "null",
        "[2]", "[3]", '"text"', "17", '[5,"x","y",{}]', '[1,"x"]', '[-2,"x","Reset",{}]',
        '[2.0,"x","Reset",{}]', '[true,"x","Reset",{}]', '["2","x","Reset",{}]',
        '[2,17,"Reset",{}]', '[2,null,"Reset",{}]', "", "no json", '{"a":', '[2,"x', "[2,17,",
        '[3,"x",{', '[2,"x"', '[2 "x","Reset"', '[2,"a\\"b","Reset"',
        '[2,"%s","Reset"' % ("i" * 37),
    ],
)  # fmt: skip
def test_what_cannot_be_answered_is_ignored(peer, text):
    call_id = open_call(peer)
    assert peer.receive(text) is None
    assert peer.busy()
    assert peer.receive('[3,"%s",{}]' % call_id) == ("answer", {})


def test_an_empty_id_answers_nothing_when_no_call_is_open(peer):
    assert peer.receive('[3,"",{}]') is None


@pytest.mark.parametrize("call_id", ["1", "", "i" * 36, "é\n"])
def test_a_call_is_handed_over(peer, call_id):
    text = json.dumps([2, call_id, "Reset", {"type": "Soft"}])
    assert peer.receive(text) == ("call", call_id, "Reset", {"type": "Soft"})


@pytest.mark.parametrize(
    "text, call_id",
    [
        ('[2,"x","Reset"]', "x"),
        ('[2,"x"]', "x"),
        ('[2,"x","Reset",{},{}]', "x"),
        ('[2,"x","Reset",[]]', "x"),
        ('[2,"x","Reset",null]', "x"),
        ('[2,"x",17,{}]', "x"),
        ('[2,"%s","Reset",{}]' % ("i" * 37), "i" * 37),
        ('[2,"x","Reset",{"type":"Soft"}', "x"),
        (' [ 2 , "x" , "Reset",{"type":Soft}]', "x"),
        ('[2,"x","Reset",{"type":"Soft",}]', "x"),
        ('[2,"x","Reset",{}]]', "x"),
    ],
)
def test_a_malformed_call_gets_a_formation_violation(peer, text, call_id):
    kind, reply = peer.receive(text)
    message = json.loads(reply)
    assert (kind, message[:3]) == ("reply", [4, call_id, "FormationViolation"])
    assert message[4] == {} and len(message) == 5 and message[2] in CODES


def test_a_call_times_out_once_and_its_answer_is_too_late(peer):
    call_id = open_call(peer, now_s=100)
    assert not peer.timed_out(129)
    assert peer.timed_out(130)
    assert not peer.timed_out(131) and not peer.busy()
    assert peer.receive('[3,"%s",{}]' % call_id) is None


def test_the_time_out_can_be_chosen():
    peer = rpc.Rpc(Bytes(), timeout_s=5)
    open_call(peer)
    assert not peer.timed_out(4) and peer.timed_out(5)


def test_answers_are_quoted_and_cut():
    assert rpc.answer('a"b', "{}") == '[3,"a\\"b",{}]'
    text = rpc.error("x", "NotSupported", '"' * 300)
    assert json.loads(text) == [4, "x", "NotSupported", '"' * 255, {}]
