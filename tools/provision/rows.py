"""Reads and checks the table of boards: a CSV file, one row a board, columns named as settings.

A column is a setting, a hardware option or an OCPP key; `port` is the board's serial port. An
empty cell leaves that value as the board has it. Complaints name line and column, never a secret.
"""

import csv
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools" / "sim" / "shim" / "cpython"))

import compat  # noqa: E402

compat.install()

from firmware import settings  # noqa: E402
from firmware.board import options  # noqa: E402
from firmware.ocpp import key_table  # noqa: E402
from firmware.ocpp.keys import Keys  # noqa: E402
from firmware.provisioning import rules  # noqa: E402

PORT = "port"
ID = "charge_box_id"
_UNIQUE = (ID, "serial_number", PORT)
_MOST_ROWS = 10_000
_MOST_BYTES = 4_000_000
_BOARD = ROOT / "firmware" / "board" / "rivot_100a.py"


class TableError(Exception):
    """The table is wrong; the text has a line for each complaint."""


@dataclass
class Row:
    """One board: its line in the file, its serial port (""), what it is told."""

    line: int
    port: str
    values: dict[str, str]

    @property
    def name(self) -> str:
        """How people call it."""
        return self.values[ID]


def read(path: Path) -> list[Row]:
    """All rows, checked. Raises TableError with every complaint there is, OSError."""
    rows, wrong = _cells(path)
    for row in rows:
        wrong += [f"line {row.line}: {text}" for text in check(row.values)]
    for column in _UNIQUE:
        wrong += _twice(rows, column)
    if not rows and not wrong:
        wrong = ["there is no row under the head"]
    if wrong:
        raise TableError("\n".join(wrong))
    return rows


def _cells(path: Path) -> tuple[list[Row], list[str]]:
    if path.stat().st_size > _MOST_BYTES:
        raise TableError(f"larger than {_MOST_BYTES:,} bytes")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise TableError("not UTF-8: save it as CSV in UTF-8") from None
    lines = text.splitlines()
    head_line = lines[0] if lines else ""
    mark = ";" if head_line.count(";") > head_line.count(",") else ","
    reader = csv.reader(lines, delimiter=mark, strict=True)
    rows: list[Row] = []
    try:
        head = [cell.strip() for cell in next(reader, [])]
        _check_head(head)
        wrong = []
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) > len(head):
                wrong.append(f"line {reader.line_num}: more cells than the head has columns")
                continue
            values = {
                key: cell.strip() for key, cell in zip(head, cells, strict=False) if cell.strip()
            }
            rows.append(Row(reader.line_num, values.pop(PORT, ""), values))
            if len(rows) > _MOST_ROWS:
                raise TableError(f"more than {_MOST_ROWS:,} rows")
    except csv.Error as error:
        raise TableError(f"line {reader.line_num}: {error}") from None
    return rows, wrong


def _check_head(head: list[str]) -> None:
    known = {PORT, *(field[0] for field in settings.FIELDS), *options.names(), *_ocpp_keys()}
    wrong = [f"line 1: {name or 'an empty column'}: no such setting" for name in head
             if name not in known]  # fmt: skip
    wrong += [f"line 1: {name}: twice" for name in sorted(set(head)) if head.count(name) > 1]
    if ID not in head:
        wrong.append(f"line 1: the column {ID} is missing")
    if wrong:
        raise TableError("\n".join(wrong))


def _ocpp_keys() -> list[str]:
    return [row[0] for row in key_table.rows()]


def check(values: dict[str, str]) -> list[str]:
    """What is wrong with one board's values, `key: why` each."""
    ocpp = set(_ocpp_keys())
    own = {key: value for key, value in values.items() if key not in ocpp}
    table = [*settings.FIELDS, *options.fields()]
    found = rules.check(own, table, lambda key: None, _fixed_pins())
    wrong = [f"{key}: {why}" for key, why in found.items()]
    keys = Keys(lambda stored: None)
    for key in values:
        if key in ocpp and keys.set(key, values[key]) not in ("Accepted", "RebootRequired"):
            wrong.append(f"{key}: the value does not fit, or cannot be set")
    if ID not in values:
        wrong.append(f"{ID}: missing")
    return wrong


def _fixed_pins() -> bytes:
    """The GPIOs that the board uses whatever its options are."""
    line = next(x for x in _BOARD.read_text().splitlines() if x.startswith("_FIXED = "))
    return bytes(int(pin.split()[0]) for pin in line.split('"')[1].split(","))


def _twice(rows: list[Row], column: str) -> list[str]:
    seen: dict[str, int] = {}
    wrong = []
    for row in rows:
        value = row.port if column == PORT else row.values.get(column, "")
        if value and value in seen:
            wrong.append(f"line {row.line}: {column}: the same as in line {seen[value]}")
        seen.setdefault(value, row.line)
    return wrong
