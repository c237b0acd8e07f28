"""A JK BMS on CAN: its frames of version 1 and, as long as `version` is 2, those of version 2.

Written from hardware-protocols.md section 2.3.
"""

import math
from collections.abc import Callable, Iterable

from tools.sim.chips.can_bus import CanBus, CanFrame, Device
from tools.sim.plant.battery import Battery
from tools.sim.plant.bms_elcon import limits
from tools.sim.plant.vehicle import Vehicle

STATE, CELLS, TEMPERATURES, ALARMS = 0x2F4, 0x4F4, 0x5F4, 0x7F4
CAPACITY, SWITCHES, REQUEST = 0x18F128F4, 0x18F528F4, 0x1806E5F4
_CELL_OV, _SERIOUS = 0, 1
_FIRST_NODE = 4
_CELLS = 20


def _words(*values: float) -> bytes:
    return b"".join(round(value).to_bytes(2, "little") for value in values)


def state(volts: float, raw_amps: float, soc: float, tenths_h: int = 100) -> bytes:
    """Data of 0x2F4; what a positive `raw_amps` means is disputed."""
    return _words(volts * 10, (raw_amps + 400) * 10) + bytes((round(soc), 0)) + _words(tenths_h)


def cells(max_mv: int, max_number: int, min_mv: int, min_number: int) -> bytes:
    """Data of 0x4F4."""
    return _words(max_mv) + bytes((max_number,)) + _words(min_mv) + bytes((min_number,))


def temperatures(high: float, high_number: int, low: float, low_number: int) -> bytes:
    """Data of 0x5F4; degrees."""
    middle = round((high + low) / 2) + 50
    return bytes((round(high) + 50, high_number, round(low) + 50, low_number, middle))


def alarms(levels: Iterable[tuple[int, int]]) -> bytes:
    """Data of 0x7F4 from (number of the alarm, level)."""
    return sum(level << 2 * number for number, level in levels).to_bytes(4, "little")


def capacity(remaining_ah: float, full_ah: float, cycled_ah: float, cycles: int) -> bytes:
    """Data of 0x18F128F4."""
    return _words(remaining_ah * 10, full_ah * 10, cycled_ah * 10, cycles)


class JkCanVehicle(Vehicle):
    """Speaks unasked, what is due in one burst; `node` is the lowest four bits of its ids.

    `charging_is_negative`: of the current in 0x2F4.
    """

    WIRE = ("can", 250_000)

    def __init__(self, bus: CanBus, battery: Battery, now_ms: Callable[[], float]) -> None:
        super().__init__(bus, battery, now_ms)
        self.version = 2
        self.node = _FIRST_NODE
        self.charging_is_negative = False
        self.charge_switch = True
        self.muted: set[int] = set()  # ids it leaves out
        self._can = Device(bus, self.speaks, lambda frame: None)
        self._bus = bus
        # id, period, what is in it; the due times by the id
        self._plan: tuple[tuple[int, float, Callable[[], bytes]], ...] = (
            (STATE, 20.0, self._state),
            (ALARMS, 100.0, self._alarms),
            (CELLS, 100.0, self._cells),
            (TEMPERATURES, 500.0, lambda: temperatures(self.celsius, 1, self.celsius - 1, 2)),
            (CAPACITY, 100.0, self._capacity),
            (SWITCHES, 500.0, lambda: bytes((2 | self.charge_switch, *bytes(7)))),
            (REQUEST, 500.0, self._request),
        )
        self._next: dict[int, float] = {}

    def fall_silent(self) -> None:
        """It begins anew."""
        self._next = {}

    def announce(self) -> None:
        """All of it at once."""
        self._next = {}
        super().announce()

    def advance(self, now_ms: float) -> None:
        """Send what is due."""
        if now_ms < self.due_ms:
            return
        for id, period_ms, data in self._plan:
            if now_ms >= self._next.get(id, 0.0):
                self._next[id] = now_ms + period_ms
                self._say(id, data(), now_ms)
        self.due_ms = min(self._next.values(), default=math.inf)

    def _say(self, id: int, data: bytes, now_ms: float) -> None:
        ext = id > 0x7FF
        if id in self.muted or ext and self.version < 2:
            return
        frame = CanFrame(id - _FIRST_NODE + self.node, data, ext)
        self._bus.send(self._can, frame, now_ms, lambda outcome: None)

    def _state(self) -> bytes:
        sign = -1 if self.charging_is_negative else 1
        return state(self.volts(), sign * self.amps(), self.battery.soc)

    def _cells(self) -> bytes:
        mv = round(self.volts() * 1000 / _CELLS)
        return cells(mv, 1, mv, 2)

    def _alarms(self) -> bytes:
        return alarms(() if self.allowed else ((_CELL_OV, _SERIOUS),))

    def _capacity(self) -> bytes:
        battery = self.battery
        return capacity(battery.held_mah / 1000, battery.capacity_ah, 640, 64)

    def _request(self) -> bytes:
        stop = 0 if self.allowed else 1
        return limits(self.voltage_limit, self.limit_tenths / 10, stop, 0, "little")
