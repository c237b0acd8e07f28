"""A Mean Well NPB charger on CAN, address 0; of a range that fits this charger.

Written from hardware-protocols.md section 3.2. It comes from the factory as a charger that writes
its set points to EEPROM: `worn` counts those writes.
"""

import struct

from tools.sim.chips.can_bus import CanFrame
from tools.sim.plant.can_source import CanSource

TO_US, REPLY = 0x000C0100, 0x000C0000
OPERATION, SET_VOLTS, SET_AMPS, FAULTS = 0x00, 0x20, 0x30, 0x40
OUT_VOLTS, OUT_AMPS, HEAT, CURVE, SCALES, CONFIG = 0x60, 0x61, 0x62, 0xB4, 0xC0, 0xC2
CHARGER_MODE, EEPROM_OFF, CAN_CONTROL = 1 << 7, 1 << 10, 1 << 0
_SHORT, _HOT, _OFF = 1 << 4, 1 << 1, 1 << 6
_HUNDREDTHS = 0x55  # the scale of volts and of amps
_STORED = (SET_VOLTS, SET_AMPS)


def read(command: int) -> bytes:
    """A question."""
    return command.to_bytes(2, "little")


def word(command: int, value: int) -> bytes:
    """A write or an answer of two bytes."""
    return struct.pack("<HH", command, value)


class MeanWellModule(CanSource):
    """It has no watchdog."""

    WIRE = ("can", 250_000)
    SILENCE_MS = 1e12

    def forget(self) -> None:
        """Mains: only what is in the EEPROM is kept."""
        super().forget()
        if not hasattr(self, "config"):
            self.config, self.curve = 0, CHARGER_MODE | 0x04
            self.worn = 0

    def answer(self, frame: CanFrame) -> list[tuple[int, bytes]]:
        """To a question its value; to a write nothing."""
        if frame.id != TO_US or len(frame.data) < 2:
            return []
        command = int.from_bytes(frame.data[:2], "little")
        self.heard()
        if len(frame.data) > 2:
            self._write(command, int.from_bytes(frame.data[2:], "little"))
            return []
        data = self._read(command)
        return [] if data is None else [(REPLY, data)]

    def _write(self, command: int, value: int) -> None:
        in_charge = self.config & CAN_CONTROL
        if command == CONFIG:
            self.config = value
        elif command == CURVE:
            self.curve = value
        elif not in_charge:
            return
        elif command == OPERATION:
            self.switch(value == 1)
        elif command in _STORED and not self.curve & CHARGER_MODE:
            self.worn += not self.config & EEPROM_OFF
            if command == SET_VOLTS:
                self.ask(volts=value / 100)
            else:
                self.ask(amps=value / 100)

    def _read(self, command: int) -> bytes | None:
        if command == OPERATION:
            return read(command) + bytes((1 if self.wanted_on else 0,))
        if command == SCALES:
            return read(command) + bytes((_HUNDREDTHS, 6, 6, 0, 0, 0))
        faults = (_SHORT if self.fault else 0) | (_HOT if self.hot else 0)
        values = {
            SET_VOLTS: self.set_volts * 100, SET_AMPS: self.set_amps * 100,
            FAULTS: faults | (0 if self.enabled else _OFF), OUT_VOLTS: self.volts * 100,
            OUT_AMPS: self.amps * 100, HEAT: self.temperature_c * 10,
            CURVE: self.curve, CONFIG: self.config,
        }  # fmt: skip
        return word(command, round(values[command])) if command in values else None
