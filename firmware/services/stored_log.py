"""Prints the newest of the log to the console while the charger goes on with its work. On demand.

One line at a time, so that the console's wire holds nobody up: what is on flash, then what is only
in RAM yet, with the time as on flash. `rivot: end of the log` is the last line of it.
"""

import asyncio

from micropython import const

from firmware.on_demand import load

_LINES = const(100)
_PAUSE_MS = const(40)


def start(charger: "Charger", before: "Task | None") -> "Task":
    """Begin to print, unless the task `before` still does; the task."""
    if before and not before.done():
        return before
    return asyncio.create_task(_run(charger))


async def _run(charger: "Charger") -> None:
    """Print it; never raises."""
    print("rivot: the log")
    try:
        for line in _lines(load("firmware.storage.log_file"), charger):
            print(line)
            await asyncio.sleep_ms(_PAUSE_MS)
    except (OSError, MemoryError) as error:
        print("rivot: the log cannot be read: %r" % error)
    print("rivot: end of the log")


def _lines(module: "Module", charger: "Charger") -> "Iterator[str]":
    log = charger.log
    since, stop = log.kept, log.made
    yield from module.read(count=_LINES)
    for line in module.in_ram(log, since):
        yield module.stamped(line, charger.clock)
        since += len(line.encode()) + 1
        if since >= stop:  # what comes meanwhile is printed by itself
            return
