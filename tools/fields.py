"""Makes firmware/fields.txt, the rows of the three large tables, for firmware/values.py.

A line each: a letter for the table (S settings, H hardware options, K OCPP keys) and the row as a
JSON array. The same sources always give the same bytes.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path

from firmware import settings
from firmware.board import options
from firmware.ocpp import key_table

ROOT = Path(__file__).resolve().parent.parent
RESULT = "firmware/fields.txt"


def rows() -> Iterator[tuple[str, list]]:
    """(letter, row) of all tables."""
    for key, kind, default, low, high in settings.FIELDS:
        yield "S", [key, kind.__name__, default, low, high, int(key in settings.SECRETS)]
    for key, kind, default, low, high in options.fields():
        words = "/".join(kind) if isinstance(kind, tuple) else kind.__name__
        yield "H", [key, words, default, low, high, 0]
    for piece in key_table.TABLE:
        for line in piece.strip().split("\n"):
            key, access, _, default = line.split()[:4]
            yield "K", [key, "", "" if default == "-" else default, 0, 0, int("R" not in access)]


def text() -> str:
    """The whole file."""
    return "".join(f"{letter}{json.dumps(row, separators=(',', ':'))}\n" for letter, row in rows())


def make(root: Path = ROOT) -> str:
    """Bring the file up to date; its path below `root`."""
    result = root / RESULT
    data = text().encode()
    if not result.exists() or result.read_bytes() != data:
        fresh = result.with_name(f"{result.name}.{os.getpid()}")
        fresh.write_bytes(data)
        fresh.replace(result)
    return RESULT
