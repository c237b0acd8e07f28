"""What ended the charger, kept for whoever asks later. The outputs are off already. On demand."""

import io
import sys

from micropython import const

from firmware.log import ERROR, Log
from firmware.net.clock import Clock
from firmware.on_demand import load

_FILE = "firmware.storage.log_file"
_BOX = "firmware.storage.black_box"
_KEEPER = "firmware.storage.log_keeper"
_LINES = const(12)  # of a traceback, the last ones


def keep(charger: "Charger | None", error: Exception) -> None:
    """The traceback to the console, the log and flash. Without a charger it was being built.

    OSError: flash does not take it. The same end again and again is written once.
    """
    if charger:
        trace(charger.log, error)
        load(_KEEPER).save(charger.log, charger.clock, charger.core.boot_trouble)
        return
    from machine import RTC

    rtc = RTC()
    clock = Clock(rtc)
    log = Log(clock)
    trace(log, error)
    data = load(_FILE).due(log, clock)
    box = load(_BOX)
    known = _end(box.take(rtc)) == _end(data.decode().strip().split("\n"))
    box.put(rtc, data)
    if not known:
        load(_FILE).append(data)


def trace(log: "Log", error: Exception) -> None:
    """The last lines of a traceback to the log; to the console only where memory is short."""
    try:
        text = io.StringIO()
        sys.print_exception(error, text)
        for line in text.getvalue().strip().split("\n")[-_LINES:]:
            log.put(ERROR, "trace", line)
    except MemoryError:
        sys.print_exception(error)


def recall(log: "Log", rtc: object) -> None:
    """At the start: log what the run before could not bring to flash."""
    lines = load(_BOX).take(rtc)
    if lines:
        log.warn("app", "what the run before left:")
    for line in lines:
        log.error("before", "%s", line)


def _end(lines: "list[str]") -> str:
    """The last line without its time."""
    return lines[-1].partition(" ")[2] if lines else ""
