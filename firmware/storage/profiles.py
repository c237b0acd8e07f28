"""The charging profiles on flash, one row of ocpp/profile_rules.py a line. Loaded on demand.

The file is replaced as a whole, line by line: a power cut leaves the old or the new one, and it is
never in memory as a whole.
"""

import json
import os

_FILE = "profiles"
_COLUMNS = 13
_NO_FILE = 2  # ENOENT


def rows() -> "Iterator":
    """Each row, None for a line that cannot be read. Raises OSError. Take them all: it closes."""
    for line in _lines():
        yield _row(line)


def rewrite(goes: "Callable", row: "list | None" = None) -> None:
    """Write what stays, `goes(row)` being false, and one more row. Raises OSError, old kept."""
    temporary = _FILE + ".tmp"
    with open(temporary, "wb") as file:
        for line in _lines():
            if not goes(_row(line)):
                file.write(line)
        if row:
            file.write((json.dumps(row) + "\n").encode())
    os.rename(temporary, _FILE)


def _lines() -> "Iterator":
    try:
        with open(_FILE, "rb") as file:
            yield from file
    except OSError as error:
        if error.args[0] != _NO_FILE:
            raise


def _row(line: bytes) -> "list | None":
    try:
        # A line that was cut may still be JSON enough for MicroPython.
        row = json.loads(line) if line[-3:] == b"]]\n" else None
    except ValueError:
        return None
    return row if isinstance(row, list) and len(row) == _COLUMNS else None
