"""What is kept of an IdTagInfo, and what it says at a time."""

import pytest

from firmware.ocpp.tag_records import accepted, record, same

T = 1_768_989_066


@pytest.mark.parametrize(
    ("info", "row"),
    [
        ({"status": "Accepted"}, ["Accepted", 0, ""]),
        (
            {"status": "Blocked", "parentIdTag": "P", "expiryDate": "2026-01-21T09:51:06Z"},
            ["Blocked", T, "P"],
        ),
        ({"status": "Accepted", "expiryDate": "some day"}, ["Accepted", 0, ""]),
        ({"status": "Accepted", "expiryDate": None, "parentIdTag": None}, ["Accepted", 0, ""]),
        ({"status": "Accepted", "parentIdTag": "x" * 21}, ["Accepted", 0, ""]),
        ({"status": "Unheard"}, None),
        ({"status": None}, None),
        ({"status": []}, None),
        ({}, None),
        ("Accepted", None),
        (None, None),
    ],
)
def test_record(info, row):
    assert record(info) == row


@pytest.mark.parametrize(
    ("row", "unix_s", "yes"),
    [
        (["Accepted", 0, ""], T, True),
        (["Accepted", T, ""], T - 1, True),
        (["Accepted", T, ""], T, False),
        (["Accepted", T, ""], T + 1, False),
        (["Accepted", T, ""], 946_684_800, True),  # a clock that was never set shows 2000
        (["Expired", T + 1, ""], T, False),
        (["ConcurrentTx", 0, ""], T, False),
    ],
)
def test_accepted(row, unix_s, yes):
    assert accepted(row, unix_s) == yes


def test_tags_have_no_case():
    assert same("abC1", "ABc1")
    assert not same("A", "B")
