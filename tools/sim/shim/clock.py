"""Virtual time on MicroPython: stands in for `time` and lets asyncio's idle wait ask for time.

asyncio's C task queue stamps tasks that are to run at once with the real `ticks_ms`, and looks at
nothing else of the real clock. Virtual time starts three days ahead of it, so such a task is
always overdue and runs at once, while all that sleeps is ordered by virtual time alone.
"""

import asyncio.core as core
import time as _time
from time import *  # noqa: F403
from time import gmtime as _gmtime
from time import ticks_add

from link import ask
from micropython import const

_RTC_READ = const(0x08)
_ADVANCE = const(0x10)
_AHEAD_MS = const(1 << 28)

_ms = ticks_add(_time.ticks_ms(), _AHEAD_MS)
_us = 0


def ticks_ms() -> int:
    return _ms


def ticks_us() -> int:
    return _us


def advance(dt_ms: int) -> int:
    """Ask for `dt_ms` to pass (-1: until something comes); answers how much did."""
    global _ms, _us
    moved = ask(_ADVANCE, 0, dt_ms)
    _ms = ticks_add(_ms, moved)
    _us = ticks_add(_us, moved * 1000)
    return moved


def sleep_ms(ms: int) -> None:
    while ms > 0:
        ms -= advance(ms)


def sleep_us(us: int) -> None:
    sleep_ms((us + 999) // 1000)


def sleep(seconds: float) -> None:
    sleep_ms(int(seconds * 1000))


def time() -> int:
    return ask(_RTC_READ, 0)


def gmtime(seconds: "int | None" = None) -> tuple:
    return _gmtime(time() if seconds is None else seconds)


localtime = gmtime


class _Poller:
    def __init__(self, poller) -> None:
        self._ipoll = poller.ipoll
        self.register = poller.register
        self.modify = poller.modify
        self.unregister = poller.unregister

    def ipoll(self, dt_ms: int) -> object:
        while dt_ms and not any(self._ipoll(0)):
            advance(dt_ms)
            if dt_ms > 0:
                break
        return self._ipoll(0)


_Queue = core.IOQueue


def _queue() -> object:
    queue = _Queue()
    queue.poller = _Poller(queue.poller)
    return queue


core.ticks = ticks_ms
core.IOQueue = _queue  # new_event_loop() makes another one
core._io_queue = _queue()
