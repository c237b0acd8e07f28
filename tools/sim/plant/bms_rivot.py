"""The Rivot vehicle's BMS on CAN2: Elcon/TC dialect, big-endian, and two lifetime charge counters.

It has no frame for state of charge: the charger works that out from the counters, and the capacity
from the current the BMS asks for.
"""

import math
from collections.abc import Callable

from tools.sim.chips.can_bus import CanBus, CanFrame, Device
from tools.sim.plant.battery import Battery
from tools.sim.plant.vehicle import Vehicle

LIMITS, CHARGER_STATUS = 0x1806E5F4, 0x18FF50E5
_COUNTERS = {0x160B0180: 0x160B8001, 0x160D0180: 0x160D8001}  # charged, discharged
_PERIOD_MS = 500.0
_DISCHARGED_MAH = 412_345  # in its life so far


class RivotVehicle(Vehicle):
    """Sends its limits twice a second and answers for its counters."""

    WIRE = ("can", 250_000)

    def __init__(self, bus: CanBus, battery: Battery, now_ms: Callable[[], float]) -> None:
        super().__init__(bus, battery, now_ms)
        self.charger_status: bytes | None = None  # last 0x18FF50E5 heard
        self._can = Device(bus, self.speaks, self._receive)

    def fall_silent(self) -> None:
        """Forget what the charger said."""
        self.charger_status = None

    def advance(self, now_ms: float) -> None:
        """Send the limits when they are due."""
        if now_ms >= self.due_ms:
            self.due_ms = now_ms + _PERIOD_MS
            self._can.send(LIMITS, self.limits(), now_ms)

    def limits(self) -> bytes:
        """Data of 0x1806E5F4."""
        volts = math.floor(self.voltage_limit * 10 + 0.5)
        data = volts.to_bytes(2, "big") + self.limit_tenths.to_bytes(2, "big")
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
