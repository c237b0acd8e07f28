"""tools.csms.store: the history that the page shows."""

import pytest

from tools.csms.store import Store

START, STOP = "2026-01-21T09:52:20Z", "2026-01-21T09:53:50Z"
LATER = "2026-01-21T10:00:00Z"


@pytest.fixture
def store():
    opened = Store()
    yield opened
    opened.close()


def session(store, charge_box_id="A", start=START):
    number = store.start_transaction(charge_box_id, 1, "TAG", start, 0)
    for soc in ("87.07", "87.12"):
        sample = {"measurand": "SoC", "value": soc, "unit": "Percent"}
        store.meter_value(charge_box_id, 1, number, start, sample)
    return number


def test_a_session_is_joined_with_its_summary(store):
    number = session(store)
    for energy in (3.0, 3.39):  # sent twice: the newest counts
        data = {"finalSoc": 87.18, "energyDelivered": energy, "durationMinutes": 1.5}
        store.session_summary("A", number, STOP, data)
    store.session_summary("B", number, STOP, data)  # another charger's
    store.stop_transaction("A", number, STOP, 3, "Remote")
    (row,) = store.sessions()
    assert row == {
        "transaction_id": number, "charge_box_id": "A", "connector_id": 1, "id_tag": "TAG",
        "start_timestamp": START, "stop_timestamp": STOP, "stop_reason": "Remote",
        "meter_start": 0, "meter_stop": 3, "first_soc": "87.07", "final_soc": 87.18,
        "energy_delivered": 3.39, "duration_minutes": 1.5,
    }  # fmt: skip


def test_the_newest_first_of_one_charger_or_of_all(store):
    numbers = [session(store, name, f"2026-01-21T09:5{n}:00Z") for n, name in enumerate("ABA")]
    assert [row["transaction_id"] for row in store.sessions()] == numbers[::-1]
    assert [row["transaction_id"] for row in store.sessions("A", 1)] == [numbers[2]]
    assert store.sessions("C") == []
    assert store.sessions("B")[0]["final_soc"] is None


def test_only_an_open_transaction_of_this_charger_is_taken_up_again(store):
    number = session(store)
    found = store.open_transaction("A", number)
    assert found == {
        "transaction_id": number, "connector_id": 1, "id_tag": "TAG", "meter_start": 0,
        "timestamp": START,
    }  # fmt: skip
    assert store.open_transaction("B", number) is None
    store.stop_transaction("A", number, STOP, 3, "Remote")
    assert store.open_transaction("A", number) is None
    assert store.started_at(number) == START
    assert store.started_at(7) == ""


def test_samples_in_order_up_to_a_limit(store):
    number = session(store)
    assert [row["value"] for row in store.samples(number)] == ["87.07", "87.12"]
    assert [row["value"] for row in store.samples(number, 1)] == ["87.07"]


def test_chargers_known_from_the_conversation(store):
    message = {
        "direction": "in", "type": 2, "unique_id": "1", "action": "Heartbeat", "payload": {},
        "raw": "", "problem": "",
    }  # fmt: skip
    for at, name in ((START, "A"), (STOP, "B"), (LATER, "A")):
        store.message(at, name, message)
    assert store.known_chargers() == {"A": LATER, "B": STOP}
    assert list(store.known_chargers(1)) == ["A"]
