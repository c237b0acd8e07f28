"""A power stage on single pins: set points as PWM, an enable pin, its output on two ADC inputs.

hardware-protocols.md section 3.8. Each signal is a straight line through two points, which are
options. A sense signal outside its range is no measurement: it is a fault.
"""

from micropython import const

from firmware.charging.readings import FAULT_MODULE

from .module import AMPS, VOLTS, ModuleDriver

WIRE = ("analog",)
_FULL_DUTY = const(65_535)
_RISES = (200, 40)  # at most so many mV and mA a millisecond
_FILTER_BITS = const(3)  # a sample counts for an eighth: 80 ms at 10 ms a poll
_BELOW_UV = const(100_000)  # so much under its zero, an input is a broken wire
_MOST_UV = const(3_050_000)  # where the ESP32's ADC ends
_BAD_MS = const(100)  # so long before it is a fault
_MOST_MS = const(1000)


class Analog(ModuleDriver):
    """`wire`: PWM of volts and amps, enable pin, ADC of volts and amps.

    `full`: mV and mA at full duty; `zeros`: duty where the output begins; `senses`: (zero, full)
    in mV at the pin for each input, full meaning the same mV and mA; `limits`: most mV and mA,
    least mV.
    """

    def __init__(
        self,
        wire: tuple,
        reading: "ModuleReading",
        full: tuple,
        zeros: tuple,
        senses: tuple,
        limits: tuple,
    ) -> None:
        ModuleDriver.__init__(self, None, reading, *limits)
        self._outputs = wire[:2]
        self._enable = wire[2]
        self._inputs = wire[3:]
        self._full = full
        self._zeros = zeros
        self._senses = senses
        self._levels = [0, 0]  # what is put out now, mV and mA
        self._duties = [-1, -1]
        self._sensed_uv = [-1, -1]
        self._bad_ms = 0

    def flush(self) -> bool:
        """Off at once, when that is wanted."""
        if not self._on:
            self._enable(0)
        return True

    def poll(self, dt_ms: int) -> None:
        """Move the outputs, then measure; call it every 5 to 20 ms."""
        self._grow(dt_ms)
        self.flush()
        for i in (0, 1):
            self._drive(i, dt_ms)
        if self._on:
            self._enable(1)
        self._reading.on = self._on
        good = self._sense(0) and self._sense(1)
        if good:
            self._heard()
            self._take()
        self._bad_ms = 0 if good else min(self._bad_ms + dt_ms, _MOST_MS)
        self._has_fault(FAULT_MODULE if self._bad_ms > _BAD_MS else 0)

    def _drive(self, i: int, dt_ms: int) -> None:
        target = self._targets[i] if self._on else 0
        level = self._levels[i] = min(target, self._levels[i] + _RISES[i] * dt_ms)
        zero = self._zeros[i]
        # In tens: no product passes 2^30.
        duty = level // 10 * (_FULL_DUTY - zero) // (self._full[i] // 10)
        duty = min(zero + duty, _FULL_DUTY) if level else 0
        if duty != self._duties[i]:
            self._duties[i] = duty
            self._outputs[i].duty_u16(duty)

    def _sense(self, i: int) -> bool:
        """A sample into the filter; False when it is none."""
        uv = self._inputs[i].read_uv()
        zero_mv, full_mv = self._senses[i]
        highest_uv = min(full_mv * 1100, _MOST_UV)
        if not zero_mv * 1000 - _BELOW_UV <= uv <= highest_uv:
            self._sensed_uv[i] = -1
            return False
        sensed_uv = self._sensed_uv[i]
        if sensed_uv < 0:
            sensed_uv = uv
        self._sensed_uv[i] = sensed_uv + (uv - sensed_uv >> _FILTER_BITS)
        return True

    def _scaled(self, i: int) -> int:
        zero_mv, full_mv = self._senses[i]
        above = max(self._sensed_uv[i] - zero_mv * 1000, 0)
        return above // 10 * (self._full[i] // 100) // (full_mv - zero_mv)

    def _take(self) -> None:
        self._reading.output_mv = self._scaled(0)
        self._reading.output_ma = self._scaled(1)
        self._measured(VOLTS | AMPS)


def make(wire: tuple, reading: "ModuleReading", options: "Options") -> Analog:
    """The driver on its pins."""
    return Analog(
        wire,
        reading,
        (options.power_volts_full_mv, options.power_amps_full_ma),
        (options.power_volts_zero_duty, options.power_amps_zero_duty),
        (
            (options.power_volts_in_zero_mv, options.power_volts_in_full_mv),
            (options.power_amps_in_zero_mv, options.power_amps_in_full_mv),
        ),
        (
            min(options.power_max_mv, options.power_volts_full_mv),
            min(options.power_max_ma, options.power_amps_full_ma),
            options.power_min_mv,
        ),
    )
