"""The gun: its sense contact, its thermistor, the divider at its terminals, and its power wires.

The two sensors are there where the hardware options fit them; parts and calibration are theirs.
"""

import math
from typing import Any

from tools.sim.chips.pins import Contact
from tools.sim.plant.battery import Short

_SUPPLY_UV = 3_300_000
_ADC_UV = (142_000, 3_130_000)  # what the ESP32's ADC reads at the ends of its range
_BOUNCE_MS = 5.0
_ZERO_K, _ROOM_K = 273.15, 298.15
_WARMS_K_PER_A2 = 20 / 100**2  # at rest: 20 K above the air at 100 A


class Gun:
    """`wires`: ok, reversed (the battery's poles are swapped) or shorted; `lead` and `divider`
    of the two sensors: ok, open or short; `contact_open`: the wire of the sense contact is broken.
    """

    def __init__(self, fitted: Any) -> None:
        self._fitted = fitted
        self.contact = Contact(False, _BOUNCE_MS)
        self.contact_open = False
        self.wires = "ok"
        self.lead = self.divider = "ok"
        self.celsius: float | None = None  # set by hand
        self.short = Short()

    def well(self) -> bool:
        """Is nothing broken."""
        return (self.lead, self.divider, self.wires, self.contact_open) == (
            "ok",
            "ok",
            "ok",
            False,
        )

    def closed(self) -> bool:
        """Is the sense pair closed, and with it the interlock of the coil."""
        return self.contact.closed and not self.contact_open

    def conducts(self, now_ms: float) -> bool:
        """The sense contact as the charger sees it, bouncing."""
        return not self.contact_open and self.contact.conducts(now_ms)

    def inputs(self, volts: float, amps: float, ambient_c: float) -> dict[int, int]:
        """Pin -> microvolts of the sensors that are fitted."""
        found = {}
        options = self._fitted
        if options.gun_temperature_pin >= 0:
            warm_c = ambient_c + _WARMS_K_PER_A2 * amps * amps
            celsius = warm_c if self.celsius is None else self.celsius
            found[options.gun_temperature_pin] = self._thermistor_uv(celsius)
        if options.gun_sense_pin >= 0:
            found[options.gun_sense_pin] = self._divider_uv(volts)
        return {pin: round(min(max(uv, _ADC_UV[0]), _ADC_UV[1])) for pin, uv in found.items()}

    def _thermistor_uv(self, celsius: float) -> float:
        if self.lead != "ok":
            return _SUPPLY_UV if self.lead == "open" else 0
        options = self._fitted
        kelvins = 1 / (celsius + _ZERO_K) - 1 / _ROOM_K
        ohm = options.gun_ntc_ohm * math.exp(options.gun_ntc_beta * kelvins)
        return float(_SUPPLY_UV * ohm / (ohm + options.gun_ntc_pull_up_ohm))

    def _divider_uv(self, volts: float) -> float:
        if self.divider != "ok":
            return _SUPPLY_UV if self.divider == "short" else 0
        options = self._fitted
        span_mv = options.gun_sense_in_full_mv - options.gun_sense_in_zero_mv
        part = max(volts, 0.0) * 1000 / options.gun_sense_full_mv
        return float((options.gun_sense_in_zero_mv + part * span_mv) * 1000)
