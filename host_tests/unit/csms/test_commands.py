"""tools.csms.commands: a typed line becomes the right CALL, or a clear error and no CALL."""

import asyncio

import pytest

from tools.csms.charger import CallFailed, Charger, NotConnected
from tools.csms.commands import Commands

ID = "RIVOT_100A_01"


class Recorder:
    """A central system with one connected charger that answers Accepted to everything."""

    def __init__(self, *ids, answer=None):
        self.chargers = {i: Charger(i, connected=True) for i in ids or (ID,)}
        self.calls = []
        self.answer = answer or {"status": "Accepted"}

    async def call(self, charge_box_id, action, payload):
        self.calls.append((charge_box_id, action, payload))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def execute(central, line):
    return asyncio.run(Commands(central).execute(line))


CASES = [
    ("start {} TEST_TAG", "RemoteStartTransaction", {"connectorId": 1, "idTag": "TEST_TAG"}),
    ("start {} TAG 2", "RemoteStartTransaction", {"connectorId": 2, "idTag": "TAG"}),
    ("stop {} 130", "RemoteStopTransaction", {"transactionId": 130}),
    (
        "set {} HeartbeatInterval 30",
        "ChangeConfiguration",
        {"key": "HeartbeatInterval", "value": "30"},
    ),
    ("set {} Name two  words", "ChangeConfiguration", {"key": "Name", "value": "two  words"}),
    ("get {}", "GetConfiguration", {}),
    ("get {} A B", "GetConfiguration", {"key": ["A", "B"]}),
    ("reset {} Soft", "Reset", {"type": "Soft"}),
    (
        "availability {} Inoperative",
        "ChangeAvailability",
        {"connectorId": 0, "type": "Inoperative"},
    ),
    ("availability {} Operative 1", "ChangeAvailability", {"connectorId": 1, "type": "Operative"}),
    ("trigger {} Heartbeat", "TriggerMessage", {"requestedMessage": "Heartbeat"}),
    (
        "trigger {} MeterValues 1",
        "TriggerMessage",
        {"requestedMessage": "MeterValues", "connectorId": 1},
    ),
    ("unlock {}", "UnlockConnector", {"connectorId": 1}),
    ('call {} DataTransfer {{"vendorId": "a b"}}', "DataTransfer", {"vendorId": "a b"}),
    ("call {} ClearCache", "ClearCache", {}),
]


@pytest.mark.parametrize(("line", "action", "payload"), CASES)
@pytest.mark.parametrize("named", [True, False])
def test_a_command_becomes_its_call(line, action, payload, named):
    central = Recorder()
    line = line.format(ID) if named else " ".join(line.format("").split(" ", 2)[::2])
    assert execute(central, line) == {"ok": True, "answer": {"status": "Accepted"}}
    assert central.calls == [(ID, action, payload)]


@pytest.mark.parametrize(
    "line",
    [
        "",
        "dance",
        "start",
        f"start {ID}",
        f"start {ID} TAG one",
        f"stop {ID}",
        f"stop {ID} many",
        f"set {ID} OnlyKey",
        f"reset {ID}",
        f"call {ID} Reset {{",
        f"unlock {ID} x",
    ],
)
def test_a_wrong_command_is_an_error_and_sends_nothing(line):
    central = Recorder()
    answer = execute(central, line)
    assert list(answer) == ["error"] and answer["error"]
    assert central.calls == []


def test_with_two_chargers_one_must_be_named():
    central = Recorder("A", "B")
    assert "connected: A, B" in execute(central, "unlock")["error"]
    assert execute(central, "unlock B")["ok"]
    assert [call[0] for call in central.calls] == ["B"]


def test_stop_takes_the_open_transaction():
    central = Recorder()
    central.chargers[ID].transaction = {"transaction_id": 131}
    execute(central, "stop")
    assert central.calls == [(ID, "RemoteStopTransaction", {"transactionId": 131})]


@pytest.mark.parametrize(
    ("raised", "answer"),
    [
        (
            CallFailed("NotImplemented", "no"),
            {"error": "NotImplemented: no", "code": "NotImplemented"},
        ),
        (NotConnected("A went away"), {"error": "A went away"}),
    ],
)
def test_a_failed_call_is_an_error(raised, answer):
    assert execute(Recorder(answer=raised), "reset Hard") == answer


def test_list_shows_every_charger():
    answer = execute(Recorder("A", "B"), "list")
    assert [c["charge_box_id"] for c in answer["chargers"]] == ["A", "B"]
    assert all("line" not in charger for charger in answer["chargers"])


def test_every_command_is_in_the_help():
    text = Commands(Recorder()).help()
    assert all(f"  {name}" in text for name in Commands.names)
