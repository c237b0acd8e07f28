"""An analog input of the board: filtered, and held to what its circuit can give.

The circuit is laid out so that a broken or shorted wire lies outside of what it can give; the
ESP32's ADC itself ends at about 0.14 V and 3.1 V.
"""

from micropython import const

_BAD = const(6)  # three samples one after the other, or half of them for longer
_BAD_MOST = const(20)


class AnalogInput:
    """`uv` is the filtered level; `bad`: the samples make no sense.

    Only good samples count; before the first of them `uv` is -1.
    `adc` has `read_uv()`; a sample of less than `low_uv` or more than `high_uv` is none. A new
    one counts for one part in 2 ** `filter_bits`.
    """

    def __init__(self, adc: "ADC", low_uv: int, high_uv: int, filter_bits: int) -> None:
        self._adc = adc
        self._low_uv = low_uv
        self._high_uv = high_uv
        self._filter_bits = filter_bits
        self._doubt = _BAD  # until the first good sample
        self.uv = -1
        self.update()

    def update(self) -> None:
        """Take a sample; call it once a tick. Allocates nothing while the ADC answers."""
        try:
            uv = self._adc.read_uv()
        except OSError:  # newer MicroPython says so where a reading is invalid
            uv = -1
        if self._low_uv <= uv <= self._high_uv:
            if self.uv < 0:
                self.uv = uv
                self._doubt = 0
            self.uv += uv - self.uv >> self._filter_bits
            if self._doubt:
                self._doubt -= 1
        elif self._doubt < _BAD_MOST:
            self._doubt += 2
        self.bad = self._doubt >= _BAD
