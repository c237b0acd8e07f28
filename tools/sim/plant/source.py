"""A power module's physics: an output with current and voltage limit that protects itself.

Too hot, broken, or without a request for too long, its output goes off and has to be switched on
again. How it is told what to do is a subclass's business.
"""

import math
from collections.abc import Callable
from typing import Any

from tools.sim.plant.battery import Battery, Short

_RISE_A_PER_S, _FALL_A_PER_S, _OFF_A_PER_S = 200.0, 2_000.0, 10_000.0
_RISE_V_PER_S = 400.0
_BLEED_S = 5.5  # time constant: from 77 V to 60 V in 1.4 s
_TRIP_C, _COOL_C = 85.0, 70.0
_WARMS_K_PER_A, _WARMS_S = 0.15, 300.0
_EMPTY_VOLTS = 0.01
_WELL = {"extra_volts": 0.0, "extra_amps": 0.0, "bleeder": _BLEED_S, "leak": 0.0, "stuck": 0.0}


class PowerSource:
    """The output stage with its capacitor; silent without mains.

    A subclass says by `WIRE` what it hangs on, as the drivers do; its constructor takes that
    `wire`, the clock and `terminals()`: volts and amps at the gun. It calls `heard` at each
    request, `ask` and `switch` for what it is told, and overrides `due_ms`, `speak`, `tell` and
    `forget`.
    """

    WIRE: tuple[Any, ...] = ()
    MAX_VOLTS, MAX_AMPS = 100.0, 120.0
    SILENCE_MS = 5_000.0  # without a request for so long, it switches off

    def __init__(
        self, wire: Any, now_ms: Callable[[], float], terminals: Callable[[], tuple[float, float]]
    ) -> None:
        self.ambient_c = 26.5
        self.pinned_c: float | None = None  # temperature set by hand
        self.powered = True
        self.fault = False
        self.hot = False
        # What may be wrong with it: it delivers more (or less) than it is asked for; its output
        # empties with another time constant (s), or keeps a voltage; it is deaf.
        self.ills = dict(_WELL)
        self._regulated = 0.0
        self.amps = 0.0  # out of the output stage
        self.volts = 0.0  # at its own capacitor
        self.silence_trips = self.heat_trips = 0
        self._rise_k = 0.0
        self._now_ms = now_ms
        self._terminals = terminals
        self._start()

    def _start(self) -> None:
        self.wanted_on = False
        self.set_volts = self.set_amps = 0.0
        self._heard_ms = self._now_ms()
        self.forget()

    def forget(self) -> None:
        """Mains came or went: the conversation begins anew."""

    # ---- what people do to it ----

    def power(self, on: bool) -> None:
        """Mains on or off; it forgets what it was told."""
        if on != self.powered:
            self.powered = on
            self._start()

    def break_down(self, fault: bool) -> None:
        """Its own fault comes or goes; a fault is told at once."""
        if fault != self.fault:
            self.fault = fault
            self.wanted_on = False
            self.tell()

    def tell(self) -> None:
        """Something has happened; one that speaks by itself says so at once."""

    # ---- what it is told ----

    def heard(self) -> None:
        """A request has come."""
        self._heard_ms = self._now_ms()

    def ask(self, volts: float | None = None, amps: float | None = None) -> None:
        """Set points; it takes what it is rated for."""
        if self.ills["stuck"]:
            return
        if volts is not None:
            self.set_volts = min(max(volts, 0.0), self.MAX_VOLTS)
        if amps is not None:
            self.set_amps = min(max(amps, 0.0), self.MAX_AMPS)

    def switch(self, on: bool) -> None:
        """On or off; a broken or hot one stays off."""
        if not self.ills["stuck"]:
            self.wanted_on = on and not self.fault and not self.hot

    def ail(self, ills: dict[str, float]) -> None:
        """Something is wrong with it, or no longer."""
        self.ills.update(ills)

    def well(self) -> bool:
        """Is nothing of that wrong."""
        return self.ills == _WELL

    # ---- the output ----

    @property
    def enabled(self) -> bool:
        """May the output stage work."""
        return self.wanted_on and self.powered and not self.fault and not self.hot

    @property
    def on(self) -> bool:
        """Is the output stage on, or still running out."""
        return self.enabled or self.amps != 0

    @property
    def temperature_c(self) -> float:
        """Of the heat sink."""
        return self.ambient_c + self._rise_k if self.pinned_c is None else self.pinned_c

    def disconnect(self) -> None:
        """The contacts have opened: no path for the current."""
        self.amps = self._regulated = 0.0

    def at_rest(self) -> bool:
        """Will nothing change until somebody does something."""
        if self.amps != 0:
            return False
        if self.enabled or self.ills["leak"]:
            return abs(self.volts - self._floor()) < 1e-9
        return self.volts < _EMPTY_VOLTS

    def _floor(self) -> float:
        """Below this its own voltage does not stay."""
        wanted = self.set_volts + self.ills["extra_volts"] if self.enabled else 0.0
        return max(wanted, self.ills["leak"])

    def step(self, seconds: float, battery: Battery | Short | None) -> None:
        """Let time pass; `battery` is what it is connected to."""
        if battery is None:
            self.disconnect()
            self._move_capacitor(seconds)
        else:
            self._move_current(seconds, battery)
            self.volts = battery.volts(self.amps)
        warmer = self.amps * _WARMS_K_PER_A - self._rise_k
        self._rise_k += warmer * (1 - math.exp(-seconds / _WARMS_S)) if warmer else 0.0

    def _move_current(self, seconds: float, battery: Battery | Short) -> None:
        target, fall, extra = 0.0, _OFF_A_PER_S, 0.0
        if self.enabled:
            volts = self.set_volts + self.ills["extra_volts"]
            target, fall = battery.takes(volts, self.set_amps), _FALL_A_PER_S
            extra = self.ills["extra_amps"]
        if self._regulated < target:
            self._regulated = min(target, self._regulated + _RISE_A_PER_S * seconds)
        else:
            self._regulated = max(target, self._regulated - fall * seconds)
        self.amps = self._regulated + extra

    def _move_capacitor(self, seconds: float) -> None:
        floor = self._floor()
        if self.volts < floor:
            self.volts = min(floor, self.volts + _RISE_V_PER_S * seconds)
        elif self.volts > floor:
            self.volts = max(floor, self.volts * math.exp(-seconds / self.ills["bleeder"]))
            if self.volts < _EMPTY_VOLTS and not self.enabled:
                self.volts = 0.0

    # ---- protection ----

    @property
    def due_ms(self) -> float:
        """When it does something by itself."""
        return self._heard_ms + self.SILENCE_MS + 1 if self.enabled else math.inf

    def advance(self, now_ms: float) -> None:
        """Protect itself, and say what is due."""
        if not self.powered:
            return
        if self.wanted_on and now_ms - self._heard_ms > self.SILENCE_MS:
            self.wanted_on = False
            self.silence_trips += 1
        self._watch_heat()
        self.speak(now_ms)

    def speak(self, now_ms: float) -> None:
        """Send what is due unasked."""

    def _watch_heat(self) -> None:
        celsius = self.temperature_c
        if celsius >= _TRIP_C and not self.hot:
            self.hot = True
            self.heat_trips += 1
            self.wanted_on = False
            self.tell()
        elif celsius <= _COOL_C:
            self.hot = False
