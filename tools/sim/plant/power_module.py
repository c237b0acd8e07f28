"""The Rivot power module on CAN1: frames, and a source with current and voltage limit.

It answers requests, broadcasts what its own sensors and those at the gun see, and protects itself:
too hot, broken, or without a request for 5 s, its output goes off and has to be switched on again.
"""

import math
import struct
from collections.abc import Callable

from tools.sim.chips.can_bus import CanBus, CanFrame, Device
from tools.sim.plant.battery import Battery

CONTROL, CONTROL_REPLY = 0x068181FE, 0x0681817E
TELEMETRY, TELEMETRY_REPLY = 0x068182FE, 0x0681827E
TERMINALS, STATE, HEARTBEAT = 0x00433F01, 0x00473F01, 0x18FF50E5
VOLTS_SCALE, AMPS_SCALE = 1024, 30.5

_MAX_VOLTS, _MAX_AMPS = 100.0, 120.0
_RISE_A_PER_S, _FALL_A_PER_S, _OFF_A_PER_S = 200.0, 2_000.0, 10_000.0
_RISE_V_PER_S = 400.0
_BLEED_S = 5.5  # time constant: from 77 V to 60 V in 1.4 s
_SILENCE_MS = 5_000.0
_TRIP_C, _COOL_C = 85.0, 70.0
_WARMS_K_PER_A, _WARMS_S = 0.15, 300.0
_EMPTY_VOLTS = 0.01


class PowerModule:
    """`terminals()` gives volts and amps at the gun, where its outer sensors sit."""

    WIRE = ("can", 250_000)

    def __init__(
        self,
        bus: CanBus,
        now_ms: Callable[[], float],
        terminals: Callable[[], tuple[float, float]],
    ) -> None:
        self.ambient_c = 26.5
        self.pinned_c: float | None = None  # temperature set by hand
        self.powered = True
        self.fault = False
        self.hot = False
        self.amps = 0.0  # out of the output stage
        self.volts = 0.0  # at its own capacitor
        self.silence_trips = self.heat_trips = 0
        self._rise_k = 0.0
        self._now_ms = now_ms
        self._terminals = terminals
        self._can = Device(bus, lambda: self.powered, self._receive)
        self._broadcasts = {
            TERMINALS: (100.0, self._terminals_data),
            STATE: (500.0, self._state_data),
            HEARTBEAT: (1_000.0, self._heartbeat_data),
        }
        self._start()

    def _start(self) -> None:
        self.wanted_on = False
        self.set_volts = self.set_amps = 0.0
        self._last_request_ms = now_ms = self._now_ms()
        self._due = {id: now_ms + 20 + 10 * i for i, id in enumerate(self._broadcasts)}

    # ---- what people do to it ----

    def power(self, on: bool) -> None:
        """Mains on or off; it forgets what it was told."""
        if on != self.powered:
            self.powered = on
            self._start()

    def break_down(self, fault: bool) -> None:
        """Its own fault comes or goes; a fault is told at once."""
        if fault != self.fault:
            self.fault = fault
            self._off()
            self._tell()

    def _off(self) -> None:
        self.wanted_on = False

    def _tell(self) -> None:
        self._due[STATE] = self._due[HEARTBEAT] = self._now_ms()

    # ---- the output ----

    @property
    def enabled(self) -> bool:
        """May the output stage work."""
        return self.wanted_on and self.powered and not self.fault and not self.hot

    @property
    def on(self) -> bool:
        """Is the output stage on, or still running out."""
        return self.enabled or self.amps > 0

    @property
    def temperature_c(self) -> float:
        """Of the heat sink."""
        return self.ambient_c + self._rise_k if self.pinned_c is None else self.pinned_c

    def disconnect(self) -> None:
        """The contacts have opened: no path for the current."""
        self.amps = 0.0

    def at_rest(self) -> bool:
        """Will nothing change until somebody does something."""
        if self.amps > 0:
            return False
        if self.enabled:
            return abs(self.volts - self.set_volts) < 1e-9
        return self.volts < _EMPTY_VOLTS

    def step(self, seconds: float, battery: Battery | None) -> None:
        """Let time pass; `battery` is what it is connected to."""
        if battery is None:
            self.amps = 0.0
            self._move_capacitor(seconds)
        else:
            self._move_current(seconds, battery)
            self.volts = battery.volts(self.amps)
        warmer = self.amps * _WARMS_K_PER_A - self._rise_k
        self._rise_k += warmer * (1 - math.exp(-seconds / _WARMS_S)) if warmer else 0.0

    def _move_current(self, seconds: float, battery: Battery) -> None:
        target, fall = 0.0, _OFF_A_PER_S
        if self.enabled:
            target, fall = battery.takes(self.set_volts, self.set_amps), _FALL_A_PER_S
        if self.amps < target:
            self.amps = min(target, self.amps + _RISE_A_PER_S * seconds)
        else:
            self.amps = max(target, self.amps - fall * seconds)

    def _move_capacitor(self, seconds: float) -> None:
        floor = self.set_volts if self.enabled else 0.0
        if self.volts < floor:
            self.volts = min(floor, self.volts + _RISE_V_PER_S * seconds)
        elif self.volts > floor:
            self.volts = max(floor, self.volts * math.exp(-seconds / _BLEED_S))
            if self.volts < _EMPTY_VOLTS and not self.enabled:
                self.volts = 0.0

    # ---- protection and broadcasts ----

    @property
    def due_ms(self) -> float:
        """When it does something by itself."""
        return min(self._due.values()) if self.powered else math.inf

    def advance(self, now_ms: float) -> None:
        """Protect itself, and send what is due."""
        if not self.powered:
            return
        if self.wanted_on and now_ms - self._last_request_ms > _SILENCE_MS:
            self._off()
            self.silence_trips += 1
        self._watch_heat()
        for id, due_ms in self._due.items():
            if now_ms >= due_ms:
                period_ms, data = self._broadcasts[id]
                self._due[id] = now_ms + period_ms
                self._can.send(id, data(), now_ms)

    def _watch_heat(self) -> None:
        celsius = self.temperature_c
        if celsius >= _TRIP_C and not self.hot:
            self.hot = True
            self.heat_trips += 1
            self._off()
            self._tell()
        elif celsius <= _COOL_C:
            self.hot = False

    def _terminals_data(self) -> bytes:
        return struct.pack(">ff", *self._terminals())

    def _state_data(self) -> bytes:
        return bytes((0, 0, 0, 0, 0, 0, 3, 2 if self.on else 1))

    def _heartbeat_data(self) -> bytes:
        volts, amps = self._terminals()
        flags = (1 if self.fault else 0) | (2 if self.hot else 0)
        return struct.pack(">HHBBH", round(volts * 10), round(amps * 10), flags, 0, 0)

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
            now_ms = self._last_request_ms = self._now_ms()
            data = struct.pack(">BBBBI", 1, function, 0, *answer)
            reply = CONTROL_REPLY if frame.id == CONTROL else TELEMETRY_REPLY
            self._can.send(reply, data, now_ms)

    def _control(self, function: int, switch: int, value: int) -> tuple[int, int] | None:
        """Byte 3 and value of the answer; None: not a request of this group."""
        if function == 0x32 and switch in (0, 1):
            self.wanted_on = switch == 0 and not self.fault and not self.hot
            return (0 if self.wanted_on else 1, 0)
        if function == 0x00:
            self.set_volts = min(value / VOLTS_SCALE, _MAX_VOLTS)
            return (0, value)
        if function == 0x03:
            self.set_amps = min(value / AMPS_SCALE, _MAX_AMPS)
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
