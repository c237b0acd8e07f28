"""The NTC thermistor in the gun: a resistor to 3.3 V, the thermistor to ground, an ADC between.

The curve is worked out once, from its resistance at 25 degC and its B value; the control tick only
looks it up.
"""

from array import array
from math import exp

from micropython import const

from firmware.charging.readings import UNKNOWN_TEMPERATURE
from firmware.drivers.analog_input import AnalogInput
from firmware.errors import ChargerError

_SUPPLY_UV = 3_300_000
_SHORT_UV = const(160_000)  # below it the ADC tells nothing apart
_OPEN_UV = const(2_900_000)
_FILTER_BITS = const(3)
_COLDEST_C10 = const(-400)
_STEP_C10 = const(100)
_POINTS = const(20)  # up to 150 degC; between two the error is below 0.5 degC
_ROOM_C10 = const(0)  # what has to be measurable at least
_HOT_C10 = const(1000)
_ZERO_K = 273.15
_ROOM_K = 298.15


class Thermistor(AnalogInput):
    """`c10`: 0.1 degC, the last good one; `bad`: open, shorted, or out of what can be told."""

    def __init__(self, adc: "ADC", curve_uv: "array") -> None:
        self._curve_uv = curve_uv
        AnalogInput.__init__(self, adc, _SHORT_UV, _OPEN_UV, _FILTER_BITS)

    @property
    def c10(self) -> int:
        """The temperature; on a straight line between two points of the curve."""
        return celsius(self._curve_uv, self.uv) if self.uv >= 0 else UNKNOWN_TEMPERATURE


def celsius(curve_uv: "array", uv: int) -> int:
    """0.1 degC at `uv`; what lies outside of the curve counts as its end."""
    if uv >= curve_uv[0]:
        return _COLDEST_C10
    for i in range(1, _POINTS):
        colder_uv = curve_uv[i - 1]
        if uv > curve_uv[i]:
            part = (colder_uv - uv) * _STEP_C10 // (colder_uv - curve_uv[i])
            return _COLDEST_C10 + (i - 1) * _STEP_C10 + part
    return _COLDEST_C10 + (_POINTS - 1) * _STEP_C10


def curve(ohm: int, beta: int, pull_up_ohm: int) -> "array":
    """Microvolts at the pin, from the coldest point to the hottest."""
    points = array("i")
    for i in range(_POINTS):
        kelvin = (_COLDEST_C10 + i * _STEP_C10) / 10 + _ZERO_K
        at = ohm * exp(beta / kelvin - beta / _ROOM_K)
        points.append(int(_SUPPLY_UV * at / (at + pull_up_ohm)))
    return points


def make(adc: "ADC", options: "Options") -> Thermistor:
    """The driver on its pin. ChargerError: these parts cannot tell 0 to 100 degC."""
    points = curve(options.gun_ntc_ohm, options.gun_ntc_beta, options.gun_ntc_pull_up_ohm)
    lowest = celsius(points, _OPEN_UV)
    highest = celsius(points, _SHORT_UV)
    if lowest > _ROOM_C10 or highest < _HOT_C10:
        raise ChargerError(
            "hardware.json: gun_ntc_pull_up_ohm: %d to %d degC can be told, 0 to 100 wanted"
            % (lowest // 10, highest // 10)
        )
    return Thermistor(adc, points)
