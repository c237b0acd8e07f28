"""A session that waits to go on after a power cut (recovery.py). Loaded on demand, once a second.

It goes on when the vehicle proves within _WAIT_S to be the same, as far as can be known: the gun
is in, its BMS is heard, its state of charge and its voltage fit what is on flash. The start is a
normal one: the core is given the permission of the old tag, and all its conditions hold.
"""

from firmware.on_demand import load

_WAIT_S = 30
_GUN_S = 2  # a gun that is in has been seen by then
_LOOK_S = 1
_LESS_C100 = 100  # state of charge, 0.01 %
_MORE_C100 = 200
_RECOVERY = "firmware.services.recovery"


def turn(books: "Transactions") -> None:
    """What can be done now, for `books.pending`."""
    last, core = books.pending, books.core
    now_s = books.clock.uptime_s()
    books.retry_at_s = now_s + _LOOK_S
    if books.outbox.open_transaction() != last["txn"]:
        books.pending = None
    elif (
        last["why"]
        or now_s >= _WAIT_S
        or (not core.gun and now_s >= _GUN_S)
        or core.fault() >= 0
        or (last["asked"] and not core.connector.authorized)
    ):
        load(_RECOVERY).close(books)
    elif not core.connector.authorized and _fits(core, last):
        last["asked"] = core.authorize(last["tag"])
        if not last["asked"]:
            load(_RECOVERY).close(books)


def claim(books: "Transactions", id_tag: str) -> int:
    """A start is to be recorded: the session's number when it is this one; else it is closed."""
    last = books.pending
    if not last["why"] and id_tag == last["tag"] and _fits(books.core, last):
        books.started = last
        return last["txn"]
    last["asked"] = False  # the permission is the new session's
    load(_RECOVERY).close(books)
    return 0


def carry_over(books: "Transactions") -> None:
    """The core has opened the session anew: give it what it had before the cut."""
    last, core = books.pending, books.core
    books.pending = None
    core.session.start_wh = last["wh"]
    core.session.duration_ms += last["ms"]
    core.meter.session_mwh = last["energy_mwh"]
    interval_ms = books.interval_ms()
    if interval_ms:
        books.next_sample_ms = (last["ms"] // interval_ms + 1) * interval_ms
    last["resumed_ms"] = core.session.duration_ms
    try:
        books.snapshot()
    except OSError as error:
        books.log.error("flash", "no snapshot: %s", error)
    books.log.info("charge", "session %d goes on after a power cut", last["txn"])


def _fits(core: "ChargingCore", last: dict) -> bool:
    """Is it the same vehicle, as far as can be known."""
    bms, mv = core.bms, core.battery_mv()
    return (
        core.gun
        and bms.age_ms <= core.limits.bms_timeout_ms
        and bms.soc_c100 >= 0
        and -_LESS_C100 <= bms.soc_c100 - last["soc_c100"] <= _MORE_C100
        and mv > 0
        and abs(mv - last["mv"]) * 10 <= last["mv"]
    )
