"""The board's own measurement of the voltage at the gun: a divider to an ADC, calibrated.

A straight line through two points, which are options. With an offset at zero volts (a resistor to
3.3 V) a broken wire can be told from an empty gun.
"""

from micropython import const

from firmware.drivers.analog_input import AnalogInput
from firmware.errors import ChargerError

_BELOW_UV = const(100_000)  # so much under its zero, the input is a broken wire
_MOST_UV = const(3_050_000)  # where the ESP32's ADC ends
_FILTER_BITS = const(2)


class VoltageSense(AnalogInput):
    """`mv` at the gun, 0 while the input is `bad`: nothing is closed onto a guess.

    `full_mv` is the voltage at which the pin has `in_full_mv`; without any it has `in_zero_mv`.
    """

    def __init__(self, adc: "ADC", full_mv: int, in_zero_mv: int, in_full_mv: int) -> None:
        self._full_mv = full_mv
        self._zero_uv = in_zero_mv * 1000
        self._span_mv = in_full_mv - in_zero_mv
        highest_uv = min(in_full_mv * 1100, _MOST_UV)
        AnalogInput.__init__(self, adc, self._zero_uv - _BELOW_UV, highest_uv, _FILTER_BITS)

    @property
    def mv(self) -> int:
        """At the gun's side of the contactor."""
        above_uv = self.uv - self._zero_uv
        if self.bad or above_uv <= 0:
            return 0
        return above_uv // 10 * (self._full_mv // 100) // self._span_mv  # below 2^30


def make(adc: "ADC", options: "Options") -> VoltageSense:
    """The driver on its pin. ChargerError: the two points are too close together."""
    zero_mv, full_mv = options.gun_sense_in_zero_mv, options.gun_sense_in_full_mv
    if full_mv - zero_mv < 500:
        raise ChargerError(
            "hardware.json: gun_sense_in_full_mv: 500 mV above gun_sense_in_zero_mv at least"
        )
    return VoltageSense(adc, options.gun_sense_full_mv, zero_mv, full_mv)
