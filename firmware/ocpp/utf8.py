"""UTF-8 checked piece by piece, to the letter of RFC 3629, fast where it is plain ASCII.

MicroPython's own decoder lets surrogates and overlong forms through, and a text message may be
cut inside a character. frames.py calls it.
"""

from micropython import const

_STRIDE = const(32)
_HIGH_BITS = int.from_bytes(b"\x80" * _STRIDE, "little")


class Utf8:
    """The check of one text; make a new one for each text."""

    def __init__(self) -> None:
        self.left = 0  # bytes that the character under way still wants; 0: the text may end
        self._low = 0x80  # bounds of the next one of them
        self._high = 0xBF

    def feed(self, piece: bytes) -> bool:
        """False as soon as `piece` (any buffer) makes the text wrong."""
        left, low, high = self.left, self._low, self._high
        at = stop = 0
        while at < len(piece):
            if at >= stop:
                stop = at + _STRIDE
                if not left and not int.from_bytes(piece[at:stop], "little") & _HIGH_BITS:
                    at = stop
                    continue
            byte = piece[at]
            at += 1
            if left:
                if not low <= byte <= high:
                    return False
                left -= 1
                low, high = 0x80, 0xBF
            elif byte > 0x7F:
                if not 0xC2 <= byte <= 0xF4:  # C0, C1: overlong; F5 and more: past U+10FFFF
                    return False
                left = 1 if byte < 0xE0 else 2 if byte < 0xF0 else 3
                # No overlong forms, no surrogates, nothing past U+10FFFF.
                low = 0xA0 if byte == 0xE0 else 0x90 if byte == 0xF0 else 0x80
                high = 0x9F if byte == 0xED else 0x8F if byte == 0xF4 else 0xBF
        self.left, self._low, self._high = left, low, high
        return True
