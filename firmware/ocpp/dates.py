"""Dates by integer arithmetic: seconds since 1970 to and from civil dates and OCPP's texts.

Uses no `time` module, so the port's epoch (2000 on the ESP32, 1970 elsewhere) does not matter.
UTC only, years 1970 to 9999.
"""

from micropython import const

_DAY_S = const(86400)
_LEAPS_TO_1970 = const(477)  # leap days in the years 1 to 1969
_BEFORE = "000031059090120151181212243273304334365"  # days before each month, three digits each


def days_to(year: int, month: int) -> int:
    """Days from 1970-01-01 to the first day of a month; month 13 is January of the next year."""
    last = year - 1
    days = 365 * (year - 1970) + last // 4 - last // 100 + last // 400 - _LEAPS_TO_1970
    days += int(_BEFORE[3 * month - 3 : 3 * month])
    if month > 2 and year % 4 == 0 and (year % 100 or year % 400 == 0):
        days += 1
    return days


def civil_from_unix(unix_s: int) -> "tuple[int, int, int, int, int, int]":
    """(year, month, day, hour, minute, second) of `unix_s`, 0 or more."""
    days, rest = divmod(unix_s, _DAY_S)
    year = 1970 + days // 365  # some years late at most
    while days_to(year, 1) > days:
        year -= 1
    month = 1
    while days_to(year, month + 1) <= days:
        month += 1
    return year, month, days - days_to(year, month) + 1, rest // 3600, rest // 60 % 60, rest % 60


def iso8601(unix_s: int) -> str:
    """`unix_s` as OCPP writes it: 2026-01-21T09:51:06Z."""
    return "%04d-%02d-%02dT%02d:%02d:%02dZ" % civil_from_unix(unix_s)
