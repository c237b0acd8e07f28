"""The Rivot power module on CAN1: a constant-current, constant-voltage source with a bus."""

import math
import struct

from tools.sim.chips.can_bus import CanBus, CanFrame

_CONTROL, _CONTROL_REPLY = 0x068181FE, 0x0681817E
_TELEMETRY, _TELEMETRY_REPLY = 0x068182FE, 0x0681827E
_TERMINALS, _STATE, _HEARTBEAT = 0x00433F01, 0x00473F01, 0x18FF50E5
_PERIODS_MS = {_TERMINALS: 100, _STATE: 500, _HEARTBEAT: 1000}
_VOLTAGE_SCALE, _AMPS_SCALE = 1024, 30.5
_SILENCE_MS = 5000
_OFF_MS = 20
_SLEW_A_PER_MS = 0.2
_VOLTS_PER_MS = 1.0
_BLEED_MS = 4000  # time constant of the output capacitor and its bleeder
_HOT_C = 75.0


class PowerModule:
    """Output stage and CAN node. `amps` is what flows out, `output_v` is before the contactor."""

    def __init__(self, bus: CanBus) -> None:
        self._bus = bus
        self.alive = True  # has mains
        self.fault = False
        self.ambient_c = 26.5
        self.pinned_c: float | None = None
        self.wanted_on = False
        self.set_v = self.set_a = 0.0
        self.amps = self.output_v = 0.0
        self.terminal_v = 0.0  # measured at the gun
        self.now_ms = 0.0
        self._warmth_c = 0.0
        self._off_at_ms: float | None = None
        self._stage_on = False
        self._heard_ms = 0.0
        self._due_ms = dict.fromkeys(_PERIODS_MS, 0.0)
        bus.nodes.append(self)

    @property
    def on(self) -> bool:
        """Is the output stage really on."""
        return self._stage_on

    @property
    def temperature_c(self) -> float:
        """What its sensor shows."""
        return self.pinned_c if self.pinned_c is not None else self.ambient_c + self._warmth_c

    def step(self, now_ms: float, demand_a: float | None, terminal_v: float) -> None:
        """Move on to `now_ms`. `demand_a` is what the load takes at our set voltage, None when
        nothing is connected; `terminal_v` is the voltage at the gun."""
        dt_ms = now_ms - self.now_ms
        self.now_ms = now_ms
        self.terminal_v = terminal_v
        self._switch(now_ms)
        self._drive(dt_ms, demand_a, terminal_v)
        self._warmth_c += (self.amps * 0.1 - self._warmth_c) * min(1.0, dt_ms / 120_000)
        if self.alive:
            self._broadcast(now_ms)

    def _switch(self, now_ms: float) -> None:
        if now_ms - self._heard_ms > _SILENCE_MS:
            self.wanted_on = False
        wanted = self.wanted_on and self.alive and not self.fault and self.temperature_c < _HOT_C
        if wanted:
            self._stage_on, self._off_at_ms = True, None
        elif self._stage_on:
            if self._off_at_ms is None:
                self._off_at_ms = now_ms + (0 if not self.alive else _OFF_MS)
            if now_ms >= self._off_at_ms:
                self._stage_on, self._off_at_ms = False, None

    def _drive(self, dt_ms: float, demand_a: float | None, terminal_v: float) -> None:
        if not self._stage_on:
            self.amps = 0.0
            if demand_a is not None:
                self.output_v = terminal_v
            else:
                self.output_v *= math.exp(-dt_ms / _BLEED_MS)
        elif demand_a is None:
            self.amps = 0.0
            step = _VOLTS_PER_MS * dt_ms
            self.output_v += max(-step, min(step, self.set_v - self.output_v))
        else:
            target = min(self.set_a, demand_a)
            self.amps = min(target, self.amps + _SLEW_A_PER_MS * dt_ms)
            self.output_v = terminal_v

    # ---- the bus ----

    def listens(self) -> bool:
        """With mains."""
        return self.alive

    def _send(self, id: int, data: bytes) -> None:
        self._bus.send(self, CanFrame(id, data), self.now_ms)

    def _broadcast(self, now_ms: float) -> None:
        for id, period_ms in _PERIODS_MS.items():
            if now_ms < self._due_ms[id]:
                continue
            self._due_ms[id] = now_ms + period_ms
            if id == _TERMINALS:
                self._send(id, struct.pack(">ff", self.terminal_v, self.amps))
            elif id == _STATE:
                self._send(id, bytes((0, 0, 0, 0, 0, 0, 3, 2 if self._stage_on else 1)))
            else:
                hot = self.temperature_c >= _HOT_C
                flags = (1 if self.fault else 0) | (2 if hot else 0)
                self._send(id, bytes((0, 0, 0, 0, flags, 0, 0, 0)))

    def set_fault(self, fault: bool) -> None:
        """Break or repair it; the heartbeat tells at once."""
        self.fault = fault
        self._due_ms[_HEARTBEAT] = self.now_ms

    def deliver(self, frame: CanFrame) -> None:
        """A request of the charger."""
        if frame.id not in (_CONTROL, _TELEMETRY) or len(frame.data) != 8 or frame.data[0] != 1:
            return
        self._heard_ms = self.now_ms
        function, value = frame.data[1], int.from_bytes(frame.data[4:], "big")
        if frame.id == _CONTROL:
            self._control(function, frame.data[3], value)
        else:
            self._tell(function)

    def _control(self, function: int, switch: int, value: int) -> None:
        answer = bytearray((1, function, 0, 0)) + value.to_bytes(4, "big")
        if function == 0x32:
            self.wanted_on = switch == 0
            answer[3] = 0 if self.wanted_on and not self.fault else 1
        elif function == 0x00:
            self.set_v = value / _VOLTAGE_SCALE
        elif function == 0x03:
            self.set_a = value / _AMPS_SCALE
        else:
            return
        self._send(_CONTROL_REPLY, bytes(answer))

    def _tell(self, function: int) -> None:
        values = {
            0x84: round(self.output_v * 1024),
            0x82: round(self.amps * 10),
            0x80: max(0, round(self.temperature_c * 1000)),
        }
        value = values.get(function, 0)
        self._send(_TELEMETRY_REPLY, bytes((1, function, 0, 0)) + value.to_bytes(4, "big"))
