"""An RDM6300-class tag reader: what it puts on the wire while a card is near."""

import re

_REPEATS = 3
_GAP_MS = 60.0


def frame(tag: str) -> bytes:
    """STX, ten hex digits, checksum (XOR of the five bytes) as two digits, ETX."""
    checksum = 0
    for byte in bytes.fromhex(tag):
        checksum ^= byte
    return b"\x02" + tag.upper().encode() + b"%02X" % checksum + b"\x03"


def is_tag(text: str) -> bool:
    """Ten hex digits."""
    return re.fullmatch(r"[0-9A-Fa-f]{10}", text) is not None


def bursts(tag: str, now_ms: float) -> list[tuple[float, bytes]]:
    """When which bytes are sent, as long as the card stays."""
    return [(now_ms + n * _GAP_MS, frame(tag)) for n in range(_REPEATS)]
