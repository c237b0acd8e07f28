"""Reads the mapping: which signal of the DBC file is which field of the charger's BMS reading.

It is TOML beside the DBC file; docs/dbc.md describes it. What is wrong is told with the key.
"""

import ast
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# Fields that are numbers, in the order of table_can.py, with the bounds of what makes sense.
NUMBERS = {
    "voltage_limit_mv": (0, 1_000_000),
    "current_limit_ma": (0, 1_000_000),
    "voltage_mv": (0, 1_000_000),
    "current_ma": (-1_000_000, 1_000_000),
    "soc_c100": (0, 10_000),
    "temperature_c10": (-500, 1_500),
}
SOURCES = ("voltage", "current", "fault", "bms_silent")  # what can be sent, in the driver's order
_ALARMS = Path(__file__).resolve().parents[2] / "firmware" / "drivers" / "bms" / "alarms.py"
_TABLES = {"read", "alarms", "timeouts_ms", "send"}
_SIGNAL_KEYS = {"signal", "unit", "invert", "min", "max", "is", "is_not"}


class DbcError(Exception):
    """The text names the file's key, or message and signal, and says what is wrong."""


@dataclass
class Wish:
    """One signal for one field. `unit` None: as the DBC says; `value`: what a question is for."""

    key: str
    message: str
    signal: str
    unit: str | None = None
    invert: bool = False
    low: float | None = None
    high: float | None = None
    value: int = 0
    negated: bool = True


@dataclass
class Sending:
    """One message to send; `signals`: name -> one of SOURCES, or a constant."""

    message: str
    period_ms: int
    signals: dict[str, str | float]


@dataclass
class Mapping:
    """The whole file."""

    numbers: dict[str, Wish] = field(default_factory=dict)
    heating: list[Wish] = field(default_factory=list)
    allowed: list[Wish] = field(default_factory=list)
    alarms: dict[int, Wish] = field(default_factory=dict)  # bit -> signal
    timeouts_ms: dict[str, int] = field(default_factory=dict)
    sending: list[Sending] = field(default_factory=list)


def alarm_names() -> list[str]:
    """Of firmware/drivers/bms/alarms.py, in the order of the bits."""
    for node in ast.parse(_ALARMS.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "NAMES":
            return list(ast.literal_eval(node.value))
    raise DbcError(f"{_ALARMS}: no NAMES")


def read(path: Path) -> Mapping:
    """The mapping in the file. Raises DbcError."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DbcError(f"{path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DbcError(f"{path}: {error}") from None
    return parse(data)


def parse(data: dict[str, Any]) -> Mapping:
    """The mapping in the TOML's tables. Raises DbcError."""
    _known("the mapping", data, _TABLES)
    mapping = Mapping()
    for key, value in _table(data, "read").items():
        _read_field(mapping, key, value)
    names = alarm_names()
    for key, value in _table(data, "alarms").items():
        if key not in names:
            raise DbcError(f"alarms.{key}: no such alarm; there are: {', '.join(names)}")
        mapping.alarms[names.index(key)] = _question(f"alarms.{key}", value)
    for key, value in _table(data, "timeouts_ms").items():
        if type(value) is not int or not 100 <= value <= 5_000:
            raise DbcError(f"timeouts_ms.{key}: 100 to 5000 wanted, not {value!r}")
        mapping.timeouts_ms[key] = value
    for key, value in _table(data, "send").items():
        mapping.sending.append(_sending(key, value))
    return mapping


def _read_field(mapping: Mapping, key: str, value: Any) -> None:
    name = f"read.{key}"
    if key in NUMBERS:
        mapping.numbers[key] = _wish(name, value, {"is", "is_not"})
    elif key == "heating":
        mapping.heating.append(_question(name, value))
    elif key == "allowed":
        mapping.allowed += [_question(name, v) for v in _list(value)]
    elif key == "full":  # a full battery forbids charging
        for each in _list(value):
            wish = _question(name, each)
            wish.negated = not wish.negated
            mapping.allowed.append(wish)
    else:
        known = ", ".join([*NUMBERS, "allowed", "full", "heating"])
        raise DbcError(f"{name}: no such field; there are: {known}")


def _wish(key: str, value: Any, forbidden: set[str]) -> Wish:
    """ "Message.Signal", or a table with that as `signal` and more."""
    if isinstance(value, str):
        value = {"signal": value}
    if not isinstance(value, dict):
        raise DbcError(f'{key}: "Message.Signal" wanted, or a table with signal = that')
    _known(key, value, _SIGNAL_KEYS - forbidden)
    message, dot, signal = str(value.get("signal", "")).partition(".")
    if not (message and dot and signal):
        raise DbcError(f'{key}: signal = "Message.Signal" wanted')
    for name, kind in (("unit", str), ("invert", bool), ("min", float), ("max", float)):
        if name in value and not isinstance(value[name], (kind, int) if kind is float else kind):
            raise DbcError(f"{key}: {name} must be a {kind.__name__}")
    return Wish(
        key, message, signal, value.get("unit"), bool(value.get("invert", False)),
        value.get("min"), value.get("max"),
    )  # fmt: skip


def _question(key: str, value: Any) -> Wish:
    """Without `is` and `is_not`: true when the signal is not 0."""
    wish = _wish(key, value, {"unit", "invert", "min", "max"})
    given = value if isinstance(value, dict) else {}
    if "is" in given and "is_not" in given:
        raise DbcError(f"{key}: is or is_not, not both")
    wish.negated = "is" not in given
    asked = given.get("is", given.get("is_not", 0))
    if type(asked) is not int:
        raise DbcError(f"{key}: is and is_not are whole numbers, as on the wire")
    wish.value = asked
    return wish


def _sending(key: str, value: Any) -> Sending:
    if not isinstance(value, dict):
        raise DbcError(f"send.{key}: a table wanted")
    signals = dict(value)
    period_ms = signals.pop("period_ms", 1_000)
    if type(period_ms) is not int or not 50 <= period_ms <= 60_000:
        raise DbcError(f"send.{key}.period_ms: 50 to 60000 wanted, not {period_ms!r}")
    for name, source in signals.items():
        number = isinstance(source, (int, float)) and not isinstance(source, bool)
        if not number and source not in SOURCES:
            known = ", ".join(SOURCES)
            raise DbcError(f"send.{key}.{name}: one of {known}, or a number, not {source!r}")
    return Sending(key, period_ms, signals)


def _table(data: dict[str, Any], key: str) -> dict[str, Any]:
    value = data.get(key, {})
    if not isinstance(value, dict):
        raise DbcError(f"{key}: a table wanted")
    return value


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _known(key: str, value: dict[str, Any], known: set[str]) -> None:
    for name in value:
        if name not in known:
            raise DbcError(f"{key}: unknown {name!r}; there are: {', '.join(sorted(known))}")
