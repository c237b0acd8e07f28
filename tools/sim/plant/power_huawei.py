"""A Huawei R4850G2: 42 to 58 V on a 125 kbit/s bus.

Written from hardware-protocols.md section 3.6; it acknowledges settings, and after a minute
without one it goes on with its stored set points, which here are no current.
"""

import struct

from tools.sim.chips.can_bus import CanFrame
from tools.sim.plant.can_source import CanSource

ASK, SET, VALUES, END, ACKNOWLEDGE = 0x108040FE, 0x108180FE, 0x1081407F, 0x1081407E, 0x1081807E
SCALE, AMPS_SCALE = 1024, 20
_MIN_VOLTS = 42.0
_ONLINE_V, _ONLINE_A, _SWITCH = 0x00, 0x03, 0x32
_REFUSED = 0x20


def value(register: int, number: float) -> bytes:
    """A frame that tells a register in units of 1 / 1024."""
    return struct.pack(">BBHI", 1, register, 0, round(number * SCALE))


class HuaweiModule(CanSource):
    """Address 1."""

    WIRE = ("can", 125_000)
    MAX_VOLTS, MAX_AMPS = 58.0, 53.0
    SILENCE_MS = 60_000.0
    SPACING_MS = 3.0  # not documented; the ESP32's controller holds four frames

    def answer(self, frame: CanFrame) -> list[tuple[int, bytes]]:
        """Everything, or an acknowledgement."""
        if frame.id == ASK:
            return [(VALUES, data) for data in self._values()] + [(END, bytes(8))]
        if frame.id == SET and len(frame.data) == 8 and frame.data[0] == 1:
            self.heard()
            fine = self._set(frame.data)
            head = bytes((1 if fine else 1 | _REFUSED,))
            return [(ACKNOWLEDGE, head + frame.data[1:])]
        return []

    def _set(self, data: bytes) -> bool:
        register, number = data[1], int.from_bytes(data[4:], "big")
        if register == _ONLINE_V:
            volts = number / SCALE
            if not _MIN_VOLTS <= volts <= self.MAX_VOLTS:
                return False
            self.ask(volts=volts)
        elif register == _ONLINE_A:
            self.ask(amps=number / AMPS_SCALE)
        elif register == _SWITCH and data[3] <= 1:
            self.switch(data[3] == 0)
            return self.wanted_on == (data[3] == 0)
        else:
            return False
        return True

    def _values(self) -> list[bytes]:
        watts = self.volts * self.amps
        celsius = max(self.temperature_c, 0)
        numbers = {
            0x70: watts / 0.95, 0x71: 50, 0x72: watts / 218, 0x73: watts, 0x74: 0.95,
            0x75: self.volts, 0x76: self.set_amps / 50, 0x78: 230, 0x7F: celsius, 0x80: 25,
            0x81: self.amps,
        }  # fmt: skip
        return [value(register, number) for register, number in numbers.items()]
