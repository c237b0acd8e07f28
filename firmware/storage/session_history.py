"""The last sessions, on flash: 50 at least, 99 at most. Loaded on demand.

Two files that take turns; each line has the same length, so that their number is known from the
size. A line is appended in one write: a power cut leaves it whole or not there.
"""

import os

from micropython import const

from firmware.storage.files import remove

NEWER = "sessions.txt"
OLDER = "sessions.old"
MOST = const(50)
_LINE = const(96)  # bytes


def add(
    number: int, start_s: int, ms: int, mwh: int, soc_c100: int, reason: str, tag: str
) -> None:
    """Note a finished session, once, however often it is called for it. Raises OSError.

    `start_s` since 1970, 0 unknown; `soc_c100` -1 unknown.
    """
    size = _size(NEWER)
    if size and _last(size) == number:
        return
    if size >= MOST * _LINE:
        remove(OLDER)  # first, so that there is room on a full flash
        os.rename(NEWER, OLDER)
    fields = "%d %d %d %d %d %s " % (number, start_s, ms // 1000, mwh, soc_c100, reason or "-")
    data = (fields + tag).encode()[: _LINE - 1]
    with open(NEWER, "ab") as file:
        file.write(data + b" " * (_LINE - 1 - len(data)) + b"\n")


def read() -> "Iterator[tuple]":
    """(number, start, seconds, mWh, SoC, reason, tag) of the last 50, oldest first."""
    newer = _size(NEWER) // _LINE
    skip = max(0, _size(OLDER) // _LINE + newer - MOST)
    for name, begin in ((OLDER, skip), (NEWER, 0)):
        try:
            with open(name, "rb") as file:
                file.seek(begin * _LINE)
                data = file.read(_LINE)
                while len(data) == _LINE:
                    row = _row(data)
                    if row:
                        yield row
                    data = file.read(_LINE)
        except OSError:
            pass  # there is none


def _row(data: bytes) -> "tuple | None":
    try:
        words = data.decode().rstrip().split(" ", 6)
        numbers = [int(word) for word in words[:5]]
        return tuple(numbers + [words[5], words[6] if len(words) > 6 else ""])
    except (ValueError, IndexError):  # a spoilt block
        return None


def _last(size: int) -> int:
    """Number of the newest session noted."""
    with open(NEWER, "rb") as file:
        file.seek(size - _LINE)
        row = _row(file.read(_LINE))
    return row[0] if row else 0


def _size(name: str) -> int:
    try:
        return os.stat(name)[6]
    except OSError:
        return 0
