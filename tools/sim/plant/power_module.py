"""The Rivot power module on CAN1: its frames, over the source's physics.

It answers requests and broadcasts what its own sensors and those at the gun see.
"""

import math
import struct
from collections.abc import Callable

from tools.sim.chips.can_bus import CanBus, CanFrame, Device
from tools.sim.plant.source import PowerSource

CONTROL, CONTROL_REPLY = 0x068181FE, 0x0681817E
TELEMETRY, TELEMETRY_REPLY = 0x068182FE, 0x0681827E
TERMINALS, STATE, HEARTBEAT = 0x00433F01, 0x00473F01, 0x18FF50E5
VOLTS_SCALE, AMPS_SCALE = 1024, 30.5


class PowerModule(PowerSource):
    """`terminals()` gives volts and amps at the gun, where its outer sensors sit."""

    WIRE = ("can", 250_000)

    def __init__(
        self,
        bus: CanBus,
        now_ms: Callable[[], float],
        terminals: Callable[[], tuple[float, float]],
    ) -> None:
        self._broadcasts = {
            TERMINALS: (100.0, self._terminals_data),
            STATE: (500.0, self._state_data),
            HEARTBEAT: (1_000.0, self._heartbeat_data),
        }
        super().__init__(bus, now_ms, terminals)
        self._can = Device(bus, lambda: self.powered, self._receive)

    def forget(self) -> None:
        """The broadcasts begin anew."""
        now_ms = self._now_ms()
        self._due = {id: now_ms + 20 + 10 * i for i, id in enumerate(self._broadcasts)}

    def tell(self) -> None:
        """State and heartbeat at once."""
        self._due[STATE] = self._due[HEARTBEAT] = self._now_ms()

    # ---- broadcasts ----

    @property
    def due_ms(self) -> float:
        """When it does something by itself."""
        return min(self._due.values()) if self.powered else math.inf

    def speak(self, now_ms: float) -> None:
        """Send what is due."""
        for id, due_ms in self._due.items():
            if now_ms >= due_ms:
                period_ms, data = self._broadcasts[id]
                self._due[id] = now_ms + period_ms
                self._can.send(id, data(), now_ms)

    def _terminals_data(self) -> bytes:
        return struct.pack(">ff", *self._terminals())

    def _state_data(self) -> bytes:
        return bytes((0, 0, 0, 0, 0, 0, 3, 2 if self.on else 1))

    def _heartbeat_data(self) -> bytes:
        volts, amps = self._terminals()
        flags = (1 if self.fault else 0) | (2 if self.hot else 0)
        return struct.pack(">hhBBH", round(volts * 10), round(amps * 10), flags, 0, 0)

    # ---- requests ----

    def _receive(self, frame: CanFrame) -> None:
        if not frame.ext or len(frame.data) != 8 or frame.data[0] != 1:
            return
        function, switch = frame.data[1], frame.data[3]
        value = int.from_bytes(frame.data[4:], "big")
        if frame.id == CONTROL:
            answer = self._control(function, switch, value)
        elif frame.id == TELEMETRY:
            answer = self._telemetry(function)
        else:
            return
        if answer is not None:
            self.heard()
            data = struct.pack(">BBBBI", 1, function, 0, *answer)
            reply = CONTROL_REPLY if frame.id == CONTROL else TELEMETRY_REPLY
            self._can.send(reply, data, self._now_ms())

    def _control(self, function: int, switch: int, value: int) -> tuple[int, int] | None:
        """Byte 3 and value of the answer; None: not a request of this group."""
        if function == 0x32 and switch in (0, 1):
            self.switch(switch == 0)
            return (0 if self.wanted_on else 1, 0)
        if function == 0x00:
            self.ask(volts=value / VOLTS_SCALE)
            return (0, value)
        if function == 0x03:
            self.ask(amps=value / AMPS_SCALE)
            return (0, value)
        return None

    def _telemetry(self, function: int) -> tuple[int, int] | None:
        values = {
            0x84: self.volts * VOLTS_SCALE,
            0x82: self.amps * 10,
            0x80: max(self.temperature_c, 0.0) * 1000,
            0x79: 0,  # nobody knows what these two mean
            0x83: 0,
        }
        return (0, round(values[function])) if function in values else None
