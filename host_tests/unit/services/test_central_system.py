import asyncio
import json

import pytest

from firmware.ocpp import payloads
from firmware.ocpp.date_parser import parse_iso8601
from firmware.services.registration import percent_encoded
from host_tests.unit.services.link_bench import (
    ACCEPTED,
    DROP,
    SILENCE,
    Bench,
    Client,
    Error,
    WebSocketError,
)

GUIDE_START = ["BootNotification", "StatusNotification", "StatusNotification"]


@pytest.fixture
def make():
    """Makes benches and clears them away."""
    benches = []

    def build(**settings):
        benches.append(Bench(**settings))
        return benches[-1]

    yield build
    for bench in benches:
        bench.close()


@pytest.fixture
def bench(make):
    return make()


@pytest.fixture
def online(bench):
    """A bench whose link is online, its first statuses delivered."""
    bench.advance(0.5)
    assert bench.link.online and bench.server.actions() == GUIDE_START
    bench.server.log.clear()
    return bench


def answer(status, interval):
    return {**ACCEPTED, "status": status, "interval": interval}


# ---- connecting and registering ----


def test_boots_tells_its_statuses_and_sets_its_clock(bench):
    bench.advance(0.5)
    assert bench.server.attempts == [(0.0, "ws://host:8080/steve/RIVOT%20100A%2F01", "", "", None)]
    assert bench.server.actions() == GUIDE_START
    assert bench.server.log[0][2] == json.loads(
        payloads.boot_notification("Rivot Charger", "Rivot Motors")
    )
    assert bench.clock.set_to == [parse_iso8601("2026-01-21T09:51:06Z")]
    assert bench.link.online and bench.station.connections == 1


@pytest.mark.parametrize(
    "follows, key, interval, period",
    [
        (True, 60, 14400, 60),
        (True, 60, 10, 10),
        (True, 20, 30, 20),
        (True, 60, 0, 60),
        (False, 60, 90, 90),
        (False, 60, 0, 60),
        (True, 60, "x", 60),
        (True, 60, -5, 60),
    ],
)
def test_heartbeat_interval(make, follows, key, interval, period):
    bench = make(heartbeat_follows_boot=follows)
    bench.keys.set("HeartbeatInterval", str(key))
    bench.server.answers["BootNotification"] = answer("Accepted", interval)
    bench.server.answers["Heartbeat"] = {"currentTime": "2026-01-21T09:52:00Z"}
    bench.advance(4 * period + 2)
    beats = bench.server.times("Heartbeat")
    assert beats == pytest.approx([period, 2 * period, 3 * period, 4 * period], abs=1)
    assert bench.clock.set_to[-1] == parse_iso8601("2026-01-21T09:52:00Z")
    assert bench.keys.get("HeartbeatInterval") == (period if not follows else key)


