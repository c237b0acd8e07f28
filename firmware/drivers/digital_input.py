"""A debounced digital input, with its own time for each direction: what stops must stop fast."""

from micropython import const

_EDGE = const(1)  # the pin has interrupted since the last sample
_PRESSED = const(2)  # and said active, then


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
        self._seen = 0
        self.active = self.raw()
        self.changed = False  # in the last update

    def watch(self, cut: "Callable") -> None:
        """Call `cut()` as soon as the pin says active, between two samples; the next one agrees.

        On the chip that is between two bytecodes, whatever runs: a flash write, a file being read.
        """
        self._cut = cut
        self._handler = self._interrupt  # made once: `update` allocates nothing
        self._arm()

    def _arm(self) -> None:
        pin = self._pin
        pin.irq(self._handler, pin.IRQ_FALLING if self._active_low else pin.IRQ_RISING)

    def _interrupt(self, pin: "Pin") -> None:
        pin.irq(None)  # until the next sample, so that noise on the wire cannot take all time
        self._seen = _EDGE
        if self.raw():
            self._seen = _PRESSED
            self._cut()

    def raw(self) -> bool:
        """What the pin says at this moment."""
        return (self._pin() == 0) == self._active_low

    def update(self, dt_ms: int) -> None:
        """Sample the pin, `dt_ms` after the last time. Allocates nothing."""
        self.changed = False
        seen = self._seen
        if seen:
            self._seen = 0
            self._arm()
        if seen == _PRESSED and not self.active:  # however short it was
            self.active = self.changed = True
            self._differs_ms = 0
        elif self.raw() == self.active:
            self._differs_ms = 0
        elif self._differs_ms >= (self._release_ms if self.active else self._assert_ms):
            self.active = not self.active
            self.changed = True
            self._differs_ms = 0
        else:
            self._differs_ms += dt_ms
