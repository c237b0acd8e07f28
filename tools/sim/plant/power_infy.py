"""An Infypower module, V1.13, on a 125 kbit/s bus; of a range that fits this charger.

Written from hardware-protocols.md section 3.3.
"""

import struct

from tools.sim.chips.can_bus import CanFrame
from tools.sim.plant.can_source import CanSource

US, CONTROLLER, BROADCAST = 0, 0xF0, 0x3F
MEASURED, STATUS, CAPABILITY, SWITCH, SET = 0x03, 0x04, 0x0A, 0x1A, 0x1C


def frame_id(command: int, to: int, source: int) -> int:
    """Of one module, without an error."""
    return 0xA << 22 | command << 16 | to << 8 | source


def capability(max_volts: int, min_volts: int, max_amps: float, watts: int) -> bytes:
    """What it can deliver."""
    return struct.pack(">HHHH", max_volts, min_volts, round(max_amps * 10), watts // 10)


class InfyModule(CanSource):
    """Address 0."""

    WIRE = ("can", 125_000)
    SILENCE_MS = 10_000.0
    MIN_VOLTS = 50
    LATENCY_MS = 5.0

    def answer(self, frame: CanFrame) -> list[tuple[int, bytes]]:
        """The same command, the other way round."""
        command = frame.id >> 16 & 0x3F
        ids = [frame_id(command, to, CONTROLLER) for to in (US, BROADCAST)]
        if frame.id not in ids or len(frame.data) != 8:
            return []
        data = self._do(command, frame.data)
        if data is None:
            return []
        self.heard()
        return [] if frame.id == ids[1] else [(frame_id(command, CONTROLLER, US), data)]

    def _do(self, command: int, data: bytes) -> bytes | None:
        if command == MEASURED:
            return struct.pack(">ff", self.volts, self.amps)
        if command == STATUS:
            return self._status()
        if command == CAPABILITY:
            return capability(int(self.MAX_VOLTS), self.MIN_VOLTS, self.MAX_AMPS, 10_000)
        if command == SWITCH:
            self.switch(data[0] == 0)
        elif command == SET:
            millivolts, milliamps = struct.unpack(">II", data)
            self.ask(max(millivolts / 1000, self.MIN_VOLTS), milliamps / 1000)
        else:
            return None
        return data

    def _status(self) -> bytes:
        state = (0 if self.enabled else 1) | (2 if self.fault else 0) | (0x10 if self.hot else 0)
        return struct.pack(">IbBBB", 0, round(self.temperature_c), 0, state, 0)
