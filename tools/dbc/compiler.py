"""Turns DBC file and mapping into the table that firmware/drivers/bms/table_can.py reads.

Every scale becomes a fraction of whole numbers, exact as the DBC has it in decimal; the chip works
out (raw * times + plus) // by in the reading's unit. Names of the words are those of the driver.
"""

import math
import struct
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import cantools
from cantools.database.can import Database, Message, Signal

from tools.dbc.mapping import NUMBERS, SOURCES, DbcError, Mapping, Sending, Wish

MAGIC = b"BMS1"
MAX_BYTES = 1024
MAX_GROUPS = 16
MAX_SIGNALS = 32  # of one group
_MAX_WORD = 2**30 - 1  # what a small int of the chip holds
_HEATING, _ALLOWED, _ALARM = 6, 7, 8
_CONSTANT = len(SOURCES)
_DEFAULT_TIMEOUT_MS = 2_000
# unit of a signal -> (times, plus) into the reading's
_VOLTS = {"V": (1000, 0), "mV": (1, 0), "dV": (100, 0), "cV": (10, 0), "kV": (1_000_000, 0)}
_AMPS = {"A": (1000, 0), "mA": (1, 0), "dA": (100, 0), "cA": (10, 0)}
_PER_CENT = {"%": (100, 0), "percent": (100, 0), "‰": (10, 0)}
_DEGREES = {
    **dict.fromkeys(("°C", "degC", "C", "deg C", "Celsius"), (10, 0)),
    **dict.fromkeys(("K", "degK"), (10, Fraction("-2731.5"))),
}
_UNITS: dict[str, dict[str, tuple[int, Any]]] = {
    "mv": _VOLTS,
    "ma": _AMPS,
    "c100": _PER_CENT,
    "c10": _DEGREES,
}
_SENT_UNITS: dict[str, dict[str, tuple[int, Any]]] = {"voltage": _VOLTS, "current": _AMPS}


@dataclass
class _Group:
    """One message, or one value of its multiplexer."""

    message: Message
    mux: Signal | None
    mux_value: int
    rows: list[list[int]] = field(default_factory=list)
    signals: list[Signal] = field(default_factory=list)
    fields: list[int] = field(default_factory=list)

    def vital(self) -> bool:
        """Is there a limit or a permission in it."""
        return any(f in (0, 1, _ALLOWED) for f in self.fields)

    def named(self) -> str:
        """For people."""
        return self.message.name + (f" ({self.mux.name} = {self.mux_value})" if self.mux else "")


@dataclass
class Table:
    """What goes on the chip, and what it is in words."""

    data: bytes
    lines: list[str]


def load(path: Path) -> Database:
    """The DBC file. Raises DbcError."""
    try:
        database = cantools.database.load_file(path, database_format="dbc")
    except (OSError, cantools.Error, UnicodeDecodeError) as error:
        raise DbcError(f"{path}: {error}") from None
    assert isinstance(database, Database)
    return database


def compile_table(database: Database, mapping: Mapping) -> Table:
    """The table. Raises DbcError, which names message and signal."""
    compiler = _Compiler(database, mapping)
    for number, name in enumerate(NUMBERS):
        if name in mapping.numbers:
            compiler.number(number, name, mapping.numbers[name])
    for wish in mapping.heating:
        compiler.question(_HEATING, 0, wish)
    for bit, wish in enumerate(mapping.allowed):
        compiler.question(_ALLOWED, bit, wish)
    for bit, wish in mapping.alarms.items():
        compiler.question(_ALARM, bit, wish)
    return compiler.table()


