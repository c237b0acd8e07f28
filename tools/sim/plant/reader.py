"""Tag readers, and the 125 kHz one of the RDM6300 class: it repeats its frame near a card."""

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from tools.sim.chips.uart import Uart

_REPEATS = 3
_PERIOD_MS = 60.0


class Reader:
    """A reader on its wire: a Uart, or for what hangs on single pins the board."""

    WIRE: tuple[Any, ...] = ()
    DIGITS: tuple[int, ...] = (10,)  # hex digits of the tags it can read

    def __init__(self, wire: Any) -> None:
        self.on = True
        self.due_ms = math.inf
        self.levels: Mapping[int, Callable[[], int]] = {}  # of the pins that it drives

    def reads(self, tag: str) -> bool:
        """Is it a tag for this kind of reader."""
        return bool(re.fullmatch(r"[0-9A-Fa-f]+", tag)) and len(tag) in self.DIGITS

    def wanted(self) -> str:
        """What it reads, in words."""
        counts = " or ".join("ten" if n == 10 else str(n) for n in self.DIGITS)
        return f"{counts} hex digits, for example tag {'0A1B2C3D4E5F60718293'[: self.DIGITS[0]]}"

    def present(self, tag: str, now_ms: float) -> None:
        """Hold a card to the reader for a moment."""
        raise NotImplementedError

    def switch(self, on: bool) -> None:
        """Pull its plug, or put it back."""
        self.on = on

    def advance(self, now_ms: float) -> None:
        """Do what is due."""


def tag_frame(tag: str) -> bytes:
    """0x02, ten hex digits, two digits of checksum (XOR of the five bytes), 0x03."""
    checksum = 0
    for byte in bytes.fromhex(tag):
        checksum ^= byte
    return f"\x02{tag.upper()}{checksum:02X}\x03".encode("ascii")


class TagReader(Reader):
    """On the receiving side of a UART."""

    WIRE = ("uart", 9600, 8, None, 1)

    def __init__(self, wire: Uart) -> None:
        super().__init__(wire)
        self._uart = wire

    def present(self, tag: str, now_ms: float) -> None:
        """A card of ten hex digits."""
        for i in range(_REPEATS if self.on else 0):
            self._uart.arrive(tag_frame(tag), now_ms + i * _PERIOD_MS)
