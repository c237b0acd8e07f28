"""Lines that break and servers that misbehave, in the middle of a session: charging goes on, the
session ends cleanly at the server, nothing is lost or done twice."""

import json

import pytest

from host_tests.scenarios.conftest import booted
from host_tests.scenarios.steps import (
    TAG,
    amps,
    answers,
    calls,
    charging,
    current_flows,
    one_session,
    plug,
    power_is_off,
    remote_start,
    remote_stop,
    session_ends,
    status,
    transaction_id,
)
from tools.sim.bench import Bench, CallError, Delay, Refuse, Silence

QUICK = {
    "MeterValueSampleInterval": 2,
    "AllowOfflineTxForUnknownId": True,
    "TransactionMessageRetryInterval": 1,
}
MESSAGES = (
    9  # Preparing, VehicleInfo, Authorize, Start, Charging, sample, summary, Finishing, Stop
)


@pytest.fixture
def quick(start) -> Bench:
    """A charger that samples and retries fast and starts unknown tags when offline."""
    bench = start(QUICK)
    booted(bench)
    return bench


@pytest.mark.parametrize("number", range(1, MESSAGES + 1))
def test_the_line_drops_before_the_answer_to_each_message(quick, number: int) -> None:
    session_with_drop(quick, number, answered=False)


@pytest.mark.parametrize("interpreter", ["micropython32"], indirect=True)
@pytest.mark.parametrize("number", range(1, MESSAGES + 1))
def test_the_line_drops_after_the_answer_to_each_message(quick, number: int) -> None:
    session_with_drop(quick, number, answered=True)


def session_with_drop(bench: Bench, number: int, answered: bool) -> None:
    bench.server.drop_after(messages=number, answered=answered)
    session_by_tag(bench)
    bench.run_until(lambda: all_told(bench), 30, "the whole session at the server")
    check_session(bench, answered)
    assert bench.server.connections == 2
    assert bench.hardware.plant_state()["wh_delivered"] > 1


def session_by_tag(bench: Bench) -> None:
    """The driver presents the tag until it charges, as people do; charges 3 s; stops; leaves."""
    bench.command("plug")
    bench.run(2)
    for _ in range(3):
        bench.command(f"tag {TAG}")
        bench.run(3)
        if amps(bench) > 1:
            break
    else:
        raise AssertionError(bench.output)
    bench.run(1)
    assert amps(bench) > 10  # whatever has become of the line
    bench.command(f"tag {TAG}")
    bench.run(3)
    assert power_is_off(bench)
    bench.command("unplug")
    bench.run(1)


def all_told(bench: Bench) -> bool:
    """The server has answered a stop, and knows that the connector is free."""
    states = [payload["status"] for payload in calls(bench, "StatusNotification")]
    return bool(answers(bench, "StopTransaction")) and states[-1:] == ["Available"]


def check_session(bench: Bench, answered: bool) -> None:
    log = bench.log
    order = [e for e in log if e.kind in ("StartTransaction", "StopTransaction")]
    texts = list(dict.fromkeys(json.dumps(e.payload) for e in order))
    assert len(texts) == 2  # a repeat is unchanged, time stamp and all
    names = [e.kind for e in order]
    assert names == sorted(names)
    ids = [payload["transactionId"] for payload in answers(bench, "StartTransaction")]
    assert answered or len(ids) == 1
    assert order[-1].payload["transactionId"] == ids[-1]
    assert order[-1].payload["reason"] == "Local"
    summaries = [e.payload["data"] for e in log if "SessionSummary" in e.text]
    assert len(set(summaries)) == 1
    samples = [e.payload for e in log if e.kind == "MeterValues"]
    assert samples and {s["transactionId"] for s in samples} == {ids[-1]}


@pytest.mark.parametrize("way", ["absent", "no network", "closed"])
def test_a_minute_without_server(start, way: str) -> None:
    bench = start()
    booted(bench)
    transaction = charging(bench)
    if way == "absent":
        bench.server.online(False)
    elif way == "no network":
        bench.command("net off")
    else:
        bench.server.close(1001, "going down")
        bench.server.refuse_connections(503)
    bench.run(25)
    assert amps(bench) > 80
    bench.server.online(True)
    bench.server.refuse_connections(None)
    bench.command("net on")
    bench.expect("BootNotification", within_s=90)
    times = [
        bench.expect("MeterValues", transactionId=transaction).payload["meterValue"][0][
            "timestamp"
        ]
        for _ in range(2)
    ]
    assert len(set(times)) == 2
    bench.run(1)
    remote_stop(bench)
    bench.run(1)
    one_session(bench)


