"""A push button: one press is told once, however long it is held."""


class Button:
    """Push button on a debounced `input`; held down at power-up it is not a press."""

    def __init__(self, input: "DigitalInput") -> None:
        self._input = input
        self.pressed = False  # until taken

    def update(self, dt_ms: int) -> None:
        """Sample the pin, `dt_ms` after the last time. Allocates nothing."""
        self._input.update(dt_ms)
        if self._input.changed and self._input.active:
            self.pressed = True

    def take(self) -> bool:
        """Has it been pressed since the last call."""
        pressed = self.pressed
        self.pressed = False
        return pressed
