"""tools.csms.web_board: what the page is told of events, and what it remembers of them."""

from datetime import UTC, datetime, timedelta

import pytest

from tools.csms.central_system import CentralSystem
from tools.csms.charger import Charger
from tools.csms.web_board import Board

ID = "RIVOT_100A_01"
MESSAGE = {
    "direction": "in", "type": 2, "unique_id": "1", "action": "Heartbeat", "payload": {},
    "raw": '[2,"1","Heartbeat",{}]', "problem": "",
}  # fmt: skip
SUMMARY = {"transaction_id": 130, "finalSoc": 1.0, "energyDelivered": 2.0, "durationMinutes": 3.0}


class Looker:
    """Notes down all it is told."""

    def __init__(self):
        self.changed, self.messages = [], []

    def charger_changed(self, charge_box_id):
        self.changed.append(charge_box_id)

    def message(self, charge_box_id, message):
        self.messages.append((charge_box_id, message["raw"] or message["problem"]))


class Bench:
    """A central system without a network, a second older at each event."""

    def __init__(self):
        self.now = datetime(2026, 1, 21, tzinfo=UTC)
        self.central = CentralSystem(now=lambda: self.now)
        self.central.chargers[ID] = Charger(ID, connected=True)
        self.board = Board(self.central)
        self.looker = Looker()
        self.board.viewers.add(self.looker)

    def event(self, kind, **data):
        self.now += timedelta(seconds=1)
        self.central.publish(kind, data.pop("of", ID), data)

    def status(self, status, connector_id=1):
        charger = self.central.chargers[ID]
        data = {"status": status, "error_code": "NoError", "info": ""}
        charger.statuses[connector_id] = {**data, "timestamp": ""}
        self.event("status", connector_id=connector_id, timestamp="", **data)

    @property
    def phase(self):
        return self.board.charger(ID)["model"]["phase"]


@pytest.fixture
def bench():
    made = Bench()
    yield made
    made.central.store.close()


def test_every_event_of_a_known_charger_is_a_change_and_messages_are_passed_on(bench):
    bench.event("connected", address="127.0.0.1:5")
    bench.event("message", **MESSAGE)
    bench.event("problem", what="VehicleInfo: soc is not a number")
    bench.event("refused", of="STRANGER", status=404, why="no")
    assert bench.looker.changed == [ID] * 3
    assert [text for _, text in bench.looker.messages] == [
        "connected from 127.0.0.1:5", MESSAGE["raw"], "VehicleInfo: soc is not a number",
        "refused: no",
    ]  # fmt: skip


def test_the_conversation_has_messages_and_notes_in_order_of_time(bench):
    bench.event("connected", address="a")
    bench.event("message", **MESSAGE)
    bench.event("message", of="OTHER", **MESSAGE)
    bench.event("disconnected", code=1001, reason="gone", replaced=False)
    found = bench.board.conversation(ID)
    texts = [message["raw"] for message in found]
    assert texts == ["connected from a", MESSAGE["raw"], "disconnected (1001) gone"]
    assert bench.board.conversation("") == []


def test_a_long_conversation_begins_with_its_oldest_message(bench):
    bench.event("connected", address="a")
    for _ in range(250):
        bench.event("message", **MESSAGE)
    found = bench.board.conversation(ID)
    assert len(found) == 200 and {message["raw"] for message in found} == {MESSAGE["raw"]}


def test_notes_are_bounded(bench):
    for number in range(500):
        bench.event("problem", what=str(number))
    found = bench.board.conversation(ID)
    assert [message["problem"] for message in found] == [str(n) for n in range(400, 500)]


@pytest.mark.parametrize("ends", ["Preparing", "vehicle_info", "started"])
def test_a_summary_stays_until_the_next_vehicle_or_session(bench, ends):
    bench.event("session_summary", **SUMMARY)
    bench.status("Finishing")
    assert bench.phase == "complete"
    bench.status("Preparing", connector_id=0)  # not the charging connector
    bench.status("Available")
    assert bench.phase == "complete"
    if ends == "Preparing":
        bench.status("Preparing")
        bench.status("Available")
    else:
        bench.event(ends)
    assert bench.phase == "available"


def test_a_charger_of_an_earlier_run_is_offline_since_its_last_message():
    central = CentralSystem()
    central.store.message("2026-01-20T00:00:00.000Z", "OLD", MESSAGE)
    board = Board(central)
    assert board.charger("NEVER") is None
    (view,) = board.chargers()
    assert (view["id"], view["last_seen"]) == ("OLD", "2026-01-20T00:00:00.000Z")
    assert view["model"]["phase"] == "offline"
    central.chargers["OLD"] = Charger("OLD", connected=True, last_seen="2026-01-21")
    assert [view["last_seen"] for view in board.chargers()] == ["2026-01-21"]
    central.store.close()


def test_closed_it_hears_no_more(bench):
    bench.board.close()
    bench.event("message", **MESSAGE)
    assert bench.looker.changed == []
