"""A debounced digital input, with its own time for each direction: what stops must stop fast."""


class DigitalInput:
    """`active` after `assert_ms` of agreement, inactive after `release_ms`; 0 = first sample.

    Starts as the pin is, so that nothing "happens" at power-up.
    """

    def __init__(
        self, pin: "Pin", active_low: bool = True, assert_ms: int = 0, release_ms: int = 0
    ) -> None:
        self._pin = pin
        self._active_low = active_low
        self._assert_ms = assert_ms
        self._release_ms = release_ms
        self._differs_ms = 0
        self.active = self.raw()
        self.changed = False  # in the last update

    def raw(self) -> bool:
        """What the pin says at this moment."""
        return (self._pin() == 0) == self._active_low

    def update(self, dt_ms: int) -> None:
        """Sample the pin, `dt_ms` after the last time. Allocates nothing."""
        self.changed = False
        if self.raw() == self.active:
            self._differs_ms = 0
        elif self._differs_ms >= (self._release_ms if self.active else self._assert_ms):
            self.active = not self.active
            self.changed = True
            self._differs_ms = 0
        else:
            self._differs_ms += dt_ms
