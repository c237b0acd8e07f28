"""A Maxwell or Winline module on a 125 kbit/s bus; of a range that fits this charger.

Written from hardware-protocols.md section 3.4.
"""

import struct

from tools.sim.chips.can_bus import CanFrame
from tools.sim.plant.can_source import CanSource

TO_US, BROADCAST, REPLY = 0x06080780, 0x0607FF80, 0x060F8000
WRITE, READ, FLOAT, WHOLE, FINE = 0x03, 0x10, 0x41, 0x42, 0xF0
VOLTS, AMPS, LIMIT, HEAT, RATED_AMPS, STATUS = 0x01, 0x02, 0x03, 0x04, 0x12, 0x40
SET_VOLTS, SET_AMPS, POWER = 0x21, 0x22, 0x30
OFF = 0x00010000
_FAULT, _OVER_TEMPERATURE, _DC_OFF = 1 << 0, 1 << 30, 1 << 22


def number(register: int, value: float) -> bytes:
    """An answer with a float."""
    return struct.pack(">BBHf", FLOAT, FINE, register, value)


def whole(register: int, value: int) -> bytes:
    """An answer with 32 bits."""
    return struct.pack(">BBHI", WHOLE, FINE, register, value)


class MaxwellModule(CanSource):
    """Address 0."""

    WIRE = ("can", 125_000)
    SILENCE_MS = 30_000.0  # not documented

    def answer(self, frame: CanFrame) -> list[tuple[int, bytes]]:
        """A register, or that it is set."""
        if frame.id not in (TO_US, BROADCAST) or len(frame.data) != 8:
            return []
        function, register, raw = struct.unpack(">BxHI", frame.data)
        if function == READ:
            data = self._read(register)
        elif function == WRITE:
            data = self._write(register, raw, struct.unpack(">f", frame.data[4:])[0])
        else:
            return []
        if data is None:
            return []
        self.heard()
        return [] if frame.id == BROADCAST else [(REPLY, data)]

    def _read(self, register: int) -> bytes | None:
        if register == STATUS:
            bits = (_FAULT if self.fault else 0) | (_OVER_TEMPERATURE if self.hot else 0)
            return whole(register, bits | (0 if self.enabled else _DC_OFF))
        values = {
            VOLTS: self.volts, AMPS: self.amps, LIMIT: self.set_amps / self.MAX_AMPS,
            HEAT: self.temperature_c, RATED_AMPS: self.MAX_AMPS,
        }  # fmt: skip
        return number(register, values[register]) if register in values else None

    def _write(self, register: int, raw: int, value: float) -> bytes | None:
        if register == POWER:
            self.switch(raw != OFF)
            return whole(register, raw)
        if register == SET_VOLTS:
            self.ask(volts=value)
        elif register == SET_AMPS:
            self.ask(amps=value)
        else:
            return None
        return number(register, value)
