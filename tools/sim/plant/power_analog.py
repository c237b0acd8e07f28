"""A power stage on single pins: two PWM set points, an enable pin, two sense signals.

The calibration is that of the hardware options. Without mains the sense signals are gone.
"""

import random
from collections.abc import Callable
from typing import Any

from tools.sim.plant.source import PowerSource

_LOOK_MS = 5.0
_FULL_DUTY = 65_535
_LOST_UV = 0


class AnalogStage(PowerSource):
    """`board`: what the pins belong to: `pins`, `pwm_outputs`, `adc_uv`, and `fitted`."""

    WIRE = ("analog",)
    SILENCE_MS = 1e12

    def __init__(
        self, board: Any, now_ms: Callable[[], float], terminals: Callable[[], tuple[float, float]]
    ) -> None:
        self._board = board
        self._look_ms = 0.0
        self.noise_uv = 0  # at most so much, up or down
        self._random = random.Random(1)
        super().__init__(board, now_ms, terminals)

    @property
    def due_ms(self) -> float:
        """It follows its pins."""
        return self._look_ms

    def advance(self, now_ms: float) -> None:
        """Without mains as well: what is on the wires."""
        super().advance(now_ms)
        if now_ms >= self._look_ms:
            self._look_ms = now_ms + _LOOK_MS
            self._show()

    def speak(self, now_ms: float) -> None:
        """Follow enable pin and set points."""
        options = self._board.fitted
        on = bool(self._board.pins.level(options.power_enable_pin))
        if not self.fault and on != self.wanted_on:
            self.switch(on)
        self.heard()
        self.ask(self._asked("volts", "mv"), self._asked("amps", "ma"))

    def _asked(self, what: str, unit: str) -> float:
        options = self._board.fitted
        pin = getattr(options, f"power_{what}_out_pin")
        zero = getattr(options, f"power_{what}_zero_duty")
        full = getattr(options, f"power_{what}_full_{unit}") / 1000
        _, duty = self._board.pwm_outputs.get(pin, (0, 0))
        return max(duty - zero, 0) / (_FULL_DUTY - zero) * full

    def _noise(self) -> int:
        return self._random.randint(-self.noise_uv, self.noise_uv) if self.noise_uv else 0

    def _show(self) -> None:
        options = self._board.fitted
        for what, unit, value in (("volts", "mv", self.volts), ("amps", "ma", self.amps)):
            zero = getattr(options, f"power_{what}_in_zero_mv")
            span = getattr(options, f"power_{what}_in_full_mv") - zero
            full = getattr(options, f"power_{what}_full_{unit}") / 1000
            uv = round((zero + value / full * span) * 1000) + self._noise()
            pin = getattr(options, f"power_{what}_in_pin")
            self._board.adc_uv[pin] = max(uv, 0) if self.powered else _LOST_UV
