"""A push button: one press is told once, however long it is held."""

from micropython import const

_PRESS_MS = const(20)
_UP = const(-1)


class Button:
    """Push button on a pin; held down at power-up it is not a press."""

    def __init__(self, pin: "Pin", active_low: bool = True) -> None:
        self._pin = pin
        self._down_level = 0 if active_low else 1
        self._down_ms = _PRESS_MS
        self.pressed = False  # until taken

    def update(self, dt_ms: int) -> None:
        """Sample the pin, `dt_ms` after the last time. Allocates nothing."""
        if self._pin() != self._down_level:
            self._down_ms = _UP
        elif self._down_ms == _UP:
            self._down_ms = 0
        elif self._down_ms < _PRESS_MS:
            self._down_ms += dt_ms
            if self._down_ms >= _PRESS_MS:
                self.pressed = True

    def down(self) -> bool:
        """Is it held down at this moment, not debounced."""
        return self._pin() == self._down_level

    def take(self) -> bool:
        """Has it been pressed since the last call."""
        pressed = self.pressed
        self.pressed = False
        return pressed
