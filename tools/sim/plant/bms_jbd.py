"""A JBD BMS on its UART: basic page, cells, name, counters, parameters, switches.

Written from hardware-protocols.md section 1.1. The first question after sleep is lost.
"""

from collections.abc import Callable, Sequence
from typing import Any

from tools.sim.plant.battery import Battery
from tools.sim.plant.uart_vehicle import CELLS, UartVehicle

BASIC, CELL_PAGE, NAME, COUNTERS, SWITCHES = 0x03, 0x04, 0x05, 0xAA, 0xE1
ENTER, LEAVE, CELL_OV, PACK_OV, CHARGE_OC = 0x00, 0x01, 0x24, 0x20, 0x28
_KEY = bytes((0x56, 0x78))
_CELL_OV_BIT = 1
_SHORT_BIT = 1 << 10
_DATE = (2023 - 2000) << 9 | 11 << 5 | 23


def checksum(data: bytes) -> bytes:
    """Of the bytes it covers."""
    return (-sum(data) & 0xFFFF).to_bytes(2, "big")


def question(register: int, data: bytes | None = None) -> bytes:
    """A read of `register`, or a write of `data` to it."""
    if data is None:
        body = bytes((register, 0))
        return b"\xdd\xa5" + body + checksum(body) + b"\x77"
    body = bytes((register, len(data))) + data
    return b"\xdd\x5a" + body + checksum(body) + b"\x77"


def answer(register: int, data: bytes = b"", status: int = 0) -> bytes:
    """What comes back."""
    body = bytes((status, len(data))) + data
    return bytes((0xDD, register)) + body + checksum(body) + b"\x77"


def basic_page(
    *, volts: float, amps: float, remaining_ah: float, nominal_ah: float, soc: int, cells: int,
    cycles: int = 0, date: int = _DATE, balance: int = 0, protection: int = 0,
    version: int = 0x80, switches: int = 3, celsius: Sequence[float] = (),
) -> bytes:  # fmt: skip
    """Data of register 03."""
    data = round(volts * 100).to_bytes(2, "big")
    data += round(amps * 100).to_bytes(2, "big", signed=True)
    data += round(remaining_ah * 100).to_bytes(2, "big")
    data += round(nominal_ah * 100).to_bytes(2, "big")
    data += cycles.to_bytes(2, "big") + date.to_bytes(2, "big") + balance.to_bytes(4, "big")
    data += protection.to_bytes(2, "big")
    data += bytes((version, soc, switches, cells, len(celsius)))
    return data + b"".join(round(t * 10 + 2731).to_bytes(2, "big") for t in celsius)


def cell_page(millivolts: Sequence[int]) -> bytes:
    """Data of register 04."""
    return b"".join(mv.to_bytes(2, "big") for mv in millivolts)


class JbdVehicle(UartVehicle):
    """Answers at 9600 baud; parameters only in their mode, as classic firmware does."""

    WIRE = ("uart", 9600, 8, None, 1)
    SLEEPS = True
    ALARMS = ("short",)

    def __init__(self, wire: Any, battery: Battery, now_ms: Callable[[], float]) -> None:
        super().__init__(wire, battery, now_ms)
        self.parameter_mode = False
        self.switched_off = 0  # bits of register E1

    def fall_silent(self) -> None:
        """Asleep, and out of the parameter mode."""
        super().fall_silent()
        self.parameter_mode = False

    def split(self, heard: bytes) -> int:
        """Length of the question that `heard` begins with."""
        if heard[0] != 0xDD:
            return -1
        if len(heard) < 4:
            return 0
        size = heard[3] + 7
        if len(heard) < size:
            return 0
        frame = heard[:size]
        sound = frame[-1] == 0x77 and checksum(frame[2:-3]) == frame[-3:-1]
        return size if sound and frame[1] in (0xA5, 0x5A) else -1

    def answer(self, question: bytes) -> bytes:
        """What it says to that."""
        register, data = question[2], question[4:-3]
        told = self._write(register, data) if question[1] == 0x5A else self._read(register)
        return answer(register, status=0x80) if told is None else answer(register, told)

    def _write(self, register: int, data: bytes) -> bytes | None:
        if register == ENTER and data == _KEY:
            self.parameter_mode = True
        elif register == LEAVE and self.parameter_mode:
            self.parameter_mode = False
        elif register == SWITCHES and len(data) == 2:
            self.switched_off = data[1]
        else:
            return None
        return b""

    def _read(self, register: int) -> bytes | None:
        if register in (CELL_OV, PACK_OV, CHARGE_OC):
            return self._parameter(register) if self.parameter_mode else None
        if register == BASIC:
            return self._basic()
        if register == CELL_PAGE:
            return cell_page([self.cell_mv()] * CELLS)
        if register == NAME:
            return b"JBD-SP25S003-L20S-100A"
        return bytes(22) if register == COUNTERS else None

    def _parameter(self, register: int) -> bytes:
        value = {
            CELL_OV: self.cell_limit_mv(),
            PACK_OV: round(self.voltage_limit * 100) + CELLS * 5,
            CHARGE_OC: min(round(self.trips_at_amps() * 100), 0x7FFF),
        }[register]
        return value.to_bytes(2, "big")

    def _short_bit(self) -> int:
        return _SHORT_BIT if self.alarm == "short" else 0

    def _basic(self) -> bytes:
        charges = self.allowed and not self.switched_off & 1
        return basic_page(
            volts=self.volts(),
            amps=self.amps(),
            remaining_ah=self.battery.held_mah / 1000,
            nominal_ah=self.battery.capacity_ah,
            soc=round(self.battery.soc),
            cells=CELLS,
            cycles=42,
            protection=(0 if self.allowed else _CELL_OV_BIT) | self._short_bit(),
            switches=(1 if charges else 0) | (0 if self.switched_off & 2 else 2),
            celsius=(self.celsius, self.celsius - 0.5),
        )
