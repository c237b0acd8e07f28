"""A Daly BMS on its UART ("A5"): pages 50 and 90 to 98, and the switches.

Written from hardware-protocols.md section 1.2; `page` is the same on CAN.
"""

from collections.abc import Callable, Sequence
from typing import Any

from tools.sim.plant.battery import Battery
from tools.sim.plant.uart_vehicle import CELLS, UartVehicle
from tools.sim.plant.vehicle import Vehicle

RATED, TOTALS, CELL_RANGE, TEMPERATURES = 0x50, 0x90, 0x91, 0x92
SWITCHES, COUNTS, CELL_PAGE, SENSORS, BALANCE, ALARMS = 0x93, 0x94, 0x95, 0x96, 0x97, 0x98
SET_CHARGE = 0xDA
_HOSTS = (0x40, 0x80)
_CELL_OV_TRIP = 0x02


def frame(address: int, command: int, payload: bytes = bytes(8)) -> bytes:
    """Thirteen bytes, either way."""
    head = bytes((0xA5, address, command, 8)) + payload
    return head + bytes((sum(head) & 0xFF,))


def totals(volts: float, amps_out: float, soc: float, gathered: float = 0.0) -> bytes:
    """Page 90; `amps_out` is positive while discharging."""
    fields = (round(volts * 10), round(gathered * 10), round(amps_out * 10) + 30_000, soc * 10)
    return b"".join(round(field).to_bytes(2, "big") for field in fields)


def cell_range(max_mv: int, max_number: int, min_mv: int, min_number: int) -> bytes:
    """Page 91, without what is behind it."""
    high = max_mv.to_bytes(2, "big") + bytes((max_number,))
    return high + min_mv.to_bytes(2, "big") + bytes((min_number,))


def temperatures(high: int, high_number: int, low: int, low_number: int) -> bytes:
    """Page 92, without what is behind it; degrees."""
    return bytes((high + 40, high_number, low + 40, low_number))


def switches(state: int, charge: int, discharge: int, beat: int, remaining_mah: int) -> bytes:
    """Page 93."""
    return bytes((state, charge, discharge, beat)) + remaining_mah.to_bytes(4, "big")


def cell_pages(millivolts: Sequence[int], first: int = 1) -> list[bytes]:
    """Page 95 in frames of three cells, counted from `first`."""
    pages = []
    for number in range(0, len(millivolts), 3):
        three = [*millivolts[number : number + 3], 0, 0][:3]
        values = b"".join(mv.to_bytes(2, "big") for mv in three)
        pages.append(bytes((first + number // 3,)) + values + b"\x00")
    return pages


def sensor_page(degrees: Sequence[int], number: int = 1) -> bytes:
    """Page 96: up to seven sensors."""
    return (bytes((number, *(t + 40 for t in degrees))) + bytes(7))[:8]


class DalyPack(Vehicle):
    """What each page holds; on which wire is a subclass's business."""

    def __init__(self, wire: Any, battery: Battery, now_ms: Callable[[], float]) -> None:
        super().__init__(wire, battery, now_ms)
        self.charge_switch = True
        self._beat = 0

    def pages(self, command: int) -> list[bytes]:
        """The payloads that answer a command, each of eight bytes; none if it is unknown."""
        if command == CELL_PAGE:
            return cell_pages([self._cell_mv()] * CELLS)
        payload = self._page(command)
        return [(payload + bytes(8))[:8]] if payload is not None else []

    def _cell_mv(self) -> int:
        return round(self.volts() * 1000 / CELLS)

    def _page(self, command: int) -> bytes | None:
        degrees, mv = round(self.celsius), self._cell_mv()
        amps = self.amps()
        if command == RATED:
            return round(self.battery.capacity_ah * 1000).to_bytes(4, "big") + b"\0\0\x0e\x74"
        if command == TOTALS:
            return totals(self.volts(), -amps, self.battery.soc)
        if command == CELL_RANGE:
            return cell_range(mv, 1, mv, 2)
        if command == TEMPERATURES:
            return temperatures(degrees, 1, degrees - 1, 2)
        if command == SWITCHES:
            self._beat = (self._beat + 1) & 0xFF
            state = 1 if amps > 0.5 else 0
            on = self.charge_switch and self.allowed
            return switches(state, on, 1, self._beat, self.battery.held_mah)
        if command == COUNTS:
            return bytes((CELLS, 2, 1, 0, 2, 0, 5))
        if command == SENSORS:
            return sensor_page((degrees, degrees - 1))
        if command == BALANCE:
            return b""
        if command == ALARMS:
            return bytes((0 if self.allowed else _CELL_OV_TRIP,))
        return None


class DalyVehicle(DalyPack, UartVehicle):
    """Answers at 9600 baud."""

    WIRE = ("uart", 9600, 8, None, 1)
    LATENCY_MS = 15.0

    def split(self, heard: bytes) -> int:
        """Length of the question that `heard` begins with."""
        if heard[0] != 0xA5:
            return -1
        if len(heard) < 13:
            return 0
        asked = heard[1] in _HOSTS and heard[3] == 8
        return 13 if asked and frame(heard[1], heard[2], heard[4:12]) == heard[:13] else -1

    def answer(self, question: bytes) -> bytes:
        """What it says to that."""
        if question[2] == SET_CHARGE:
            self.charge_switch = question[4] == 1
            return frame(1, SET_CHARGE, question[4:12])
        return b"".join(frame(1, question[2], payload) for payload in self.pages(question[2]))
