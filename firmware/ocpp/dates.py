"""Dates by integer arithmetic: seconds since 1970 to and from civil dates and OCPP's texts.

Uses no `time` module, so the port's epoch (2000 on the ESP32, 1970 elsewhere) does not matter.
UTC only, years 1970 to 9999.
"""

from micropython import const

_DAY_S = const(86400)
_LEAPS_TO_1970 = const(477)  # leap days in the years 1 to 1969


def _days_to_year(year: int) -> int:
    """Days from 1970-01-01 to the first of January of `year`."""
    last = year - 1
    return 365 * (year - 1970) + last // 4 - last // 100 + last // 400 - _LEAPS_TO_1970


def _days_in_month(year: int, month: int) -> int:
    if month == 2:
        return _days_to_year(year + 1) - _days_to_year(year) - 337
    return 30 if month in (4, 6, 9, 11) else 31


def unix_from_civil(year: int, month: int, day: int, hour: int, minute: int, second: int) -> int:
    """Seconds since 1970 of a date that is known to exist."""
    days = _days_to_year(year) + day - 1
    for earlier in range(1, month):
        days += _days_in_month(year, earlier)
    return days * _DAY_S + hour * 3600 + minute * 60 + second


def civil_from_unix(unix_s: int) -> "tuple[int, int, int, int, int, int]":
    """(year, month, day, hour, minute, second) of `unix_s`, 0 or more."""
    days, rest = divmod(unix_s, _DAY_S)
    year = 1970 + days // 365  # at most some years late
    while _days_to_year(year) > days:
        year -= 1
    days -= _days_to_year(year)
    month = 1
    while days >= _days_in_month(year, month):
        days -= _days_in_month(year, month)
        month += 1
    return year, month, days + 1, rest // 3600, rest % 3600 // 60, rest % 60


def iso8601(unix_s: int) -> str:
    """`unix_s` as OCPP writes it: 2026-01-21T09:51:06Z."""
    return "%04d-%02d-%02dT%02d:%02d:%02dZ" % civil_from_unix(unix_s)


def parse_iso8601(text: str) -> int:
    """Seconds since 1970 of an RFC 3339 text; fractions are cut off, no zone means UTC.

    Raises ValueError for anything else and for dates before 1970.
    """
    year, month, day = _number(text, 0, 4), _number(text, 5, 7), _number(text, 8, 10)
    hour, minute, second = _number(text, 11, 13), _number(text, 14, 16), _number(text, 17, 19)
    marks = text[4] + text[7] + text[10].upper() + text[13] + text[16]
    if marks not in ("--T::", "-- ::"):
        raise ValueError("not a date")
    if not (year >= 1970 and 1 <= month <= 12 and 1 <= day <= _days_in_month(year, month)):
        raise ValueError("no such day")
    if hour > 23 or minute > 59 or second > 60:  # 60: a leap second
        raise ValueError("no such time")
    unix_s = unix_from_civil(year, month, day, hour, minute, second) - _zone_s(text)
    if unix_s < 0:
        raise ValueError("before 1970")
    return unix_s


def _number(text: str, start: int, end: int) -> int:
    digits = text[start:end]
    if len(digits) != end - start:
        raise ValueError("too short for a date")
    for digit in digits:
        if digit not in "0123456789":
            raise ValueError("not a date")
    return int(digits)


def _zone_s(text: str) -> int:
    """Offset of what follows the seconds: a fraction, then Z, +hh:mm, +hhmm, +hh or nothing."""
    at = 19
    if text[at : at + 1] in (".", ","):
        at += 1
        while text[at : at + 1] and text[at] in "0123456789":
            at += 1
    zone = text[at:].upper()
    if zone in ("", "Z"):
        return 0
    if zone[0] not in "+-" or (len(zone) == 6 and zone[3] != ":"):
        raise ValueError("no such zone")
    digits = zone[1:3] + (zone[4:] if len(zone) == 6 else zone[3:])
    if len(digits) == 2:
        digits += "00"
    hours, minutes = _number(digits, 0, 2), _number(digits, 2, 4)
    if len(digits) != 4 or hours > 18 or minutes > 59:
        raise ValueError("no such zone")
    seconds = hours * 3600 + minutes * 60
    return -seconds if zone[0] == "-" else seconds
