"""A BMS that speaks the Pylontech/Victron/SMA battery protocol on an 11-bit bus.

Written from hardware-protocols.md section 2.4. It falls silent when the host does.
"""

from collections.abc import Callable
from typing import Any

from tools.sim.chips.can_bus import CanBus, CanFrame, Device
from tools.sim.plant.battery import Battery
from tools.sim.plant.vehicle import Vehicle

HOST = 0x305
LIMITS, CHARGE, STATE, ALARMS, REQUEST, NAME = 0x351, 0x355, 0x356, 0x359, 0x35C, 0x35E
_PERIOD_MS = 1000.0
_SPACING_MS = 10.0  # between the frames of a turn
_HOST_TIMEOUT_MS = 10_000.0
_OVER_VOLTAGE = 0x02


def words(*values: float, order: Any = "little") -> bytes:
    """16 bits each, in two's complement."""
    return b"".join((round(value) & 0xFFFF).to_bytes(2, order) for value in values)


def limits(
    volts: float, amps: float, amps_out: float, min_volts: float, order: Any = "little"
) -> bytes:
    """Data of 0x351."""
    return words(volts * 10, amps * 10, amps_out * 10, min_volts * 10, order=order)


def charge(soc: float, soh: float, order: Any = "little") -> bytes:
    """Data of 0x355."""
    return words(soc, soh, order=order)


def state(
    volts: float, amps: float, celsius: float, order: Any = "little", scale: float = 0.01
) -> bytes:
    """Data of 0x356; amps into the battery, `scale` is volts a count."""
    return words(volts / scale, amps * 10, celsius * 10, order=order)


def alarms(protections: int, more: int = 0, modules: int = 1) -> bytes:
    """Data of 0x359; protections are bytes 0 and 1."""
    return bytes((protections, more, 0, 0, modules)) + b"PN\0"


class PylontechVehicle(Vehicle):
    """Sends all its frames every second while the host is heard.

    `order` and `scale` (volts a count of 0x356) are as of the many; `muted` has ids it leaves out;
    `spacing_ms` lies between the frames of a turn.
    """

    WIRE = ("can", 500_000)

    def __init__(self, bus: CanBus, battery: Battery, now_ms: Callable[[], float]) -> None:
        super().__init__(bus, battery, now_ms)
        self.order = "little"
        self.scale = 0.01
        self.muted: set[int] = set()
        self.spacing_ms = _SPACING_MS
        self._bus = bus
        self._can = Device(bus, self.speaks, self._receive)
        self._host_ms = -_HOST_TIMEOUT_MS

    def advance(self, now_ms: float) -> None:
        """Send everything when it is due."""
        if now_ms < self.due_ms:
            return
        self.due_ms = now_ms + _PERIOD_MS
        if now_ms - self._host_ms >= _HOST_TIMEOUT_MS:
            return
        frames = [frame for frame in self._frames() if frame[0] not in self.muted]
        for number, (id, data) in enumerate(frames):
            self._say(CanFrame(id, data, False), now_ms + number * self.spacing_ms)

    def _say(self, frame: CanFrame, at_ms: float) -> None:
        self._bus.send(self._can, frame, at_ms, lambda outcome: None)

    def _frames(self) -> tuple[tuple[int, bytes], ...]:
        amps = self.limit_tenths / 10 if self.allowed else 0
        order = self.order
        return (
            (LIMITS, limits(self.voltage_limit, amps, 100, 60, order)),
            (CHARGE, charge(self.battery.soc, 100, order)),
            (STATE, state(self.volts(), self.amps(), self.celsius, order, self.scale)),
            (ALARMS, alarms(0 if self.allowed else _OVER_VOLTAGE)),
            (REQUEST, bytes((0xC0 if self.allowed else 0x40, 0))),
            (NAME, b"PYLON   "),
        )

    def _receive(self, frame: CanFrame) -> None:
        if not frame.ext and frame.id == HOST:
            if self._now_ms() - self._host_ms >= _HOST_TIMEOUT_MS:
                self.due_ms = self._now_ms()
            self._host_ms = self._now_ms()
