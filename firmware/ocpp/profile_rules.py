"""What charging profiles allow at a moment (OCPP 1.6 3.13). Loaded on demand.

A profile is one row, which is also its line on flash (storage/profiles.py):

    [id, purpose, level, connector, txn, unit, least, from_s, to_s, lap_s, start_s, duration_s,
     periods]

purpose     0 ChargePointMaxProfile, 1 TxDefaultProfile, 2 TxProfile
txn         of a TxProfile: the charger's own number of its transaction; else 0
unit        "A" or "W"; `least` (minChargingRate) and the limits are tenths of it
from_s      validFrom and validTo in seconds since 1970, 0 = not given
lap_s       length of a recurrence, 0 for Absolute, -1 for Relative
start_s     startSchedule in seconds since 1970, 0 for Relative
duration_s  0 = not given
periods     [startPeriod, limit, startPeriod, limit ...], the first at 0, rising

Within a purpose the highest level that has a limit at the moment decides, and connector 1 before
the whole charge point. A TxProfile that has begun overrules the TxDefaultProfiles as long as it
is valid, also when its schedule has ended. ChargePointMaxProfile limits in any case.
"""

from micropython import const

_PURPOSE = const(1)
_LEVEL = const(2)
_CONNECTOR = const(3)
_UNIT = const(5)
_LEAST = const(6)
_TX_DEFAULT = const(1)
_TX = const(2)
_NEVER_S = const(1 << 40)


def look(row: "list", at_s: int, begin_s: int, known: bool = True) -> tuple:
    """(row, its limit at `at_s`, until when, has it begun); limit -1: it has none.

    `begin_s`: when the transaction began. Times are seconds since 1970. `known` False: `at_s` is
    no such time. What depends on it then counts with its lowest limit, for a limit that is too
    low is put right by the clock, and one that is too high may trip a fuse.
    """
    _, _, _, _, _, _, _, from_s, to_s, lap_s, start_s, duration_s, periods = row
    if not known:
        if lap_s >= 0:
            return row, min([periods[i] for i in range(1, len(periods), 2)]), _NEVER_S, True
        from_s = to_s = 0
    if at_s < from_s:
        return row, -1, from_s, False
    end_s = to_s or _NEVER_S
    if at_s >= end_s:
        return row, -1, _NEVER_S, False
    if lap_s < 0:
        start_s = begin_s
    if at_s < start_s:
        return row, -1, min(start_s, end_s), False
    if lap_s > 0:
        start_s = at_s - (at_s - start_s) % lap_s
        end_s = min(end_s, start_s + lap_s)
    if duration_s and at_s >= start_s + duration_s:
        return row, -1, end_s, True
    if duration_s:
        end_s = min(end_s, start_s + duration_s)
    return _period(row, at_s - start_s, start_s, end_s)


def _period(row: "list", offset_s: int, start_s: int, end_s: int) -> tuple:
    periods = row[-1]
    at = 2
    while at < len(periods) and periods[at] <= offset_s:
        at += 2
    if at < len(periods):
        end_s = min(end_s, start_s + periods[at])
    return row, periods[at - 1], end_s, True


def decide(looks: "Iterable") -> "tuple[int, list]":
    """Until when it holds; what decides of each purpose: (rank, unit, limit, least) or None."""
    until_s = _NEVER_S
    best = [None, None, None]
    overruled = False
    for row, limit, end_s, begun in looks:
        if end_s < until_s:
            until_s = end_s
        purpose = row[_PURPOSE]
        if begun and purpose == _TX:
            overruled = True
        if limit >= 0:
            rank = row[_LEVEL] * 2 + row[_CONNECTOR]
            if not best[purpose] or rank > best[purpose][0]:
                best[purpose] = rank, row[_UNIT], limit, row[_LEAST]
    if overruled:
        best[_TX_DEFAULT] = None
    return until_s, best
