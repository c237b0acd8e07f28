"""Gives CPython what MicroPython's standard modules have more: tick functions, `sleep_ms`, ...

`install()` is called before anything of the firmware is imported: by host_tests/conftest.py and
by the bench when it runs the firmware on CPython. It may be called again to exchange the clock.
"""

import asyncio
import gc
import os
import sys
import time
import traceback
from collections.abc import Awaitable, Callable
from typing import Any

TICKS_PERIOD = 1 << 30  # of 32-bit MicroPython; the 64-bit port has a longer one
_HALF = TICKS_PERIOD >> 1


def _real_ms() -> int:
    return time.monotonic_ns() // 1_000_000


def ticks_add(ticks: int, delta: int) -> int:
    """`ticks` moved by `delta`, wrapped to the period."""
    if not -_HALF < delta < _HALF:
        raise OverflowError("ticks interval overflow")
    return (ticks + delta) & (TICKS_PERIOD - 1)


def ticks_diff(end: int, start: int) -> int:
    """`end - start` as a signed number, right across one wrap."""
    return ((end - start + _HALF) & (TICKS_PERIOD - 1)) - _HALF


class ThreadSafeFlag:
    """MicroPython's flag: one waiter, cleared by the wait that it ends."""

    def __init__(self) -> None:
        self._set = False
        self._waiter: asyncio.Future[None] | None = None

    def set(self) -> None:
        """Set the flag and wake the waiter. Also from another thread."""
        self._set = True
        waiter = self._waiter
        if waiter is not None:
            waiter.get_loop().call_soon_threadsafe(_wake, waiter)

    def clear(self) -> None:
        """Forget a `set` that nobody has waited for."""
        self._set = False

    async def wait(self) -> None:
        """Return once the flag is set, and clear it. RuntimeError for a second waiter."""
        if self._waiter is not None:
            raise RuntimeError("a ThreadSafeFlag has one waiter only")
        try:
            while not self._set:
                self._waiter = asyncio.get_running_loop().create_future()
                await self._waiter
        finally:
            self._waiter = None
        self._set = False


def _wake(waiter: "asyncio.Future[None]") -> None:
    if not waiter.done():
        waiter.set_result(None)


async def _sleep_ms(delay_ms: int) -> None:
    await asyncio.sleep(max(0, delay_ms) / 1000)


async def _wait_for_ms(awaitable: Awaitable[Any], timeout_ms: int) -> Any:
    return await asyncio.wait_for(awaitable, timeout_ms / 1000)


def _print_exception(error: BaseException, file: Any = None) -> None:
    traceback.print_exception(error, file=file if file is not None else sys.stderr)


def install(
    ticks_ms: Callable[[], int] | None = None, sleep_ms: Callable[[int], None] | None = None
) -> None:
    """Patch time, asyncio, gc, os and sys. A virtual clock hands in its own `ticks_ms`
    (milliseconds, any origin; the period is applied here) and a blocking `sleep_ms`."""
    now_ms = ticks_ms or _real_ms
    extras: tuple[tuple[Any, dict[str, Any]], ...] = (
        (
            time,
            {
                "ticks_ms": lambda: now_ms() & (TICKS_PERIOD - 1),
                "ticks_us": (
                    (lambda: now_ms() * 1000 & (TICKS_PERIOD - 1))
                    if ticks_ms
                    else (lambda: time.monotonic_ns() // 1000 & (TICKS_PERIOD - 1))
                ),
                "ticks_add": ticks_add,
                "ticks_diff": ticks_diff,
                "sleep_ms": sleep_ms or (lambda delay: time.sleep(max(0, delay) / 1000)),
                "sleep_us": lambda delay: time.sleep(max(0, delay) / 1_000_000),
            },
        ),
        (
            asyncio,
            {
                "sleep_ms": _sleep_ms,
                "wait_for_ms": _wait_for_ms,
                "ThreadSafeFlag": ThreadSafeFlag,
            },
        ),
        (gc, {"mem_free": lambda: 100_000, "mem_alloc": lambda: 60_000}),
        (sys, {"print_exception": _print_exception}),
    )
    for module, names in extras:
        for name, value in names.items():
            setattr(module, name, value)
    if not hasattr(gc, "threshold"):
        gc.threshold = lambda *_: -1  # type: ignore[attr-defined]
    if not hasattr(os, "sync"):
        os.sync = lambda: None  # type: ignore[attr-defined,assignment]