def test_data_transfer_unknown_vendor(start) -> None:
    bench = start(power=False)
    bench.server.answers["DataTransfer"] = Refuse("UnknownVendorId")
    bench.power_on()
    booted(bench)
    charging(bench)
    remote_stop(bench)
    bench.run(3)
    one_session(bench)
    assert [c["messageId"] for c in calls(bench, "DataTransfer")] == [
        "VehicleInfo",
        "SessionSummary",
    ]


@pytest.mark.parametrize("answer", [CallError("Made-up code", "?"), CallError(""), Silence])
@pytest.mark.parametrize("action", ["StartTransaction", "MeterValues", "StopTransaction"])
def test_no_good_answer_once(quick, action: str, answer: object) -> None:
    quick.server.answers[action] = [answer, None]
    plug(quick)
    request = {"connectorId": 1, "idTag": TAG}
    assert quick.call("RemoteStartTransaction", request) == {"status": "Accepted"}
    current_flows(quick)
    quick.run_until(lambda: answers(quick, "StartTransaction"), 40, "the id")
    quick.run(3)
    assert amps(quick) > 10
    quick.call("RemoteStopTransaction", {"transactionId": transaction_id(quick)})
    quick.run_until(lambda: answers(quick, "StopTransaction"), 40, "the stop")
    one_session(quick)
    assert len(calls(quick, action)) > len(answers(quick, action))


def test_a_late_answer_holds_nothing_up(quick) -> None:
    quick.server.answers["StartTransaction"] = Delay(8)
    plug(quick)
    quick.call("RemoteStartTransaction", {"connectorId": 1, "idTag": TAG})
    quick.expect("StartTransaction")
    current_flows(quick, within_s=5)
    quick.expect_order([status("Charging"), "MeterValues"], within_s=15)
    remote_stop(quick)
    quick.run(1)
    one_session(quick)


def test_transaction_id_beyond_30_bits(quick) -> None:
    number = 1_769_075_550
    quick.server.answers["StartTransaction"] = {
        "transactionId": number,
        "idTagInfo": {"status": "Accepted"},
    }
    assert charging(quick) == number
    quick.expect("MeterValues", transactionId=number)
    assert quick.state()["transaction"] == number
    remote_stop(quick, number)
    quick.run(1)
    one_session(quick)


def test_a_tag_that_the_server_does_not_accept_ends_the_session(quick) -> None:
    quick.server.answers["StartTransaction"] = Refuse("Blocked")
    plug(quick)
    quick.call("RemoteStartTransaction", {"connectorId": 1, "idTag": TAG})
    quick.expect("StartTransaction")
    quick.expect("StopTransaction", reason="DeAuthorized", transactionId=transaction_id(quick))
    quick.run(1)
    assert power_is_off(quick)


# A CALL of the server's that is wrong, with the id "wrong", and the code of the answer.
WRONG = (
    ('[2,"wrong","MakeCoffee",{}]', "NotImplemented"),
    ('[2,"wrong","Heartbeat",{}]', "NotImplemented"),
    ('[2,"wrong","GetDiagnostics",{"location":"x"}]', "PropertyConstraintViolation"),
    ('[2,"wrong","Reset",{"type":"Medium"}]', "PropertyConstraintViolation"),
    ('[2,"wrong","Reset",{"type":7}]', "TypeConstraintViolation"),
    ('[2,"wrong","Reset",{"type":null}]', "TypeConstraintViolation"),
    ('[2,"wrong","Reset",{}]', "OccurenceConstraintViolation"),
    ('[2,"wrong","RemoteStopTransaction",{"transactionId":"130"}]', "TypeConstraintViolation"),
    ('[2,"wrong","RemoteStopTransaction",{"transactionId":130.5}]', "TypeConstraintViolation"),
    ('[2,"wrong","RemoteStopTransaction",{"transactionId":true}]', "TypeConstraintViolation"),
    ('[2,"wrong","RemoteStartTransaction",{"idTag":"%s"}]' % ("x" * 21),
     "PropertyConstraintViolation"),
    ('[2,"wrong","ChangeConfiguration",{"key":"%s","value":"1"}]' % ("k" * 51),
     "PropertyConstraintViolation"),
    ('[2,"wrong","GetConfiguration",{"key":"HeartbeatInterval"}]', "TypeConstraintViolation"),
    ('[2,"wrong","Reset",[]]', "FormationViolation"),
    ('[2,"wrong","Reset"]', "FormationViolation"),
    ('[2,"wrong",7,{}]', "FormationViolation"),
    ('[2,"wrong","Reset",{"type":"Soft"', "FormationViolation"),
)  # fmt: skip
IGNORED = (
    "", "null", "[]", "{}", "7", '"text"', "nonsense", "[[[[[[[[[[", '{"a":', "[2]", "[3]", "[4]",
    '[3,"nobody",{}]', '[4,"nobody","x","",{}]', '[9,"what","is",{}]', '["2","a","Reset",{}]',
    '[3,null,{}]', "\u0000", "\U0001f50c", b"\x00\x01binary",
)  # fmt: skip


