"""A Wiegand reader: each bit a short low pulse on D0 or D1, 24 or 32 bits between two of parity.

Written from hardware-protocols.md section 6.3.
"""

import functools
import math
from collections import deque
from typing import Any

from tools.sim.plant.reader import Reader

_FALLING = 2
_FIRST_MS = 5.0
_BIT_MS = 2.0
_PULSE_MS = 0.05


def bits_of(tag: str) -> str:
    """The frame as 0 and 1: even parity over the first half, odd over the second."""
    bits = f"{int(tag, 16):0{4 * len(tag)}b}"
    first, second = bits[: len(bits) // 2], bits[len(bits) // 2 :]
    return f"{first.count('1') % 2}{first}{second}{1 - second.count('1') % 2}"


class WiegandReader(Reader):
    """`board` has `interrupt(pin, edge)` and `fitted` with the two pins."""

    WIRE = ("wiegand",)
    DIGITS = (6, 8)

    def __init__(self, board: Any) -> None:
        super().__init__(board)
        self._board = board
        self._pins = (board.fitted.reader_d0, board.fitted.reader_d1)
        self._pulses: deque[tuple[float, int]] = deque()
        self._last = (-1.0, -1)
        self.levels = {pin: functools.partial(self._level, pin) for pin in self._pins}

    def _level(self, pin: int) -> int:
        began_ms, pulsed = self._last
        low = pulsed == pin and self._board.now_ms < began_ms + _PULSE_MS
        return 0 if low else 1

    def present(self, tag: str, now_ms: float) -> None:
        """A card of three or four bytes."""
        self.send(bits_of(tag), now_ms)

    def send(self, bits: str, now_ms: float) -> None:
        """Any frame, for tests."""
        if self.on:
            pins = [self._pins[int(bit)] for bit in bits]
            start_ms = now_ms + _FIRST_MS
            self._pulses.extend((start_ms + i * _BIT_MS, pin) for i, pin in enumerate(pins))
        self._plan()

    def _plan(self) -> None:
        self.due_ms = self._pulses[0][0] if self._pulses else math.inf

    def advance(self, now_ms: float) -> None:
        """The pulses that are due."""
        while self._pulses and self._pulses[0][0] <= now_ms:
            self._last = self._pulses.popleft()
            self._board.interrupt(self._last[1], _FALLING)
        self._plan()
