"""Tables of Modbus meters, read once at the start: the presets, and the user's meter.tbl.

A line: voltage, current or energy; function (3 or 4); register; type (u16, s16, u32, s32, f32, and
an l behind it when the low word comes first); what the number is multiplied by to get mV, mA or
Wh, as 10 or 1/10; for some, the register of a decimal point: a power of ten more. # begins a
comment.
"""

from firmware.drivers.meter.modbus import CURRENT, ENERGY, VOLTAGE
from firmware.errors import ChargerError

FILE = "meter.tbl"
_MAX_BYTES = 2048

PRESETS = {
    # AC, before the power module: its energy is what the charger draws
    "sdm230": """
voltage 4 0x0000 f32 1000
current 4 0x0006 f32 1000
energy 4 0x0048 f32 1000
""",
    # Its energy register's unit is not certain: energy is worked out from volts and amps.
    "djsf1352": """
voltage 3 0x0000 u16 1 0x0001
current 3 0x0002 s16 1 0x0003
""",
}
_FIELDS = {"voltage": VOLTAGE, "current": CURRENT, "energy": ENERGY}
_KINDS = ("u16", "s16", "u32", "s32", "f32", "", "", "", "", "", "u32l", "s32l", "f32l")
_MAX_COUNT = 32  # registers of one question
_MAX_GAP = 8  # registers nobody wants between two that are read together


def plan(name: str) -> tuple:
    """What modbus.py works with. ChargerError: names the line that is wrong."""
    text = PRESETS.get(name) or _file()
    rows = []
    lines = text.split("\n")
    for i in range(len(lines)):
        words = lines[i].split("#")[0].split()
        if words:
            try:
                rows.append(_row(words))
            except (ValueError, KeyError, ZeroDivisionError):
                raise ChargerError("%s: line %d: %s" % (FILE, i + 1, lines[i].strip()))
    if len({row[2] for row in rows}) != len(rows) or len(rows) < 2:
        raise ChargerError("%s: voltage and current once, energy at most once" % FILE)
    if {VOLTAGE, CURRENT} - {row[2] for row in rows}:
        raise ChargerError("%s: voltage or current is missing" % FILE)
    return _blocks(rows)


def _file() -> str:
    try:
        with open(FILE) as file:
            return file.read(_MAX_BYTES)
    except (OSError, UnicodeError):
        raise ChargerError("%s: not there, or no text" % FILE)


def _row(words: list) -> tuple:
    """(function, register, which, kind, times, by, register of the point or -1)."""
    if not 5 <= len(words) <= 6:
        raise ValueError
    function, register = int(words[1]), int(words[2], 0)
    kind = _KINDS.index(words[3]) if words[3] in _KINDS else -1
    times, _, by = words[4].partition("/")
    times, by = int(times), int(by or "1")
    point = int(words[5], 0) if len(words) > 5 else -1
    fits = function in (3, 4) and 0 <= register < 65535 and -1 <= point < 65535
    near = point < 0 or abs(point - register) < _MAX_COUNT // 2
    if not fits or not near or kind < 0 or by <= 0 or not 0 < abs(times) <= 1_000_000:
        raise ValueError
    return function, register, _FIELDS[words[0]], kind, times, by, point


def _blocks(rows: list) -> tuple:
    """Rows that are close to each other, in the order of the table, are read together."""
    blocks = []
    for row in rows:
        function, register, which, kind, times, by, point = row
        first = register if point < 0 else min(register, point)
        end = max(register + (2 if kind & 7 > 1 else 1), point + 1)
        if blocks:
            known = blocks[-1]
            low, high = min(known[1], first), max(known[2], end)
            gap = max(first - known[2], known[1] - end)
            if known[0] == function and gap <= _MAX_GAP and high - low <= _MAX_COUNT:
                known[1], known[2] = low, high
                known[3].append(row)
                continue
        blocks.append([function, first, end, [row]])
    return tuple(
        (function, low, high - low, tuple(_field(row, low) for row in members))
        for function, low, high, members in blocks
    )


def _field(row: tuple, first: int) -> tuple:
    _, register, which, kind, times, by, point = row
    at = 2 * (register - first)
    return which, at, kind, times, by, -1 if point < 0 else 2 * (point - first)
