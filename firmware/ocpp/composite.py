"""The answer to GetCompositeSchedule (OCPP 1.6 5.7), made from profiles. Loaded on demand.

It is what the charger will allow, from now: never more than its own rating. Amperes and watts are
converted at one voltage for all of it, and rounded down.
"""

from micropython import const

from .dates import iso8601
from .messages import fixed
from .profile_rules import decide, look

_LONGEST_S = const(7 * 86400)
_STEPS = const(300)  # moments looked at: it must not take long, the control loop waits
_PERIODS = const(100)  # in the answer
_IN_A_PART = const(8)


def composite(facts: tuple, duration_s: int, unit: str) -> "tuple[list[tuple[int, int]], int]":
    """(start, limit in tenths of `unit`) of each period, and how many seconds they cover.

    Equal neighbours are one period. A schedule with too many changes, or of more than seven days,
    is covered as far as it goes. `facts` are those of the station, see charging_profiles.py.
    """
    rows, at_s, begin_s, max_ma, mv = facts
    rating = max_ma // 100 if unit == "A" else max_ma * mv // 100_000
    end_s = at_s + min(duration_s, _LONGEST_S)
    now_s = at_s
    looks = [look(row, at_s, begin_s) for row in rows]
    periods = []
    for _ in range(_STEPS):
        until_s, best = decide(looks)
        limit = _lowest(best, unit, mv, rating)
        if not periods or periods[-1][1] != limit:
            if len(periods) == _PERIODS:
                break
            periods.append((now_s - at_s, limit))
        now_s = min(until_s, end_s)
        if now_s == end_s:
            break
        for index, seen in enumerate(looks):
            if seen[2] <= now_s:
                looks[index] = look(seen[0], now_s, begin_s)
    return periods, now_s - at_s


def _lowest(best: "list", unit: str, mv: int, limit: int) -> int:
    """The lowest limit; 0 where it is below a minChargingRate, for then it pauses."""
    least = 0
    for decisive in best:
        if decisive:
            limit = min(limit, _in_unit(decisive[2], decisive[1], unit, mv))
            least = max(least, _in_unit(decisive[3], decisive[1], unit, mv))
    return limit if limit >= least else 0


def _in_unit(tenths: int, have: str, want: str, mv: int) -> int:
    if have == want:
        return tenths
    return tenths * 1000 // mv if want == "A" else tenths * mv // 1000


def parts(
    connector_id: int, at_s: int, unit: str, periods: "list[tuple[int, int]]", duration_s: int
) -> "list[str]":
    """The answer's payload, in parts."""
    start = iso8601(at_s)
    texts = [
        '{"status":"Accepted","connectorId":%d,"scheduleStart":"%s","chargingSchedule":'
        '{"duration":%d,"startSchedule":"%s","chargingRateUnit":"%s","chargingSchedulePeriod":['
        % (connector_id, start, duration_s, start, unit)
    ]
    for first in range(0, len(periods), _IN_A_PART):
        some = [
            '{"startPeriod":%d,"limit":%s}' % (period_s, fixed(limit, 1))
            for period_s, limit in periods[first : first + _IN_A_PART]
        ]
        texts.append(("," if first else "") + ",".join(some))
    texts.append("]}}")
    return texts
