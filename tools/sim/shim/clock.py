"""Virtual time on MicroPython: stands in for `time` and lets asyncio's idle wait ask for time.

That wait polls in `core._io_queue` (tools/squeeze.py leaves names alone that a string mentions).
asyncio's C task queue stamps tasks that are to run at once with the real `ticks_ms`, and looks at
nothing else of the real clock. Virtual time starts three days ahead of it, so such a task is
always overdue and runs at once, while all that sleeps is ordered by virtual time alone.
"""

import asyncio.core as core
import time as _time
from time import ticks_add, ticks_diff  # noqa: F401

from link import ask
from micropython import const

_AHEAD_MS = const(1 << 28)
_BUSY_TURNS = const(500)

_ms = ticks_add(_time.ticks_ms(), _AHEAD_MS)
_us = 0


def ticks_ms() -> int:
    return _ms


def ticks_us() -> int:
    return _us


def advance(ms: int) -> int:
    """Ask for time to pass (-1: until something comes); answers how much did."""
    global _ms, _us
    moved = ask(0x10, 0, ms)
    _ms = ticks_add(_ms, moved)
    _us = ticks_add(_us, moved * 1000)
    return moved


def sleep_ms(ms: int) -> None:
    while ms > 0:
        ms -= advance(ms)


def sleep(seconds: float) -> None:
    sleep_ms(int(seconds * 1000))


def time() -> int:
    return ask(0x08)


def __getattr__(name: str) -> object:
    return getattr(_time, name)


class _Poller:
    def __init__(self, poller) -> None:
        self._ipoll = poller.ipoll
        self.register = poller.register
        self.modify = poller.modify
        self.unregister = poller.unregister
        self._turns = 0

    def ipoll(self, dt_ms: int) -> object:
        self._turns += 1
        if not dt_ms and self._turns > _BUSY_TURNS:
            dt_ms = 1  # who never sleeps takes time, too
        while dt_ms and not any(self._ipoll(0)):
            self._turns = 0
            advance(dt_ms)
            if dt_ms > 0:
                break
        return self._ipoll(0)


core.ticks = ticks_ms
core._io_queue.poller = _Poller(core._io_queue.poller)
