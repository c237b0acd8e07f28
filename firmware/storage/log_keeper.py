"""Brings the log to flash, in batches and seldom: each batch costs the erase of a block or two.

Until then the lines lie in the RTC's memory as well, where a reset finds them. Nothing here can
stop the charger: what cannot be stored is tried again later. Loaded on demand.
"""

from micropython import const

from firmware.storage.black_box import put
from firmware.storage.log_file import due, keep

_FIRST_S = const(60)  # uptime of the first batch
_LOOK_S = const(15)
_REST_S = const(60)  # between two batches
_PAUSE_S = const(600)  # after a failure


def turn(log: "Log", clock: "Clock", busy: bool) -> None:
    """Lines are pending: to flash, or to the RTC's memory. `busy`: a session runs.

    Then only what RAM does not hold any longer is written.
    """
    now_s = clock.uptime_s()
    much = log.made - log.kept > len(log.ring) * 3 // 4
    log.due_s = now_s + _PAUSE_S
    try:
        if now_s >= _FIRST_S and (much or not busy):
            _to_flash(log, clock)
            log.due_s = now_s + _REST_S
        else:
            put(clock.rtc, due(log, clock))
            log.due_s = now_s + _LOOK_S
    except (OSError, MemoryError, ValueError):
        pass  # it is in RAM still


def save(log: "Log", clock: "Clock", again: bool) -> None:
    """On the way down, outputs off: all that is pending, now.

    `again`: it restarts over and over; then it is left to the next run. Raises OSError.
    """
    if log.pending:
        put(clock.rtc, due(log, clock))
        if not again:
            _to_flash(log, clock)


def _to_flash(log: "Log", clock: "Clock") -> None:
    keep(log, clock)
    put(clock.rtc, b"")