class _Compiler:
    def __init__(self, database: Database, mapping: Mapping) -> None:
        self._database = database
        self._mapping = mapping
        self._groups: list[_Group] = []
        self._lines: list[str] = []

    # ---- what is heard ----

    def number(self, field_number: int, name: str, wish: Wish) -> None:
        """A field of the reading that is a number."""
        group, signal = self._find(wish)
        unit = name.rpartition("_")[2]
        times, plus = _into(wish, signal, _UNITS[unit])
        sign = -1 if wish.invert else 1
        scale = _exact(signal.scale) * times * sign
        offset = _exact(signal.offset) * times * sign + plus
        low, high = _bounds(name, wish, signal, lambda value: value * times * sign + plus)
        by = math.lcm(scale.denominator, offset.denominator)
        row = [field_number, 0, place(signal, wish.key), int(scale * by), by, int(offset * by)]
        if low > high:
            raise DbcError(f"{_named(wish)}: no value of it can be a {name}: check unit and range")
        self._add(group, signal, [*row, low, high], wish)
        self._lines.append(f"{_named(wish)} -> {name}, {low} to {high}")

    def question(self, field_number: int, bit: int, wish: Wish) -> None:
        """A field that is true or false."""
        group, signal = self._find(wish)
        low, high = raw_range(signal)
        if not low <= wish.value <= high:
            raise DbcError(f"{_named(wish)} cannot be {wish.value}: it has {low} to {high}")
        row = [field_number, bit, place(signal, wish.key), wish.value, int(wish.negated)]
        self._add(group, signal, row, wish)
        is_not = " not" if wish.negated else ""
        what = {_HEATING: "heating", _ALLOWED: "allowed"}.get(field_number, f"alarm bit {bit}")
        self._lines.append(f"{_named(wish)} -> {what} when it is{is_not} {wish.value}")

    def _find(self, wish: Wish) -> tuple[_Group, Signal]:
        message = self._message(wish.key, wish.message)
        signal = _signal(wish.key, message, wish.signal)
        if sum(1 for each in message.signals if each.is_multiplexer) > 1:
            raise DbcError(f"{_named(wish)}: the message has more than one multiplexer")
        mux, values = None, [0]
        if signal.multiplexer_signal is not None:
            mux = _signal(wish.key, message, signal.multiplexer_signal)
            values = list(signal.multiplexer_ids or [])
            if len(values) != 1:
                raise DbcError(
                    f"{_named(wish)} goes with {len(values)} values of {mux.name}: one is possible"
                )
        key = (message.name, mux.name if mux else None, values[0])
        for group in self._groups:
            if key == (group.message.name, group.mux.name if group.mux else None, group.mux_value):
                return group, signal
        self._groups.append(_Group(message, mux, values[0]))
        return self._groups[-1], signal

    def _message(self, key: str, name: str) -> Message:
        try:
            message = self._database.get_message_by_name(name)
        except KeyError:
            known = ", ".join(sorted(m.name for m in self._database.messages))
            raise DbcError(f"{key}: no message {name} in the DBC; there are: {known}") from None
        if message.is_fd or message.length > 8:
            raise DbcError(f"{key}: message {name} has {message.length} bytes, 8 are possible")
        return message

    def _add(self, group: _Group, signal: Signal, row: list[int], wish: Wish) -> None:
        for word in row:
            if abs(word) > _MAX_WORD:
                raise DbcError(f"{_named(wish)}: scale or offset is too fine, or too large")
        group.rows.append(row)
        group.signals.append(signal)
        group.fields.append(row[0])
        if len(group.rows) > MAX_SIGNALS:
            raise DbcError(f"{group.named()}: more than {MAX_SIGNALS} signals")

    # ---- the whole ----

    def table(self) -> Table:
        """Everything checked and put together."""
        groups, mapping = self._groups, self._mapping
        if not mapping.allowed and "current_limit_ma" not in mapping.numbers:
            raise DbcError("read: neither allowed nor current_limit_ma: nothing permits charging")
        if len(groups) > MAX_GROUPS:
            raise DbcError(f"{len(groups)} messages and multiplexer values; {MAX_GROUPS} fit")
        unknown = mapping.timeouts_ms.keys() - {group.message.name for group in groups}
        if unknown:
            raise DbcError(f"timeouts_ms.{min(unknown)}: no signal of that message is read")
        vital = _bits(group.vital() for group in groups)
        known = _bits(4 in group.fields for group in groups)
        # Without a state of charge it is never complete: a bit that no group has.
        needed = vital | (known or 1 << MAX_GROUPS)
        told = ("voltage_limit_mv" in mapping.numbers) + 2 * (
            "current_limit_ma" in mapping.numbers
        )
        denials = (1 << len(mapping.allowed)) - 1
        words = [len(groups), vital, needed, told, denials, len(mapping.sending)]
        for group in groups:
            words += self._group(group, len(words))
        for sending in mapping.sending:
            words += self._send(sending)
        data = struct.pack(f"<{len(words)}i", *words)
        if len(data) > MAX_BYTES:
            raise DbcError(f"the table has {len(data)} bytes, {MAX_BYTES} fit: read fewer signals")
        return Table(MAGIC + struct.pack("<I", zlib.crc32(data)) + data, self._lines)

    def _group(self, group: _Group, at: int) -> list[int]:
        message, mux = group.message, group.mux
        timeout_ms = self._mapping.timeouts_ms.get(message.name) or _timeout_ms(message)
        self._lines.append(
            f"{group.named()}: {message.frame_id:#x}, "
            f"{'vital, ' if group.vital() else ''}time-out {timeout_ms} ms"
        )
        signals = group.signals + ([mux] if mux else [])
        length = 1 + max(max(_bytes(signal)) for signal in signals)
        mux_place = place(mux, message.name) if mux else -1
        words = [message.frame_id, int(message.is_extended_frame), length, timeout_ms]
        words += [mux_place, group.mux_value, len(group.rows)]
        rows = [word for row in group.rows for word in row]
        return [*words, at + len(words) + 1 + len(rows), *rows]

    # ---- what is sent ----

    def _send(self, sending: Sending) -> list[int]:
        key = f"send.{sending.message}"
        message = self._message(key, sending.message)
        words = [message.frame_id, int(message.is_extended_frame), message.length]
        words += [sending.period_ms, len(sending.signals)]
        for name, source in sending.signals.items():
            signal = _signal(key, message, name)
            words += self._sent(f"{key}.{name}", signal, source)
            self._lines.append(f"{source} -> {message.name}.{name}, {sending.period_ms} ms")
        return words

    def _sent(self, key: str, signal: Signal, source: str | float) -> list[int]:
        _, high = raw_range(signal)
        high = min(high, _MAX_WORD)
        scale, offset = _exact(signal.scale), _exact(signal.offset)
        if not isinstance(source, str):
            raw = (Fraction(str(source)) - offset) / scale
            if raw.denominator != 1 or not 0 <= raw <= high:
                raise DbcError(f"{key}: {source} cannot be sent in it")
            return [_CONSTANT, place(signal, key), 0, 1, int(raw), high]
        times = 1
        if source in _SENT_UNITS:
            wish = Wish(key, "", signal.name)
            times = _into(wish, signal, _SENT_UNITS[source])[0]
        # raw = (value / times - offset) / scale
        factor, plus = 1 / (scale * times), -offset / scale
        by = math.lcm(factor.denominator, plus.denominator)
        row = [SOURCES.index(source), place(signal, key), int(factor * by), by, int(plus * by)]
        for word in row:
            if abs(word) > _MAX_WORD:
                raise DbcError(f"{key}: scale or offset is too fine, or too large")
        return [*row, high]


