"""tools.csms.store: the guide's tables, and transaction numbers that only grow."""

import sqlite3

import pytest

from tools.csms.store import TABLES, Store

AT = "2026-01-21T09:52:20Z"
ID = "RIVOT_100A_01"
# The guide's "Database Schema Recommendations".
GUIDE_TABLES = {
    "vehicle_info": [
        ("id", "INTEGER"),
        ("charge_box_id", "VARCHAR(50)"),
        ("connector_id", "INT"),
        ("timestamp", "TIMESTAMP"),
        ("initial_soc", "FLOAT"),
        ("max_current", "FLOAT"),
        ("voltage", "FLOAT"),
        ("current", "FLOAT"),
        ("temperature", "FLOAT"),
    ],
    "session_summary": [
        ("id", "INTEGER"),
        ("transaction_id", "INT"),
        ("charge_box_id", "VARCHAR(50)"),
        ("timestamp", "TIMESTAMP"),
        ("final_soc", "FLOAT"),
        ("energy_delivered", "FLOAT"),
        ("duration_minutes", "FLOAT"),
    ],
}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "deep" / "csms.sqlite"


@pytest.mark.parametrize("table", GUIDE_TABLES)
def test_the_guides_tables_are_the_guides(path, table):
    Store(path).close()
    columns = sqlite3.connect(path).execute(f"PRAGMA table_info({table})").fetchall()
    assert [(name, kind) for _, name, kind, *_ in columns] == GUIDE_TABLES[table]


def test_transaction_numbers_begin_at_130_and_grow_over_a_restart(path):
    store = Store(path)
    assert store.start_transaction(ID, 1, "TAG", AT, 0) == 130
    assert store.start_transaction("OTHER", 1, "TAG", AT, 0) == 131
    store.close()
    assert Store(path).start_transaction(ID, 1, "TAG", "2026-01-21T10:00:00Z", 3) == 132


def test_the_same_start_sent_again_gets_the_same_number():
    store = Store()
    first = store.start_transaction(ID, 1, "TAG", AT, 0)
    assert store.start_transaction(ID, 1, "TAG", AT, 0) == first
    assert store.start_transaction(ID, 1, "TAG", AT, 1) == first + 1
    assert len(store.rows("transactions")) == 2


def test_a_stop_closes_the_transaction_of_that_charger_only():
    store = Store()
    number = store.start_transaction(ID, 1, "TAG", AT, 0)
    assert not store.stop_transaction("OTHER", number, AT, 3, "Remote")
    assert store.stop_transaction(ID, number, AT, 3, "Remote")
    row = store.newest_transaction(ID)
    assert (row["meter_stop"], row["stop_reason"]) == (3, "Remote")
    assert store.newest_transaction("OTHER") is None


def test_vehicle_info_and_summary_are_kept_as_numbers():
    store = Store()
    names = ("soc", "maxCurrent", "voltage", "current", "temperature")
    store.vehicle_info(ID, 1, AT, dict(zip(names, (87.0, 90.0, 76.38, 0.0, 26.5), strict=True)))
    row = store.rows("vehicle_info")[0]
    assert list(row.values())[1:] == [ID, 1, AT, 87.0, 90.0, 76.38, 0.0, 26.5]
    summary = {"finalSoc": 87.18, "energyDelivered": 3.39, "durationMinutes": 1.5}
    store.session_summary(ID, 130, AT, summary)
    assert list(store.rows("session_summary")[0].values())[1:] == [130, ID, AT, 87.18, 3.39, 1.5]


def test_a_sample_without_names_is_energy_in_wh():
    store = Store()
    store.meter_value(ID, 1, 130, AT, {"value": "3"})
    row = store.rows("meter_values")[0]
    assert (row["measurand"], row["unit"], row["value"]) == (
        "Energy.Active.Import.Register",
        "Wh",
        "3",
    )


def test_rows_are_the_newest_in_order_and_of_one_charger():
    store = Store()
    for number in range(5):
        data = {"status": f"S{number}", "error_code": "NoError", "info": ""}
        store.status(ID if number % 2 else "OTHER", 1, AT, data)
    assert [row["status"] for row in store.rows("status", limit=2)] == ["S3", "S4"]
    assert [row["status"] for row in store.rows("status", ID)] == ["S1", "S3"]


def test_only_known_tables_are_read():
    assert all(Store().rows(table) == [] for table in TABLES)
    with pytest.raises(ValueError, match="no table"):
        Store().rows("sqlite_master")


def test_a_file_that_is_no_database_is_refused(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("not a database, and long enough to be seen as none " * 20)
    with pytest.raises(sqlite3.DatabaseError):
        Store(path)
