"""Infypower modules (REG, CEG, LRG; protocol V1.13), CAN at 125 kbit/s.

hardware-protocols.md section 3.3. Most of them begin at 150 V: what this one can deliver is read
from it and counts besides the options. It switches off by itself after 10 s without commands.
"""

from struct import pack_into, unpack_from

from micropython import const

from firmware.charging.readings import FAULT_MODULE, FAULT_OVER_TEMPERATURE

from .module import AMPS, VOLTS, ModuleDriver

WIRE = ("can", 125_000)
# An id: error (3 bits), 0xA = one module, command (6), destination (8), source (8).
_ONE = const(0xA << 22)
_US = const(0xF0)
_NOT_COMMAND = const(0x1FC0FFFF)

_MEASURED = const(0x03)
_STATUS = const(0x04)
_CAPABILITY = const(0x0A)
_SWITCH = const(0x1A)
_SET = const(0x1C)
_ROUND = b"\x03\x04\x03\x1c\x03\x1a\x03\x0a"
_NOTHING = bytes(8)
_OFF = b"\x01" + _NOTHING[1:]

# Status: which bits are faults. Byte 5: phase lost, input too low or high. Byte 6: fault,
# protection, fan, over-voltage. Byte 7: short.
_INPUT = const(0x68)
_INSIDE = const(0x2E)
_SHORT = const(0x01)
_IS_OFF = const(0x01)  # byte 6, as the next
_HOT = const(0x10)


class Infypower(ModuleDriver):
    """The module at `address`."""

    def __init__(
        self,
        can: "Can",
        reading: "ModuleReading",
        address: int,
        max_mv: int,
        max_ma: int,
        min_mv: int,
    ) -> None:
        ModuleDriver.__init__(self, can, reading, max_mv, max_ma, min_mv)
        self._limits = (max_mv, max_ma, min_mv)
        self._to = _ONE | address << 8 | _US
        self._from = _ONE | _US << 8 | address

    def filters(self) -> tuple:
        """What the bus must let through."""
        return ((self._from, _NOT_COMMAND, True),)

    def _send(self, command: int, data: bytes) -> bool:
        return self._can.send(self._to | command << 16, data)

    def _send_switch(self) -> bool:
        return self._send(_SWITCH, _NOTHING if self._on else _OFF)

    def _send_set_point(self, i: int) -> bool:
        """Both in one frame."""
        pack_into(">II", self._request, 0, self._targets[0], self._targets[1])
        if not self._send(_SET, self._request):
            return False
        self._sent[1 - i] = self._targets[1 - i]
        return True

    def _send_turn(self) -> bool:
        command = _ROUND[self._turn % len(_ROUND)]
        if command == _SET:
            return self._tell(0)
        return self._switch() if command == _SWITCH else self._send(command, _NOTHING)

    def on_frame(self, frame: "Frame") -> bool:
        """Take a frame into the reading; False when it is not the module's or makes no sense."""
        id = frame.id
        if not frame.ext or frame.len != 8 or id & _NOT_COMMAND != self._from:
            return False
        command = id >> 16 & 0x3F
        data = frame.data
        good = True
        if command == _MEASURED:
            good = self._take_measured(data)
        elif command == _CAPABILITY:
            good = self._take_capability(data)
        elif command == _STATUS:
            self._take_status(data)
        if not good:
            self.refused += 1
            return False
        self._heard()
        return True

    def _take_measured(self, data: bytearray) -> bool:
        volts, amps = unpack_from(">ff", data)
        if not (-10 < volts < 1100 and -100 < amps < 1000):  # not a number fails as well
            return False
        self._reading.output_mv = int(round(volts * 1000))
        self._reading.output_ma = int(round(amps * 1000))
        self._measured(VOLTS | AMPS)
        return True

    def _take_status(self, data: bytearray) -> None:
        degrees = data[4]
        self._reading.temperature_c10 = (degrees - (degrees >> 7 << 8)) * 10
        fault = 0
        if data[5] & _INPUT or data[6] & _INSIDE or data[7] & _SHORT:
            fault = FAULT_MODULE
        if data[6] & _HOT:
            fault |= FAULT_OVER_TEMPERATURE
        self._has_fault(fault)
        self._is_on(not data[6] & _IS_OFF)

    def _take_capability(self, data: bytearray) -> bool:
        max_v, min_v, max_a10 = unpack_from(">HHH", data)
        if not (max_v > min_v and max_a10 > 0):
            return False
        max_mv, max_ma, min_mv = self._limits
        self._max_mv = min(max_mv, max_v * 1000)
        self._min_mv = max(min_mv, min_v * 1000)
        self._max_ma = min(max_ma, max_a10 * 100)
        return True


def make(can: "Can", reading: "ModuleReading", options: "Options") -> Infypower:
    """The driver on its bus."""
    driver = Infypower(
        can, reading, options.power_address, options.power_max_mv, options.power_max_ma,
        options.power_min_mv,
    )  # fmt: skip
    can.set_filters(driver.filters())
    return driver