def place(signal: Signal, key: str) -> int:
    """Where the bits are, as the driver's `raw` wants it. Raises DbcError."""
    if signal.is_float:
        raise DbcError(f"{key}: {signal.name} is a floating point number: not supported")
    if not 1 <= signal.length <= 32:
        raise DbcError(f"{key}: {signal.name} has {signal.length} bits, 32 are possible")
    first, last = _bytes(signal)
    shift = signal.start & 7
    if signal.byte_order == "big_endian":
        shift = 7 - (_last_bit(signal) & 7)
    return first | last << 3 | shift << 6 | (signal.length - 1) << 9 | int(signal.is_signed) << 14


def raw_range(signal: Signal) -> tuple[int, int]:
    """What the bits can hold."""
    if signal.is_signed:
        return -(1 << signal.length - 1), (1 << signal.length - 1) - 1
    return 0, (1 << signal.length) - 1


def _bytes(signal: Signal) -> tuple[int, int]:
    """The bytes with its most and its least significant bit."""
    if signal.byte_order == "big_endian":
        return signal.start >> 3, _last_bit(signal) >> 3
    return (signal.start + signal.length - 1) >> 3, signal.start >> 3


def _last_bit(signal: Signal) -> int:
    """The least significant bit of a big-endian signal, counted from byte 0's top."""
    return (signal.start & ~7) + 7 - (signal.start & 7) + signal.length - 1


def _exact(value: float) -> Fraction:
    return Fraction(str(value))  # what the file says, not what a float makes of it


def _bounds(
    name: str, wish: Wish, signal: Signal, converted: Callable[[Fraction], Fraction]
) -> tuple[int, int]:
    """What of it is plausible: the field's own range, narrowed by the DBC's and the mapping's."""
    low, high = NUMBERS[name]
    any_value = not signal.minimum and not signal.maximum  # [0|0]
    ends = [] if any_value else [(signal.minimum, True), (signal.maximum, False)]
    for value, is_low in [*ends, (wish.low, True), (wish.high, False)]:
        if value is None:
            continue
        bound = math.floor(converted(_exact(value)))
        if is_low != wish.invert:
            low = max(low, bound)
        else:
            high = min(high, bound)
    return low, high


def _into(
    wish: Wish, signal: Signal, units: dict[str, tuple[int, Any]]
) -> tuple[int, int | Fraction]:
    unit = wish.unit or signal.unit or ""
    if unit not in units:
        raise DbcError(
            f"{_named(wish)}: unit {unit!r} in the DBC; say unit = one of {', '.join(units)}"
        )
    return units[unit]


def _signal(key: str, message: Message, name: str) -> Signal:
    try:
        return message.get_signal_by_name(name)
    except KeyError:
        known = ", ".join(signal.name for signal in message.signals)
        raise DbcError(
            f"{key}: no signal {name} in message {message.name}; there are: {known}"
        ) from None


def _named(wish: Wish) -> str:
    return f"{wish.key}: {wish.message}.{wish.signal}" if wish.message else wish.key


def _bits(flags: Iterable[bool]) -> int:
    return sum(1 << n for n, flag in enumerate(flags) if flag)


def _timeout_ms(message: Message) -> int:
    """Three periods where the DBC tells one, within reason."""
    if not message.cycle_time:
        return _DEFAULT_TIMEOUT_MS
    return min(max(3 * message.cycle_time, 300), 5_000)
