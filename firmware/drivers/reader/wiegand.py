"""Wiegand readers of 26 or 34 bits on two pins: each edge is a bit, a silence ends the frame.

hardware-protocols.md section 6.3. The idTag are the bits between the two parity bits: six or
eight hex digits, the facility code first. Bits come by pin interrupts, which on the ESP32 wait
until the interpreter has time and are few at once: what loses some is refused, and the card has to
be presented again. Frames of 4 or 8 bits (a keypad's) are not tags.
"""

from micropython import const

from firmware.drivers.reader.presence import Presence

WIRE = ("wiegand",)

_SILENCE_MS = const(25)
_SHORT = const(26)
_LONG = const(34)
_MOST = const(40)


class Wiegand:
    """Driver; `bits` is the only length that is taken, 0 = 26 and 34. `refused` counts frames."""

    def __init__(self, d0: "Pin", d1: "Pin", bits: int = 0) -> None:
        self._wanted = bits
        self._presence = Presence()
        self._bits = bytearray(_MOST)
        self._count = 0
        self._seen = 0  # of them at the last look
        self._silent_ms = 0
        self.refused = 0
        d0.irq(self._zero, d0.IRQ_FALLING)
        d1.irq(self._one, d1.IRQ_FALLING)

    def _zero(self, pin: "Pin") -> None:
        if self._count < _MOST:
            self._bits[self._count] = 0
            self._count += 1

    def _one(self, pin: "Pin") -> None:
        if self._count < _MOST:
            self._bits[self._count] = 1
            self._count += 1

    def poll(self, dt_ms: int) -> "str | None":
        """The idTag of a card that has just been presented, or None; `dt_ms` since the last call.

        Allocates only when a card is read.
        """
        self._presence.passes(dt_ms)
        if self._count != self._seen:
            self._seen = self._count
            self._silent_ms = 0
            return None
        if not self._count:
            return None
        self._silent_ms += dt_ms
        if self._silent_ms < _SILENCE_MS:
            return None
        count, self._count, self._seen = self._count, 0, 0
        if count != self._wanted and (self._wanted or count not in (_SHORT, _LONG)):
            self.refused += 1
            return None
        return self._decode(count)

    def _decode(self, count: int) -> "str | None":
        """First half with its parity bit is even, second half odd."""
        bits = self._bits
        half = count // 2
        if sum(bits[:half]) & 1 or not sum(bits[half:count]) & 1:
            self.refused += 1
            return None
        number = 0
        for i in range(1, count - 1):
            number = number << 1 | bits[i]
        return self._presence.seen("%0*X" % ((count - 2) // 4, number))


def make(pins: tuple, reading: None, options: "Settings") -> Wiegand:
    """The driver on (D0, D1)."""
    bits = options.reader_wiegand_bits
    return Wiegand(pins[0], pins[1], 0 if bits == "auto" else int(bits))