def test_garbage_is_answered_or_ignored_and_the_session_lives(quick) -> None:
    charging(quick)
    for text, code in WRONG:
        quick.server.replies.pop("wrong", None)
        quick.server.send_raw(text)
        quick.run_until(lambda: "wrong" in quick.server.replies, 5, f"an answer to {text}")
        reply = quick.server.replies["wrong"]
        assert (reply.kind, reply.payload["code"]) == ("CallError", code), text
    replies = len(quick.server.replies)
    for data in IGNORED:
        quick.server.send_raw(data)
    quick.run(2)
    assert len(quick.server.replies) == replies
    assert amps(quick) > 10
    remote_stop(quick)
    quick.run(1)
    one_session(quick)
    assert quick.server.connections == 1


@pytest.mark.parametrize(
    ("breaks", "code"),
    [
        (lambda server: server.send_raw("x" * 9000), 1009),
        (lambda server: server.send_bytes(b"\x81\x02\xc0\xaf"), 1007),
        (lambda server: server.send_bytes(b"\xf1\x00"), 1002),
        (lambda server: server.send_bytes(b"HTTP/1.1 400 Bad Request\r\n\r\n"), 1002),
    ],
    ids=["too long", "no UTF-8", "reserved bits", "no WebSocket"],
)
def test_what_breaks_the_line_does_not_break_the_session(quick, breaks, code) -> None:
    charging(quick)
    breaks(quick.server)
    booted(quick, "Charging")
    assert quick.server.closes[-1][0] == code
    assert amps(quick) > 10
    quick.run(1)
    remote_stop(quick)
    quick.run(1)
    one_session(quick)


def test_a_flood_of_requests_is_answered_in_order(quick) -> None:
    charging(quick)
    request = {"key": ["HeartbeatInterval"]}
    ids = [quick.server.call("GetConfiguration", request) for _ in range(20)]
    quick.run_until(lambda: set(ids) <= set(quick.server.replies), 10, "20 answers")
    assert [id for id in quick.server.replies if id in ids] == ids
    quick.command("unplug")
    session_ends(quick, "EVDisconnected")


@pytest.mark.parametrize("interpreter", ["micropython32"], indirect=True)
def test_a_slow_server_that_asks_for_ever_more_does_not_fill_the_heap(quick) -> None:
    """What it asked for waits for its answers; beyond a bound the oldest goes, not the memory."""
    charging(quick)
    quick.call("GetConfiguration")
    quick.run(20)  # what a session and all its values take is there now
    heap = quick.state()["heap_free"]
    quick.server.answers["MeterValues"] = Delay(20)
    for _ in range(25):
        for message in ("MeterValues", "StatusNotification"):
            request = {"requestedMessage": message, "connectorId": 1}
            assert quick.call("TriggerMessage", request) == {"status": "Accepted"}
    assert quick.state()["heap_free"] > heap - 6_000
    assert quick.call("GetConfiguration")["configurationKey"]
    quick.server.answers["MeterValues"] = {}
    quick.run(60)
    assert quick.state()["heap_free"] > heap - 1_000
    quick.seen()
    remote_stop(quick)


def test_remote_start_in_a_session_is_rejected(quick) -> None:
    charging(quick)
    answer = quick.call("RemoteStartTransaction", {"connectorId": 1, "idTag": "OTHER"})
    assert answer == {"status": "Rejected"}
    remote_stop(quick)
    remote_start(quick)  # and again, without pulling the gun
    remote_stop(quick)
