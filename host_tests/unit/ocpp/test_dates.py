from datetime import UTC, datetime, timedelta

import pytest

from firmware.ocpp.date_parser import parse_iso8601, unix_from_civil
from firmware.ocpp.dates import civil_from_unix, iso8601

GUIDE = int(datetime(2026, 1, 21, 9, 51, 6, tzinfo=UTC).timestamp())


def days():
    """Every first and last day of a month from 1970 to 2105, and all leap days."""
    day = datetime(1970, 1, 1, 23, 59, 58, tzinfo=UTC)
    while day.year < 2106:
        if day.day == 1 or (day + timedelta(days=1)).day == 1:
            yield day
        day += timedelta(days=1)


def test_every_month_from_1970_to_2105_both_ways():
    count = 0
    for day in days():
        unix_s = int(day.timestamp())
        civil = (day.year, day.month, day.day, 23, 59, 58)
        assert civil_from_unix(unix_s) == civil
        assert unix_from_civil(*civil) == unix_s
        assert iso8601(unix_s) == day.strftime("%Y-%m-%dT%H:%M:%SZ")
        assert parse_iso8601(iso8601(unix_s)) == unix_s
        count += 1
    assert count == 136 * 24


@pytest.mark.parametrize(
    "text, offset_s",
    [
        ("2026-01-21T09:51:06Z", 0),
        ("2026-01-21T09:51:06.209Z", 0),
        ("2026-01-21t09:51:06.999999999z", 0),
        ("2026-01-21 09:51:06", 0),
        ("2026-01-21T09:51:06", 0),
        ("2026-01-21T09:51:06.5", 0),
        ("2026-01-21T15:21:06+05:30", 0),
        ("2026-01-21T01:51:06.000-08:00", 0),
        ("2026-01-22T09:51:06+24:00", 0),
        ("2026-01-21T09:51:60Z", 54),
    ],
)
def test_reads_what_servers_write(text, offset_s):
    assert parse_iso8601(text) == GUIDE + offset_s


@pytest.mark.parametrize(
    "text",
    [
        *("", "now", "2026", "2026-01-21", "2026-01-21T09:51", "2026-1-21T09:51:06Z"),
        *("2026-13-21T09:51:06Z", "2026-00-21T09:51:06Z", "2026-02-29T09:51:06Z"),
        *("2026-04-31T09:51:06Z", "2026-01-00T09:51:06Z", "1969-12-31T23:59:59Z"),
        *("2026-01-21T24:00:00Z", "2026-01-21T09:60:06Z", "2026-01-21T09:51:61Z"),
        *("2026/01/21T09:51:06Z", "2026-01-21T09:51:06+5", "2026-01-21T09:51:06 PST"),
        *("2026-01-21T09:51:06+05-30", "2026-01-21T09:51:06+aa:00", "2026-01-21T09:51:06+99:00"),
        *("２026-01-21T09:51:06Z", "20_6-01-21T09:51:06Z", " 026-01-21T09:51:06Z"),
        *("+026-01-21T09:51:06Z", "1970-01-01T00:00:00+01:00", "0000-01-01T00:00:00Z"),
    ],
)
def test_refuses_what_is_no_date(text):
    with pytest.raises(ValueError):
        parse_iso8601(text)
