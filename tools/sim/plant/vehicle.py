"""The vehicle: battery, limits, plugged or not. How its BMS speaks is a subclass's business."""

import math
from collections.abc import Callable
from typing import Any

from tools.sim.plant.battery import Battery


class Vehicle:
    """BMS and battery; silent unless `plugged` and `on`.

    A subclass says by `WIRE` what it hangs on, as the drivers do: ("can", bit rate) or
    ("uart", baud, bits, parity, stop). It gets that as `wire`: a CanBus, or a Uart whose peer
    it makes itself.
    """

    WIRE: tuple[Any, ...] = ()
    ALARMS: tuple[str, ...] = ()  # those that this BMS can tell
    WAKES_MS = 100.0  # from plug-in to the first sign of life

    def __init__(self, wire: Any, battery: Battery, now_ms: Callable[[], float]) -> None:
        self.battery = battery
        self.plugged = False
        self.on = True
        self.allowed = True
        self.heating = False
        self.voltage_limit = 84.0
        self.celsius = 26.5
        self.amps: Callable[[], float] = lambda: 0.0  # as its BMS measures it, set by the owner
        self.voltage_scale = 1.0  # what its BMS makes of the true voltage
        self.current_sign = 1  # -1: its BMS counts the current the other way
        self.alarm = "none"  # what its BMS complains of
        self.due_ms = math.inf
        self._now_ms = now_ms
        self.limit_tenths = self._largest_tenths = 0

    def speaks(self) -> bool:
        """Is it there and awake."""
        return self.plugged and self.on

    def set_current_limit(self, amps: float) -> None:
        """The limit it sends (to 0.1 A) and what the pack takes (exactly)."""
        self.limit_tenths = math.floor(amps * 10 + 0.5)
        self.battery.accepts_amps = amps
        self._size_battery()

    def _size_battery(self) -> None:
        # The charger tells the packs apart by the largest limit since plug-in. The state of charge
        # stays what it is.
        kept = self._largest_tenths if self.plugged else 0
        self._largest_tenths = largest = max(self.limit_tenths, kept)
        self.battery.capacity_ah = 90.0 if largest > 600 else 60.0 if largest > 300 else 30.0

    def switch(self, plugged: bool, on: bool) -> None:
        """Plug or unplug, BMS on or off."""
        spoke = self.speaks()
        self.plugged, self.on = plugged, on
        self._size_battery()
        if not self.speaks():
            self.due_ms = math.inf
            self.fall_silent()
        elif not spoke:
            self.due_ms = self._now_ms() + self.WAKES_MS

    def fall_silent(self) -> None:
        """Unplugged or switched off: forget the conversation."""

    def announce(self) -> None:
        """A change is told at once, by a BMS that speaks by itself."""
        if self.speaks():
            self.due_ms = self._now_ms()

    def advance(self, now_ms: float) -> None:
        """Say what is due and set `due_ms`; called when `due_ms` has come, and more often."""
        self.due_ms = math.inf

    def volts(self) -> float:
        """At the battery's terminals, as its BMS measures it."""
        return self.battery.volts(self.amps() * self.current_sign) * self.voltage_scale
