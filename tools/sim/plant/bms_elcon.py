"""A vehicle whose BMS speaks the Elcon/TC charger protocol.

Written from hardware-protocols.md section 2.1.
"""

from collections.abc import Callable
from typing import Any

from tools.sim.chips.can_bus import CanBus, CanFrame, Device
from tools.sim.plant.battery import Battery
from tools.sim.plant.vehicle import Vehicle

LIMITS, CHARGER_STATUS = 0x1806E5F4, 0x18FF50E5
_PERIOD_MS = 1000.0


def limits(volts: float, amps: float, stop: int = 0, mode: int = 0, order: Any = "big") -> bytes:
    """Data of 0x1806E5F4."""
    words = (round(volts * 10), round(amps * 10))
    return b"".join(word.to_bytes(2, order) for word in words) + bytes((stop, mode, 0, 0))


def status(data: bytes, order: Any = "big") -> tuple[float, float, int]:
    """Volts, amps and flags of 0x18FF50E5."""
    return (
        int.from_bytes(data[0:2], order) / 10,
        int.from_bytes(data[2:4], order) / 10,
        data[4],
    )


class ElconVehicle(Vehicle):
    """Sends its limits every second; `order` is big, or little for the odd ones out."""

    WIRE = ("can", 250_000)

    def __init__(self, bus: CanBus, battery: Battery, now_ms: Callable[[], float]) -> None:
        super().__init__(bus, battery, now_ms)
        self.order = "big"
        self.charger_status: tuple[float, float, int] | None = None  # the last one heard
        self._can = Device(bus, self.speaks, self._receive)

    def fall_silent(self) -> None:
        """Forget what the charger said."""
        self.charger_status = None

    def advance(self, now_ms: float) -> None:
        """Send the limits when they are due."""
        if now_ms >= self.due_ms:
            self.due_ms = now_ms + _PERIOD_MS
            data = limits(
                self.voltage_limit,
                self.limit_tenths / 10,
                0 if self.allowed else 1,
                1 if self.heating else 0,
                self.order,
            )
            self._can.send(LIMITS, data, now_ms)

    def _receive(self, frame: CanFrame) -> None:
        if frame.ext and frame.id == CHARGER_STATUS and len(frame.data) == 8:
            self.charger_status = status(frame.data, self.order)
