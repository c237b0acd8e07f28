"""Words of the control port into values: names, ranges, and what is wrong with them."""

import math
from collections.abc import Callable, Mapping
from typing import Any


class BadCommand(Exception):
    """The text says what is wrong and what is allowed."""


class Range:
    """Numbers from `low` to `high`, only whole ones if `whole`, or also the word auto."""

    def __init__(
        self, low: float, high: float, *, whole: bool = False, auto: bool = False
    ) -> None:
        self._low, self._high, self._whole, self._auto = low, high, whole, auto

    def __str__(self) -> str:
        if self._whole:
            return f"{self._low:g} or {self._high:g}"
        return f"{self._low:g} to {self._high:g}" + (" or auto" if self._auto else "")

    def read(self, text: str) -> float | str:
        """The value. Raises ValueError."""
        if self._auto and text == "auto":
            return text
        number = float(text)
        fits = math.isfinite(number) and self._low <= number <= self._high
        if not fits or self._whole and number != int(number):
            raise ValueError
        return number


class Words:
    """A few words, or also a number of `range`."""

    def __init__(self, *words: str, range: Range | None = None) -> None:
        self._words, self._range = words, range

    def __str__(self) -> str:
        words = "|".join(self._words)
        return words + (f" or {self._range}" if self._range else "")

    def read(self, text: str) -> float | str:
        """The word or the number. Raises ValueError."""
        if text in self._words:
            return text
        if self._range is None:
            raise ValueError
        return self._range.read(text)


BMS: dict[str, Range | Words] = {
    "soc": Range(0, 100),
    "voltage": Range(0, 120, auto=True),
    "current_limit": Range(0, 500),
    "voltage_limit": Range(0, 120),
    "temperature": Range(-40, 125),
    "allowed": Range(0, 1, whole=True),
    "heating": Range(0, 1, whole=True),
    "voltage_scale": Range(0, 10),
    "current_sign": Range(-1, 1, whole=True),
    "alarm": Words("none", "short", "weld", "insulation"),
}
MODULE: dict[str, Range | Words] = {
    "temperature": Range(-40, 150, auto=True),
    "fault": Range(0, 1, whole=True),
}
# what may be wrong with it (tools/sim/plant/source.py)
MODULE_ILLS: dict[str, Range | Words] = {
    "extra_volts": Range(-100, 100),
    "extra_amps": Range(-300, 300),
    "bleeder": Range(0.1, 1e9),
    "leak": Range(0, 100),
    "stuck": Range(0, 1, whole=True),
}
GUN: dict[str, Range | Words] = {
    "temperature": Words("auto", "open", "short", range=Range(-40, 150)),
    "sense": Words("ok", "open", "short"),
    "contact": Words("ok", "open"),
    "wires": Words("ok", "reversed", "shorted"),
}


def parse(
    words: list[str], handlers: Mapping[str, Callable[[list[str]], None]]
) -> Callable[[list[str]], None]:
    """The handler of a command."""
    if not words or words[0] not in handlers:
        said = f"unknown command {words[0]!r}" if words else "no command"
        raise BadCommand(f"{said}; known: {' '.join(handlers)}")
    return handlers[words[0]]


def switch(name: str, words: list[str], on: str = "on", off: str = "off") -> bool:
    """on or off, or two other words."""
    if words not in ([on], [off]):
        raise BadCommand(f"{name} {on} or {name} {off}")
    return words == [on]


def values(
    name: str, words: list[str], table: Mapping[str, Range | Words], switched: bool = True
) -> dict[str, Any]:
    """key=value words, every one checked before any is returned."""
    allowed = ", ".join(f"{key}={range}" for key, range in table.items())
    others = f"{name} on, {name} off, or " if switched else ""
    if not words:
        raise BadCommand(f"{others}one or more of: {allowed}")
    found: dict[str, Any] = {}
    for word in words:
        key, equals, text = word.partition("=")
        if not equals or key not in table:
            alone = "on, off (alone), or: " if switched else ""
            raise BadCommand(f"{name} {word}: allowed are {alone}{allowed}")
        if key in found:
            raise BadCommand(f"{name}: {key} is given twice")
        try:
            found[key] = table[key].read(text)
        except ValueError:
            raise BadCommand(f"{name} {word}: {key} is {table[key]}") from None
    return found
