"""The vehicle's BMS on CAN2: Elcon/TC dialect, big-endian, and two lifetime charge counters.

It has no frame for state of charge: the charger works that out from the counters, and the capacity
from the current the BMS asks for.
"""

import math
from collections.abc import Callable

from tools.sim.chips.can_bus import CanBus, CanFrame, Device
from tools.sim.plant.battery import Battery

LIMITS, CHARGER_STATUS = 0x1806E5F4, 0x18FF50E5
_COUNTERS = {0x160B0180: 0x160B8001, 0x160D0180: 0x160D8001}  # charged, discharged
_PERIOD_MS = 500.0
_WAKES_MS = 100.0  # from plug-in to the first frame
_DISCHARGED_MAH = 412_345  # in its life so far


class Vehicle:
    """BMS and battery; silent unless `plugged` and `on`."""

    def __init__(self, bus: CanBus, battery: Battery, now_ms: Callable[[], float]) -> None:
        self.battery = battery
        self.plugged = False
        self.on = True
        self.allowed = True
        self.heating = False
        self.voltage_limit = 84.0
        self.charger_status: bytes | None = None  # last 0x18FF50E5 heard
        self.due_ms = math.inf
        self._now_ms = now_ms
        self._can = Device(bus, self.speaks, self._receive)
        self._limit_tenths = self._largest_tenths = 0

    def speaks(self) -> bool:
        """Is its CAN controller on our bus."""
        return self.plugged and self.on

    def set_current_limit(self, amps: float) -> None:
        """The limit it sends (to 0.1 A) and what the pack takes (exactly)."""
        self._limit_tenths = math.floor(amps * 10 + 0.5)
        self.battery.accepts_amps = amps
        self._size_battery()

    def _size_battery(self) -> None:
        # The charger tells the packs apart by the largest limit since plug-in. The state of charge
        # stays what it is.
        kept = self._largest_tenths if self.plugged else 0
        self._largest_tenths = largest = max(self._limit_tenths, kept)
        self.battery.capacity_ah = 90.0 if largest > 600 else 60.0 if largest > 300 else 30.0

    def switch(self, plugged: bool, on: bool) -> None:
        """Plug or unplug, BMS on or off."""
        spoke = self.speaks()
        self.plugged, self.on = plugged, on
        self._size_battery()
        if not self.speaks():
            self.due_ms = math.inf
            self.charger_status = None
        elif not spoke:
            self.due_ms = self._now_ms() + _WAKES_MS

    def announce(self) -> None:
        """A change is told at once."""
        if self.speaks():
            self.due_ms = self._now_ms()

    def advance(self, now_ms: float) -> None:
        """Send the limits when they are due."""
        if now_ms >= self.due_ms:
            self.due_ms = now_ms + _PERIOD_MS
            self._can.send(LIMITS, self.limits(), now_ms)

    def limits(self) -> bytes:
        """Data of 0x1806E5F4."""
        volts = math.floor(self.voltage_limit * 10 + 0.5)
        data = volts.to_bytes(2, "big") + self._limit_tenths.to_bytes(2, "big")
        return data + bytes((0 if self.allowed else 1, 1 if self.heating else 0, 0, 0))

    def _receive(self, frame: CanFrame) -> None:
        if not frame.ext:
            return
        if frame.id == CHARGER_STATUS:
            self.charger_status = frame.data
        elif frame.id in _COUNTERS:
            mah = _DISCHARGED_MAH
            if frame.id == 0x160B0180:
                mah += self.battery.held_mah
            reply = mah.to_bytes(4, "big") + bytes(4)
            self._can.send(_COUNTERS[frame.id], reply, self._now_ms())
