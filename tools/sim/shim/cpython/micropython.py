"""The `micropython` module for CPython: everything is accepted, nothing is optimised.

On the path whenever the firmware runs on CPython (unit tests, `--on cpython`).
"""

from collections.abc import Callable
from typing import Any

_opt_level = 0


def const(value: Any) -> Any:
    """Return `value`; the compiler on the chip folds it into the code instead."""
    return value


def native(function: Callable) -> Callable:
    """Identity: no machine code on the PC."""
    return function


viper = native


def opt_level(level: int | None = None) -> int | None:
    """Get or set the level; it has no effect here."""
    global _opt_level
    if level is None:
        return _opt_level
    _opt_level = level
    return None


def alloc_emergency_exception_buf(size: int) -> None:
    """No-op: CPython always has room for an exception."""


def heap_lock() -> int:
    """No-op: allocation cannot be forbidden on CPython. Always depth 0."""
    return 0


def heap_unlock() -> int:
    """No-op, like `heap_lock`."""
    return 0


def heap_locked() -> int:
    """Never locked here."""
    return 0


def mem_info(verbose: object = None) -> None:
    """Print one line: there is no MicroPython heap to describe."""
    print("mem: CPython, no MicroPython heap")


def stack_use() -> int:
    """Unknown on CPython: 0."""
    return 0


def kbd_intr(char: int) -> None:
    """No-op: Ctrl-C is the terminal's business."""


def schedule(function: Callable[[Any], None], argument: Any) -> None:
    """Call `function(argument)` soon: in the running event loop, else at once."""
    import asyncio

    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        function(argument)
    else:
        loop.call_soon(function, argument)
