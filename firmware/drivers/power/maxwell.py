"""Maxwell MXR and UXR, Winline and DPM1000 modules: registers on CAN at 125 kbit/s.

hardware-protocols.md section 3.4. Most of them begin at 150 V: options say what this one can; its
rated current is read from it. Values are floats; they are made in `poll`, never in the tick.
"""

from struct import pack_into, unpack_from

from micropython import const

from firmware.charging.readings import FAULT_MODULE, FAULT_OVER_TEMPERATURE

from .module import AMPS, VOLTS, ModuleDriver

WIRE = ("can", 125_000)
# An id: protocol 0x060, point to point, destination (8 bits), source (8), group (3).
_POINT = const(0x060 << 20 | 1 << 19)
_US = const(0xF0)
_EXACTLY = const(0x1FFFFFFF)

_WRITE = const(0x03)
_READ = const(0x10)
_FLOAT = const(0x41)
_WHOLE = const(0x42)
_FINE = const(0xF0)
_OUT_VOLTS = const(0x01)
_OUT_AMPS = const(0x02)
_HEAT = const(0x04)
_RATED_AMPS = const(0x12)
_SET_VOLTS = const(0x21)
_SET_AMPS = const(0x22)
_POWER = const(0x30)
_STATUS = const(0x40)
_ROUND = b"\x01\x02\x40\x01\x02\x21\x01\x02\x22\x01\x02\x30\x01\x02\x04\x01\x02\x12"

# Status bits that are faults, by byte: 27 fan, 28 short, 31 over-voltage; 9, 14 input; 0, 1, 7.
_FAULTS_4 = const(0x98)
_FAULTS_6 = const(0x42)
_FAULTS_7 = const(0x83)
_HOT_4 = const(0x40)  # bit 30
_OFF_5 = const(0x40)  # bit 22


class Maxwell(ModuleDriver):
    """The module at `address`, in group 0."""

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
        self._limit_ma = max_ma
        self._to = _POINT | address << 11 | _US << 3
        self._from = _POINT | _US << 11 | address << 3

    def filters(self) -> tuple:
        """What the bus must let through."""
        return ((self._from, _EXACTLY, True),)

    def _send(self, function: int, register: int) -> bool:
        self._request[0] = function
        self._request[3] = register
        return self._can.send(self._to, self._request)

    def _send_switch(self) -> bool:
        pack_into(">I", self._request, 4, 0 if self._on else 0x10000)
        return self._send(_WRITE, _POWER)

    def _send_set_point(self, i: int) -> bool:
        pack_into(">f", self._request, 4, self._targets[i] / 1000)
        return self._send(_WRITE, _SET_AMPS if i else _SET_VOLTS)

    def _send_turn(self) -> bool:
        register = _ROUND[self._turn % len(_ROUND)]
        if register == _POWER:
            return self._switch()
        if register in (_SET_VOLTS, _SET_AMPS):
            return self._tell(register - _SET_VOLTS)
        pack_into(">I", self._request, 4, 0)
        return self._send(_READ, register)

    def on_frame(self, frame: "Frame") -> bool:
        """Take a frame into the reading; False when it is not the module's or makes no sense."""
        if not frame.ext or frame.len != 8 or frame.id != self._from:
            return False
        data = frame.data
        kind = data[0]
        good = data[1] == _FINE
        if good and kind == _WHOLE and data[3] == _STATUS:
            self._take_status(data)
        elif good and kind == _FLOAT:
            good = self._take_value(data[3], unpack_from(">f", data, 4)[0])
        if not good:
            self.refused += 1
            return False
        self._heard()
        return True

    def _take_value(self, register: int, value: float) -> bool:
        if not -100 < value < 1100:  # not a number fails as well
            return False
        reading = self._reading
        if register == _OUT_VOLTS:
            reading.output_mv = int(round(value * 1000))
            self._measured(VOLTS)
        elif register == _OUT_AMPS:
            reading.output_ma = int(round(value * 1000))
            self._measured(AMPS)
        elif register == _HEAT:
            reading.temperature_c10 = int(round(value * 10))
        elif register == _RATED_AMPS and value > 0:
            self._max_ma = min(self._limit_ma, int(value * 1000))
        return True

    def _take_status(self, data: bytearray) -> None:
        fault = 0
        if data[4] & _FAULTS_4 or data[6] & _FAULTS_6 or data[7] & _FAULTS_7:
            fault = FAULT_MODULE
        if data[4] & _HOT_4:
            fault |= FAULT_OVER_TEMPERATURE
        self._has_fault(fault)
        self._is_on(not data[5] & _OFF_5)


def make(can: "Can", reading: "ModuleReading", options: "Options") -> Maxwell:
    """The driver on its bus."""
    driver = Maxwell(
        can, reading, options.power_address, options.power_max_mv, options.power_max_ma,
        options.power_min_mv,
    )  # fmt: skip
    can.set_filters(driver.filters())
    return driver
