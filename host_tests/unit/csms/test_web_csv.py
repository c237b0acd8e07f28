"""tools.csms.web_csv: rows that a spreadsheet reads back, and nothing that it executes."""

import csv
import io

import pytest

from tools.csms.store import Store
from tools.csms.web_csv import SAMPLES, SESSIONS, table


def read(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_what_is_written_is_read_back():
    rows = [{"a": 'x,"y"\nz', "b": None, "c": -1.5}]
    assert read(table(rows, ("a", "b", "c"))) == [{"a": 'x,"y"\nz', "b": "", "c": "-1.5"}]


@pytest.mark.parametrize("text", ["=1+1", "+A1", "-A1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_text_of_a_charger_is_no_formula(text):
    assert read(table([{"a": text}], ("a",)))[0]["a"] == "'" + text


def test_a_negative_number_that_came_as_text_stays_a_number():
    assert read(table([{"a": "-1.85"}], ("a",))) == [{"a": "-1.85"}]


def test_the_columns_are_those_of_the_store():
    store = Store()
    number = store.start_transaction("A", 1, "TAG", "2026-01-21T09:52:20Z", 0)
    store.meter_value("A", 1, number, "2026-01-21T09:52:30Z", {"value": "7"})
    assert read(table(store.sessions(), SESSIONS))[0]["id_tag"] == "TAG"
    assert read(table(store.samples(number), SAMPLES))[0]["value"] == "7"
    store.close()
