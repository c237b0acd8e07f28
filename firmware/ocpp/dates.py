"""Dates by integer arithmetic: seconds since 1970 to and from civil dates and OCPP's texts.

Uses no `time` module, so the port's epoch (2000 on the ESP32, 1970 elsewhere) does not matter.
UTC only, years 1970 to 9999.
"""

from micropython import const

_DAY_S = const(86400)
_LEAPS_TO_1970 = const(477)  # leap days in the years 1 to 1969
_BEFORE = "000031059090120151181212243273304334365"  # days before each month, three digits each


def _days_to(year: int, month: int) -> int:
    """Days from 1970-01-01 to the first day of a month; month 13 is January of the next year."""
    last = year - 1
    days = 365 * (year - 1970) + last // 4 - last // 100 + last // 400 - _LEAPS_TO_1970
    days += int(_BEFORE[3 * month - 3 : 3 * month])
    if month > 2 and year % 4 == 0 and (year % 100 or year % 400 == 0):
        days += 1
    return days


def unix_from_civil(year: int, month: int, day: int, hour: int, minute: int, second: int) -> int:
    """Seconds since 1970 of a date that is known to exist."""
    return (_days_to(year, month) + day - 1) * _DAY_S + hour * 3600 + minute * 60 + second


def civil_from_unix(unix_s: int) -> "tuple[int, int, int, int, int, int]":
    """(year, month, day, hour, minute, second) of `unix_s`, 0 or more."""
    days, rest = divmod(unix_s, _DAY_S)
    year = 1970 + days // 365  # some years late at most
    while _days_to(year, 1) > days:
        year -= 1
    month = 1
    while _days_to(year, month + 1) <= days:
        month += 1
    return year, month, days - _days_to(year, month) + 1, rest // 3600, rest // 60 % 60, rest % 60


def iso8601(unix_s: int) -> str:
    """`unix_s` as OCPP writes it: 2026-01-21T09:51:06Z."""
    return "%04d-%02d-%02dT%02d:%02d:%02dZ" % civil_from_unix(unix_s)


def parse_iso8601(text: str) -> int:
    """Seconds since 1970 of an RFC 3339 text; fractions are cut off, no zone means UTC.

    Raises ValueError for anything else and for dates before 1970.
    """
    marks = text[4:5] + text[7:8] + text[10:11] + text[13:14] + text[16:17]
    if marks not in ("--T::", "--t::", "-- ::"):
        raise ValueError("not a date")
    year, month, day = _number(text[:4]), _number(text[5:7]), _number(text[8:10])
    hour, minute, second = _number(text[11:13]), _number(text[14:16]), _number(text[17:19])
    at = 19
    if text[at : at + 1] == ".":
        at += 1
        while text[at : at + 1] and text[at] in "0123456789":
            at += 1
    zone = text[at:]
    offset_s = 0
    if zone[:1] in ("+", "-") and len(zone) == 6 and zone[3] == ":":
        offset_s = (_number(zone[1:3]) * 60 + _number(zone[4:])) * 60
        if zone[0] == "-":
            offset_s = -offset_s
    elif zone not in ("", "Z", "z"):
        raise ValueError("no such zone")
    # 60: a leap second
    if not 1 <= month <= 12 or hour > 23 or minute > 59 or second > 60 or abs(offset_s) > _DAY_S:
        raise ValueError("no such time")
    if not 1 <= day <= _days_to(year, month + 1) - _days_to(year, month):
        raise ValueError("no such day")
    unix_s = unix_from_civil(year, month, day, hour, minute, second) - offset_s
    if unix_s < 0:
        raise ValueError("before 1970")
    return unix_s


def _number(digits: str) -> int:
    for digit in digits or "x":
        if digit not in "0123456789":
            raise ValueError("not a date")
    return int(digits)