def test_a_new_heartbeat_interval_counts_at_once(online):
    online.advance(5)
    online.server.call("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "10"})
    online.advance(27)
    assert online.server.times("Heartbeat") == pytest.approx([10, 20, 30], abs=1)


@pytest.mark.parametrize("status, interval, wait", [
    ("Rejected", 300, 300), ("Pending", 30, 30), ("Rejected", 0, 60), ("Strange", 7, 7),
])  # fmt: skip
def test_not_accepted_waits_its_interval_in_silence(bench, status, interval, wait):
    bench.server.answers["BootNotification"] = answer(status, interval)
    bench.advance(1)
    bench.link.send("StatusNotification", "{}")
    bench.outbox.add("MeterValues", "{}")
    bench.advance(wait - 2)
    assert bench.server.actions() == ["BootNotification"] and not bench.link.online
    bench.server.answers["BootNotification"] = ACCEPTED
    bench.advance(3)
    assert bench.server.actions()[1:] == [*GUIDE_START, "MeterValues"]
    assert bench.server.times("BootNotification")[1] == pytest.approx(wait, abs=1)


def test_the_interval_holds_over_a_reconnect(bench):
    bench.server.answers["BootNotification"] = answer("Rejected", 100)
    bench.advance(5)
    bench.server.drop()
    bench.advance(110)
    assert len(bench.server.clients) == 2
    assert bench.server.times("BootNotification") == pytest.approx([0, 100], abs=1)


def test_while_pending_requests_are_answered_and_what_is_triggered_goes_out(bench):
    bench.server.answers["BootNotification"] = answer("Pending", 60)
    bench.advance(1)
    bench.server.call("GetConfiguration", {}, "g")
    bench.server.call("TriggerMessage", {"requestedMessage": "StatusNotification"}, "t")
    bench.advance(1)
    assert [reply[:2] for reply in bench.server.replies] == [[3, "g"], [3, "t"]]
    assert bench.server.actions() == ["BootNotification", "StatusNotification"]


def test_rejected_sends_nothing_even_when_triggered(bench):
    bench.server.answers["BootNotification"] = answer("Rejected", 60)
    bench.advance(1)
    bench.server.call("TriggerMessage", {"requestedMessage": "StatusNotification"}, "t")
    bench.advance(1)
    assert bench.server.replies and bench.server.actions() == ["BootNotification"]


def test_an_error_to_boot_is_tried_again_later(bench):
    bench.server.answers["BootNotification"] = Error()
    bench.advance(65)
    assert bench.server.times("BootNotification") == pytest.approx([0, 60], abs=1)


def test_boot_without_answer_is_repeated_then_the_line_renewed(bench):
    bench.server.answers["BootNotification"] = SILENCE
    bench.advance(64)
    assert bench.server.times("BootNotification") == pytest.approx([0, 30, 61], abs=1)
    assert len(bench.server.clients) == 2


def test_a_triggered_boot_does_not_start_all_over(online):
    online.link.boot()
    online.advance(1)
    assert online.server.actions() == ["BootNotification"] and online.station.connections == 1
    online.server.answers["BootNotification"] = answer("Rejected", 60)
    told = []
    online.link.boot()
    online.link.send("StatusNotification", "{}", told.append)
    online.advance(1)
    assert online.server.actions() == ["BootNotification"] * 2 and told == [None]
    assert not online.link.online


def test_reconnecting_without_a_second_boot(make):
    bench = make(boot_on_reconnect=False)
    bench.advance(1)
    bench.server.drop()
    bench.advance(3)
    assert bench.server.actions() == [*GUIDE_START, *GUIDE_START[1:]]
    assert bench.link.online and bench.station.connections == 2


def test_reconnecting_boots_again_as_the_guide_says(bench):
    bench.advance(1)
    bench.server.drop()
    bench.advance(3)
    assert bench.server.actions() == GUIDE_START * 2


@pytest.mark.parametrize("text", [None, 17, "", "soon", "2026-13-01T00:00:00Z"])
def test_a_strange_current_time_is_left_alone(bench, text):
    bench.server.answers["BootNotification"] = {**ACCEPTED, "currentTime": text}
    bench.advance(1)
    assert bench.clock.set_to == [] and bench.link.online


# ---- order and delivery ----


def test_messages_leave_in_the_order_in_which_they_were_made(online):
    link, outbox = online.link, online.outbox
    link.send("DataTransfer", '{"n":1}')
    outbox.add("StartTransaction", '{"n":2}')
    link.send("StatusNotification", '{"n":3}')
    outbox.add("MeterValues", '{"n":4}')
    outbox.add("DataTransfer", '{"n":5}')
    link.send("StatusNotification", '{"n":6}')
    outbox.add("StopTransaction", '{"n":7}')
    online.advance(1)
    assert [entry[2]["n"] for entry in online.server.log] == [1, 2, 3, 4, 5, 6, 7]
    assert outbox.records == [] and outbox.ids == {1: 130}
    assert [entry[0] for entry in online.station.answers] == [
        *("StartTransaction", "MeterValues", "DataTransfer", "StopTransaction")
    ]


def test_what_somebody_waits_for_passes_a_backlog(bench):
    for number in range(100):
        bench.outbox.add("MeterValues", '{"n":%d}' % number)
    bench.server.answers["MeterValues"] = SILENCE
    bench.advance(1)
    assert bench.server.actions() == [*GUIDE_START, "MeterValues"]
    bench.server.log.clear()
    bench.link.send("StatusNotification", '{"late":1}')
    bench.link.send("Authorize", "{}")
    bench.outbox.retry_s = 0
    bench.server.answers["MeterValues"] = {}
    bench.advance(31)
    actions = bench.server.actions()
    assert actions == ["Authorize", *["MeterValues"] * 100, "StatusNotification"]


def test_one_call_at_a_time(online):
    online.server.answers["StatusNotification"] = SILENCE
    online.link.send("StatusNotification", "{}")
    online.link.send("DataTransfer", "{}")
    online.advance(20)
    assert online.server.actions() == ["StatusNotification"]


def test_a_record_made_meanwhile_is_sent_within_a_second_or_at_once(online):
    online.outbox.add("MeterValues", "{}")
    online.link.wake()
    online.advance(0.01)
    online.outbox.add("MeterValues", "{}")
    online.advance(1.1)
    assert online.server.actions() == ["MeterValues"] * 2


def test_epoch_seconds_as_transaction_id(online):
    online.server.answers["StartTransaction"] = {"transactionId": 1_769_000_000, "idTagInfo": {}}
    online.outbox.add("StartTransaction", "{}", 7)
    online.advance(2)
    assert online.outbox.ids == {7: 1_769_000_000}
    assert online.station.answers[0][:2] == ("StartTransaction", 7)


@pytest.mark.parametrize(
    "bad",
    [
        {},
        {"transactionId": "130"},
        {"transactionId": None},
        {"transactionId": True},
        {"transactionId": 1.5},
        Error("GenericError"),
        Error("NobodyKnowsThis"),
    ],
)
def test_a_failed_record_backs_off_and_holds_up_nobody_else(online, bad):
    online.server.answers["StartTransaction"] = bad
    online.outbox.add("StartTransaction", "{}")
    online.link.send("StatusNotification", "{}")
    online.outbox.add("StopTransaction", "{}")
    online.advance(30)
    assert online.server.actions() == ["StartTransaction", "StatusNotification"]
    assert len(online.outbox.failures) == 1 and online.station.answers == []
    online.server.answers["StartTransaction"] = {"transactionId": 1}
    online.advance(60)
    wanted = ["StartTransaction", "StatusNotification", "StartTransaction", "StopTransaction"]
    assert [action for action in online.server.actions() if action != "Heartbeat"] == wanted


def test_silence_fails_the_call_and_twice_in_a_row_the_line(online):
    online.server.answers["MeterValues"] = online.server.answers["DataTransfer"] = SILENCE
    told = []
    online.outbox.add("MeterValues", "{}")
    online.link.send("DataTransfer", "{}", told.append)
    online.link.send("StatusNotification", "{}", told.append)
    online.advance(59)
    assert online.server.actions() == ["MeterValues", "DataTransfer"]
    assert len(online.outbox.silences) == 1 and told == []
    online.advance(10)
    assert len(online.server.clients) == 2 and online.link.online
    assert told == [None, None] and online.outbox.failures == []


def test_one_silence_between_answers_keeps_the_line(online):
    online.server.answers["DataTransfer"] = SILENCE
    for _ in range(3):
        online.link.send("DataTransfer", "{}")
        online.link.send("StatusNotification", "{}")
    online.advance(120)
    assert len(online.server.clients) == 1
    assert online.server.times("DataTransfer") == pytest.approx([0, 30, 60], abs=2)


def test_a_late_answer_is_ignored(online):
    online.server.answers["DataTransfer"] = SILENCE
    told = []
    online.link.send("DataTransfer", "{}", told.append)
    online.advance(31.5)
    online.server.push('[3,"%s",{"status":"Accepted"}]' % sorted(online.server.ids)[-1])
    online.link.send("StatusNotification", "{}", told.append)
    online.advance(1)
    assert told == [None, {}] and len(online.server.clients) == 1


def test_a_line_that_breaks_while_a_record_waits_is_no_failed_attempt(online):
    online.server.answers["StopTransaction"] = DROP
    online.outbox.add("StopTransaction", "{}")
    online.link.wake()
    online.advance(0.5)
    online.server.answers["StopTransaction"] = {}
    online.advance(3)
    assert online.outbox.failures == [] and online.outbox.records == []
    assert online.server.actions().count("StopTransaction") == 2


@pytest.mark.parametrize("after", range(1, 12))
def test_the_line_cut_at_any_message_loses_and_reorders_nothing(bench, after):
    bench.server.drop_after = after
    bench.advance(0.5)
    records = ["StartTransaction", "MeterValues", "MeterValues", "DataTransfer", "StopTransaction"]
    for number, action in enumerate(records):
        bench.outbox.add(action, '{"n":%d}' % number)
        bench.link.send("StatusNotification", "{}")
    bench.advance(10)
    assert bench.outbox.records == [] and bench.outbox.failures == []
    numbers = [entry[2]["n"] for entry in bench.server.log if "n" in entry[2]]
    assert numbers == sorted(numbers) and set(numbers) == set(range(5)) and len(numbers) <= 6


def test_answers_are_handed_over_once(online):
    told = []
    online.server.answers["Authorize"] = {"idTagInfo": {"status": "Accepted"}}
    online.server.answers["DataTransfer"] = Error()
    online.link.send("Authorize", "{}", told.append)
    online.link.send("DataTransfer", "{}", told.append)
    online.advance(1)
    assert told == [{"idTagInfo": {"status": "Accepted"}}, None]


def test_offline_messages_are_dropped_at_once(bench):
    told = []
    bench.link.send("Authorize", "{}", told.append)
    bench.link.send("StatusNotification", "{}")
    assert told == [None]
    bench.advance(1)
    assert bench.server.actions() == GUIDE_START


def test_a_broken_line_ends_what_waits(online):
    online.server.answers["Authorize"] = SILENCE
    told = []
    online.link.send("Authorize", "{}", lambda answer: told.append(("first", answer)))
    online.link.send("Authorize", "{}", lambda answer: told.append(("second", answer)))
    online.advance(1)
    online.server.drop()
    online.advance(0.1)
    assert told == [("first", None), ("second", None)] and not online.link.online


def test_the_queue_is_bounded_and_the_oldest_go(online):
    online.server.answers["DataTransfer"] = SILENCE
    told = []
    online.link.send("DataTransfer", "{}")
    online.advance(0.1)
    for number in range(20):
        online.link.send("StatusNotification", '{"n":%d}' % number, told.append)
    assert told == [None] * 4
    online.server.answers["DataTransfer"] = {}
    online.advance(32)
    assert [entry[2]["n"] for entry in online.server.log[1:]] == list(range(4, 20))


def test_the_queue_is_bounded_in_characters_too_and_its_own_kind_goes_first(online):
    online.server.answers["DataTransfer"] = SILENCE
    told = []
    online.link.send("DataTransfer", "{}")
    online.advance(0.1)
    online.link.send("Authorize", '{"n":0}', lambda answer: told.append(("Authorize", answer)))
    for number in range(1, 6):
        text = ['{"n":%d,' % number, '"x":"%s"}' % ("y" * 900)]
        online.link.send("MeterValues", text, lambda _, n=number: told.append(n))
    assert told == [1, 2, 3]
    online.server.answers["DataTransfer"] = {}
    online.advance(32)
    assert [entry[2]["n"] for entry in online.server.log[1:]] == [0, 4, 5]


def test_a_message_that_is_longer_than_the_queue_may_be_goes_all_the_same(online):
    online.link.send("StatusNotification", '{"n":1}')
    online.link.send("MeterValues", '{"n":2,"x":"%s"}' % ("y" * 5000))
    online.advance(1)
    assert [entry[2]["n"] for entry in online.server.log] == [2]


# ---- what servers say ----


def test_a_request_before_boot_is_answered_does_not_wait(bench):
    bench.server.greeting = '[2,"1","GetConfiguration",{}]'
    bench.server.answers["BootNotification"] = SILENCE
    bench.advance(1)
    assert bench.server.replies[0][:2] == [3, "1"]
    assert len(bench.server.replies[0][2]["configurationKey"]) > 20


@pytest.mark.parametrize(
    "action, payload, code",
    [
        ("Unheard", {}, "NotImplemented"),
        ("UpdateFirmware", {}, "OccurenceConstraintViolation"),
        ("Reset", {"type": 1}, "TypeConstraintViolation"),
        ("Reset", {}, "OccurenceConstraintViolation"),
        ("Reset", {"type": "Now"}, "PropertyConstraintViolation"),
        ("Reset", [], "FormationViolation"),
    ],
)
def test_wrong_requests_get_their_code_and_the_line_lives(online, action, payload, code):
    online.server.call(action, payload)
    online.server.call("Reset", {"type": "Soft"}, "s2")
    online.advance(1)
    assert online.server.replies[0][:3] == [4, "s1", code]
    assert online.server.replies[1] == [3, "s2", {"status": "Accepted"}]
    assert len(online.server.clients) == 1


def test_a_request_for_which_a_transfer_makes_room_is_answered(online):
    online.station.room = 1
    online.station.faults = [MemoryError()]
    online.server.call("Reset", {"type": "Soft"})
    online.advance(1)
    assert online.server.replies == [[3, "s1", {"status": "Accepted"}]]


def test_a_request_that_has_no_room_after_all_is_an_internal_error(online):
    online.station.room = 2
    online.station.fault = MemoryError()
    online.server.call("Reset", {"type": "Soft"})
    online.advance(1)
    assert online.server.replies == [[4, "s1", "InternalError", "", {}]]


@pytest.mark.parametrize(
    "fault", [KeyError("x"), OSError(5), MemoryError(), ZeroDivisionError(), RuntimeError()]
)
def test_a_handler_that_breaks_is_an_internal_error(online, fault):
    online.station.fault = fault
    online.server.call("Reset", {"type": "Soft"})
    online.advance(1)
    assert online.server.replies == [[4, "s1", "InternalError", "", {}]]
    assert online.link.online


@pytest.mark.parametrize(
    "garbage",
    [
        *("", "x", "[", "null", "[3]", '[3,"nobody",{}]', '[4,"nobody","X","",{}]', '[9,"x"]'),
        *('[2,17,"Reset",{}]', '{"a":1}', "[" * 4000, "\ufffd\x00"),
        (False, b"\x00\xff"),
    ],
)
def test_garbage_is_ignored_and_the_line_lives(online, garbage):
    online.server.push(garbage)
    online.link.send("StatusNotification", "{}")
    online.advance(1)
    assert online.server.actions() == ["StatusNotification"]
    assert online.server.replies == [] and len(online.server.clients) == 1


def test_a_cut_request_is_refused_under_its_id(online):
    online.server.push('[2,"s9","Reset",{"type":"Soft"}')
    online.advance(1)
    assert online.server.replies[0][:3] == [4, "s9", "FormationViolation"]


def test_the_answer_to_a_trigger_goes_before_the_message(online):
    order = []
    received = online.server.received

    def watch(client, text):
        order.append(json.loads(text)[0])
        received(client, text)

    online.server.received = watch
    online.server.call("TriggerMessage", {"requestedMessage": "Heartbeat"})
    online.advance(1)
    assert order == [3, 2]


# ---- staying alive ----


@pytest.mark.parametrize("refusals", [[], [OSError(113)]])
def test_the_control_loop_is_told_of_a_tls_handshake(make, refusals):
    bench = make(csms_url="wss://csms.example/ocpp")
    pauses = []
    bench.server.watch = lambda: pauses.append(bench.clock.pause_ms)
    bench.server.refusals = refusals
    bench.advance(0.5)
    assert pauses == [1000] and bench.clock.pause_ms == 0


def test_without_tls_nothing_is_allowed_for(bench):
    pauses = []
    bench.server.watch = lambda: pauses.append(bench.clock.pause_ms)
    bench.advance(0.5)
    assert pauses == [0] and bench.clock.pause_ms == 0


@pytest.mark.parametrize(
    "error",
    [WebSocketError("refused"), OSError(113), EOFError(), ValueError("TLS"), MemoryError()],
)
def test_every_failure_to_connect_is_survived(bench, error):
    bench.server.refusals = [error] * 3
    bench.advance(10)
    assert bench.link.online and len(bench.server.attempts) == 4


@pytest.mark.parametrize("error", [OSError(104), EOFError(), ValueError(), MemoryError()])
def test_every_failure_of_the_line_is_survived(online, error):
    online.server.push(error)
    online.advance(3)
    assert online.link.online and len(online.server.clients) == 2


def test_a_server_that_accepts_no_message_is_survived(bench):
    bench.server.answers["BootNotification"] = DROP
    bench.advance(30)
    bench.server.answers["BootNotification"] = ACCEPTED
    bench.advance(35)
    assert bench.link.online


def test_the_back_off_doubles_to_a_minute_and_never_ends(bench):
    bench.server.refusals = [WebSocketError("refused")] * 20
    bench.advance(1000)
    times = [attempt[0] for attempt in bench.server.attempts]
    pauses = [round(b - a) for a, b in zip(times, times[1:], strict=False)]
    assert pauses[:9] == [1, 2, 4, 8, 16, 32, 60, 60, 60] and bench.link.online


@pytest.mark.parametrize("lived_s, pause_s", [(59, 16), (65, 1)])
def test_only_a_connection_that_lived_resets_the_back_off(bench, lived_s, pause_s):
    bench.server.refusals = [WebSocketError("refused")] * 4
    bench.advance(15.2)
    assert bench.link.online
    bench.advance(lived_s)
    bench.server.drop()
    dropped = bench.loop.time()
    bench.advance(20)
    assert bench.server.attempts[5][0] - dropped == pytest.approx(pause_s, abs=0.2)


@pytest.mark.parametrize("byte, factor", [(b"\x00", 0.75), (b"\xff", 1.25)])
def test_the_back_off_is_spread(bench, byte, factor):
    bench.jitter = byte
    bench.server.refusals = [WebSocketError("refused")] * 3
    bench.advance(20)
    times = [attempt[0] for attempt in bench.server.attempts]
    assert times == pytest.approx([0, factor, 3 * factor, 7 * factor])


def test_the_network_goes_and_comes(online):
    online.link.network_changed(False)
    online.advance(0.1)
    assert not online.link.online
    online.server.refusals = [WebSocketError("no network")] * 5
    online.advance(25)
    assert len(online.server.attempts) == 5
    online.server.refusals.clear()
    online.link.network_changed(True)
    online.advance(1.1)
    assert online.link.online


def test_the_ping_interval_follows_its_key(online):
    assert online.server.clients[0].ping_interval_s == 0
    online.server.call("ChangeConfiguration", {"key": "WebSocketPingInterval", "value": "30"})
    online.advance(2)
    assert online.server.clients[0].ping_interval_s == 30


def test_basic_auth_only_with_a_password(make):
    bench = make(authorization_key="secret-of-the-charger")
    bench.advance(1)
    assert bench.server.attempts[0][2:4] == ("RIVOT 100A/01", "secret-of-the-charger")
    assert not [line for line in bench.log.lines if "secret" in line]


def test_a_new_password_is_used_at_once(online):
    key = "4F43415F4F4354545F61646D696E5F74657374"
    online.server.call("ChangeConfiguration", {"key": "AuthorizationKey", "value": key})
    online.advance(4)
    assert online.server.replies == [[3, "s1", {"status": "Accepted"}]]
    assert [attempt[3] for attempt in online.server.attempts] == ["", "OCA_OCTT_admin_test"]
    assert online.link.online


def test_tls_only_for_wss(make):
    bench = make(csms_url="wss://host/ocpp")
    bench.advance(1)
    assert bench.server.attempts[0][1::3] == ("wss://host/ocpp/RIVOT%20100A%2F01", "tls context")


@pytest.mark.parametrize(
    "text, wanted",
    [("RIVOT_100A_01", "RIVOT_100A_01"), ("a-b.c~9", "a-b.c~9"), ("é/?#%", "%C3%A9%2F%3F%23%25")],
)
def test_percent_encoding(text, wanted):
    assert percent_encoded(text) == wanted


def test_a_connection_in_the_making_gives_way_to_what_needs_its_memory(bench):
    class Slow(Client):
        async def connect(self, url, **more):
            self._aborted = asyncio.Event()
            await self._aborted.wait()
            raise WebSocketError("aborted")

        def abort(self):
            self._aborted.set()
            super().abort()

    quick = bench.link._client_factory
    bench.link._client_factory = lambda: Slow(bench.server)
    bench.advance(5)
    bench.link._client_factory = quick
    bench.advance(5)
    assert not bench.server.clients
    bench.link.make_room()
    bench.advance(5)
    assert bench.link.online
    bench.link.make_room()  # one that stands stays
    bench.advance(5)
    assert bench.link.online and len(bench.server.clients) == 1
