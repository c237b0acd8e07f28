"""The log on flash: two files that take turns, so that it never grows beyond them. On demand.

Lines come in batches (log_keeper.py), each batch in one write. A line begins with the
time: 2026-01-21T09:51:06Z, or +12.345, seconds since the start, where the clock was not set yet.
"""

import os

from micropython import const

from firmware.log import KEY
from firmware.ocpp.dates import iso8601
from firmware.storage.files import remove

NEWER = "events.log"
OLDER = "events.old"
_LIMIT = const(32768)  # bytes of each
_STAMP = const(20)
_A_LINE = const(100)  # bytes, roughly
_LETTERS = "DIWE"


def keep(log: "Log", clock: "Clock") -> None:
    """Append what is meant for flash and not there yet. OSError: it stays where it is."""
    made = log.made
    data = due(log, clock)
    if data:
        append(data)
    log.kept = made
    log.pending = False


def due(log: "Log", clock: "Clock") -> bytes:
    """The lines that `keep` would write."""
    found = [stamped(line, clock) + "\n" for line in in_ram(log, log.kept) if _matters(log, line)]
    return "".join(found).encode()


def append(data: bytes) -> None:
    """One batch more; where it does not fit, the older file goes. Raises OSError."""
    try:
        size = os.stat(NEWER)[6]
    except OSError:
        size = 0
    if size and size + len(data) > _LIMIT:
        remove(OLDER)  # first, so that there is room on a full flash
        os.rename(NEWER, OLDER)
    with open(NEWER, "ab") as file:
        file.write(data[-_LIMIT:])


def stamped(line: str, clock: "Clock") -> str:
    """A line of the ring with the time it shows on flash."""
    at, _, rest = line.lstrip().partition(" ")
    if clock.known:
        return iso8601(clock.boot_unix_s + int(at.partition(".")[0])) + " " + rest
    return "+" + at + " " + rest


def _matters(log: "Log", line: str) -> bool:
    rest = line.lstrip().partition(" ")[2]
    level = _LETTERS.find(rest[:1])
    return level >= log.file_level or rest[2:].partition(":")[0] in KEY


def in_ram(log: "Log", since: int = 0) -> "Iterator[str]":
    """The lines in RAM from the place `since` of `log.made` on, oldest first.

    Whoever reads may wait in between: what is overwritten meanwhile is left out.
    """
    ring = log.ring
    size = len(ring)
    while True:
        if since < log.made - size:  # the oldest line is cut: the next whole one
            since = _end(ring, log.made - size)
        if since >= log.made:
            return
        end = _end(ring, since)
        at, to = since % size, (end - 1) % size
        data = ring[at:to] if at <= to else ring[at:] + ring[:to]
        since = end
        yield bytes(data).decode()


def _end(ring: bytearray, place: int) -> int:
    """The place behind the end of the line at `place`."""
    at = place % len(ring)
    found = ring.find(b"\n", at)
    if found < 0:
        found = ring.find(b"\n") + len(ring)
    return place + found - at + 1


def read(start: str = "", stop: str = "~", count: int = 0) -> "Iterator[str]":
    """The lines on flash, oldest first; of `count` about that many, the newest.

    `start` and `stop` as a line shows its time; lines without date always come. A file that
    cannot be read ends it.
    """
    older = _size(OLDER)
    skip = max(0, older + _size(NEWER) - count * _A_LINE) if count else 0
    for name, begin in ((OLDER, skip), (NEWER, max(0, skip - older))):
        try:
            with open(name, "rb") as file:
                if begin:
                    file.seek(begin)
                    file.readline()  # the rest of a line
                data = file.readline()
                while data:
                    line = _text(data)
                    if line[:1] == "+" or start <= line[:_STAMP] <= stop:
                        yield line
                    data = file.readline()
        except OSError:  # there is none, or flash gives no more of it
            pass


def _text(data: bytes) -> str:
    try:
        return data.decode().rstrip()
    except ValueError:  # a spoilt block
        return "(not readable)"


def _size(name: str) -> int:
    try:
        return os.stat(name)[6]
    except OSError:
        return 0
