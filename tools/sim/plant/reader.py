"""An RDM6300-class 125 kHz tag reader: while a card is near, it repeats its frame."""

import re

from tools.sim.chips.uart import Uart

_TAG = re.compile(r"[0-9A-Fa-f]{10}")
_REPEATS = 3
_PERIOD_MS = 60.0


def is_tag(text: str) -> bool:
    """Ten hex digits."""
    return bool(_TAG.fullmatch(text))


def tag_frame(tag: str) -> bytes:
    """0x02, ten hex digits, two digits of checksum (XOR of the five bytes), 0x03."""
    checksum = 0
    for byte in bytes.fromhex(tag):
        checksum ^= byte
    return f"\x02{tag.upper()}{checksum:02X}\x03".encode("ascii")


class TagReader:
    """On the receiving side of `uart`."""

    WIRE = ("uart", 9600, 8, None, 1)

    def __init__(self, uart: Uart) -> None:
        self._uart = uart

    def present(self, tag: str, now_ms: float) -> None:
        """Hold a card of ten hex digits to the reader for a moment."""
        for i in range(_REPEATS):
            self._uart.arrive(tag_frame(tag), now_ms + i * _PERIOD_MS)
