"""UTF-8 checked piece by piece, to the letter of RFC 3629 and fast where it is plain ASCII.

MicroPython's own decoder lets surrogates and overlong forms through, and a text message may be
cut inside a character. frames.py calls it.
"""

from micropython import const

_STRIDE = const(32)
_HIGH_BITS = int.from_bytes(b"\x80" * _STRIDE, "little")


class Utf8:
    """The check of one text; a new one for each text."""

    def __init__(self) -> None:
        self._left = 0  # bytes the character under way still wants
        self._low = 0x80  # bounds of the next one of them
        self._high = 0xBF

    def complete(self) -> bool:
        """Whether the text may end here."""
        return not self._left

    def feed(self, piece: bytes) -> bool:
        """False as soon as `piece` makes the text wrong. Takes any buffer."""
        at = 0
        size = len(piece)
        while at < size:
            stop = min(at + _STRIDE, size)
            if self._left or int.from_bytes(piece[at:stop], "little") & _HIGH_BITS:
                if not self._slow(piece, at, stop):
                    return False
            at = stop
        return True

    def _slow(self, piece: bytes, at: int, stop: int) -> bool:
        left = self._left
        low = self._low
        high = self._high
        while at < stop:
            byte = piece[at]
            at += 1
            if left:
                if not low <= byte <= high:
                    return False
                left -= 1
                low = 0x80
                high = 0xBF
            elif byte > 0x7F:
                if not 0xC2 <= byte <= 0xF4:  # C0, C1: overlong; F5..: above U+10FFFF
                    return False
                left = 1 if byte < 0xE0 else 2 if byte < 0xF0 else 3
                if byte == 0xE0:
                    low = 0xA0  # overlong below
                elif byte == 0xED:
                    high = 0x9F  # surrogates above
                elif byte == 0xF0:
                    low = 0x90  # overlong below
                elif byte == 0xF4:
                    high = 0x8F  # above U+10FFFF
        self._left = left
        self._low = low
        self._high = high
        return True


def valid(text: bytes) -> bool:
    """Whether the whole of `text` is UTF-8."""
    check = Utf8()
    return check.feed(text) and check.complete()
