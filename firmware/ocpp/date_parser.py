"""From civil dates and OCPP's texts to seconds since 1970; loaded on demand. See dates.py."""

from micropython import const

from .dates import days_to

_DAY_S = const(86400)


def unix_from_civil(year: int, month: int, day: int, hour: int, minute: int, second: int) -> int:
    """Seconds since 1970 of a date that is known to exist."""
    return (days_to(year, month) + day - 1) * _DAY_S + hour * 3600 + minute * 60 + second


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
    if not 1 <= day <= days_to(year, month + 1) - days_to(year, month):
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
