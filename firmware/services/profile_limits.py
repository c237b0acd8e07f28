"""Makes limits of the charging profiles on flash (OCPP 1.6 3.13). Loaded on demand.

What cannot be read never raises the limit: the one that holds stays and it is tried again; after
power-up that is 0 A. A damaged line therefore stops the charging until a server clears all
profiles; the log says so.
"""

from micropython import const

from firmware.charging.regulator import NO_LIMIT
from firmware.ocpp.profile_rules import decide, look
from firmware.on_demand import load
from firmware.storage.profiles import rows

_PURPOSE = const(1)
_TXN = const(4)
_LAP_S = const(9)
_TX = const(2)
_ALL = const(0)
_OF_OTHERS = const(1)
_RETRY_S = const(5)
_FAR_S = const(1 << 28)
_TROUBLE = (OSError, ValueError, TypeError, LookupError, MemoryError)
_KEEPER = "firmware.services.profile_keeper"


def renew(smart: "SmartCharging", txn: int) -> None:
    """The limits of this moment, and until when they hold. Raises nothing."""
    clock = smart.point.clock
    now_s = clock.uptime_s()
    if txn != smart.txn:
        smart.txn = txn
        smart.begin_s = now_s - smart.point.core.session.duration_ms // 1000
    smart.boot_s = clock.unix_s() - now_s
    smart.due_s = now_s + _RETRY_S
    counts = [0, 0]
    try:
        if smart.waiting and txn:
            load(_KEEPER).take_waiting(smart)
        until_s, best = decide(_looks(smart, counts))
        smart.limits = _limits(best)
        smart.due_s = min(until_s - smart.boot_s, now_s + _FAR_S)
        smart.none = counts[_ALL] == 0
        if counts[_OF_OTHERS]:
            load(_KEEPER).drop_ended(smart)
    except _TROUBLE as error:
        _log(smart, error)
        if smart.waiting and txn:
            smart.limits = 0, 0, 0, 0


def facts(smart: "SmartCharging") -> "tuple | None":
    """What `profiles` of ocpp/charging_profiles.py tells."""
    core = smart.point.core
    now_s = smart.point.clock.unix_s()
    if not smart.due_s:  # they were changed a moment ago
        renew(smart, core.session.txn if core.session.open else 0)
        smart.apply()
    try:
        counting = []
        for seen in _looks(smart, [0, 0]):
            row = seen[0]
            row[-1] = tuple(row[-1])  # a list keeps room to grow
            counting.append(row)
    except _TROUBLE as error:
        _log(smart, error)
        return None
    begin_s = smart.boot_s + smart.begin_s if smart.txn > 0 else now_s
    regulator = core.regulator
    return counting, now_s, begin_s, regulator.max_ma, core.battery_mv() or regulator.max_mv


def _log(smart: "SmartCharging", error: Exception) -> None:
    smart.point.transactions.log.error("flash", "charging profiles: %r", error)


def _looks(smart: "SmartCharging", counts: "list[int]") -> "Iterator":
    """Of each profile that counts now; how many there are, and of other transactions.

    Raises OSError, and ValueError when one is damaged.
    """
    clock = smart.point.clock
    now_s = clock.unix_s()
    txn = smart.txn
    begin_s = smart.boot_s + smart.begin_s if txn else now_s
    damaged = False
    for row in rows():
        counts[_ALL] += 1
        if row is None:
            damaged = True
        elif row[_PURPOSE] == _TX and row[_TXN] != txn:
            counts[_OF_OTHERS] += 1
        else:
            seen = look(row, now_s, begin_s, clock.known)
            if not txn and row[_LAP_S] < 0:  # it begins with the next session
                seen = row, seen[1], now_s + _FAR_S, True
            yield seen
    if damaged:
        raise ValueError("damaged; clear all of them")


def _limits(best: "list") -> tuple:
    """Lowest limit and highest minChargingRate, of A in mA and of W in tenths."""
    ma = tenths_w = NO_LIMIT
    least_ma = least_w = 0
    for decisive in best:
        if decisive:
            _, unit, limit, least = decisive
            if unit == "A":
                ma = min(ma, limit * 100)
                least_ma = max(least_ma, least * 100)
            else:
                tenths_w = min(tenths_w, limit)
                least_w = max(least_w, least)
    return ma, tenths_w, least_ma, least_w
