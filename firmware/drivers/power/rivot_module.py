"""The Rivot power module on CAN1, of which we are the master.

What is wanted is only stored (`set`, `enable`, from the control tick). `poll` sends what has
changed: an off-command before all else, again and again until the module confirms it; then
everything in turn, so that a module that has restarted is told again. Inside values are asked for,
terminals, state and heartbeat are broadcast. Scales nobody has proven are arguments.
"""

import struct

from micropython import const

from firmware.charging.readings import (
    FAULT_MODULE,
    FAULT_OVER_TEMPERATURE,
    FAULT_STAYS_ON,
    STALE_MS,
)

_CONTROL = const(0x068181FE)
_CONTROL_REPLY = const(0x0681817E)
_TELEMETRY = const(0x068182FE)
_TELEMETRY_REPLY = const(0x0681827E)
_TERMINALS = const(0x00433F01)
_STATE = const(0x00473F01)
_HEARTBEAT = const(0x18FF50E5)
_EXACTLY = const(0x1FFFFFFF)
FILTERS = (
    (_CONTROL_REPLY, _EXACTLY, True),
    (_TELEMETRY_REPLY, _EXACTLY, True),
    (_TERMINALS, _EXACTLY, True),
    (_STATE, _EXACTLY, True),
    (_HEARTBEAT, _EXACTLY, True),
)

_SET_POINTS = b"\x00\x03"  # functions: voltage, current
_SWITCH = const(0x32)
_OUTPUT_VOLTAGE = const(0x84)
_OUTPUT_CURRENT = const(0x82)
_TEMPERATURE = const(0x80)
_QUESTIONS = b"\x84\x80\x84\x82"  # the output voltage twice as often: it decides precharge

# what the timers count; the set points' two and the broadcasts' three are used by index as well
_SINCE_SET_POINT = const(0)
_SINCE_SWITCH = const(2)
_SINCE_TURN = const(3)
_SINCE_WANTED = const(4)  # `_on` has changed
_SINCE_TERMINALS = const(5)
_SINCE_STATE = const(6)
_SINCE_HEARTBEAT = const(7)
_TIMERS = const(8)

_TURN_MS = const(250)  # control and telemetry alternate: one request a group every 500 ms
_TURNS = const(24)  # until both rounds, of three and of four, begin together again
_REPEAT_MS = const(100)  # of an on/off command that is not confirmed
_RAISE_MS = const(100)  # between rising set points; falling ones go at once
_SILENT_MS = const(3000)
_STAYS_ON_MS = const(1000)
_MAX = const(1_000_000)  # mV, mA


class RivotModule:
    """Driver; fills `reading`.

    Set points are `voltage_scale` counts per V and `current_scale_x10` counts per 10 A,
    temperatures `counts_per_c` counts per °C.
    """

    def __init__(
        self,
        can: "Can",
        reading: "ModuleReading",
        voltage_scale: int = 1024,
        current_scale_x10: int = 305,
        counts_per_c: int = 1000,
    ) -> None:
        self._can = can
        self._reading = reading
        self._voltage_scale = voltage_scale
        self._current_scale_x10 = current_scale_x10
        self._counts_per_c = counts_per_c
        self._request = bytearray(b"\x01" + bytes(7))
        self._timers_ms = [STALE_MS] * _TIMERS
        self._timers_ms[_SINCE_TURN] = self._timers_ms[_SINCE_WANTED] = 0
        self._on = False  # wanted
        self._confirmed = False  # and the module agrees
        self._targets = [0, 0]  # voltage, current, as the module counts
        self._sent = [-1, -1]
        self._turn = 0

    @property
    def online(self) -> bool:
        """At least two of the three broadcasts are younger than 3 s."""
        heard = 0
        for timer in range(_SINCE_TERMINALS, _TIMERS):
            heard += self._timers_ms[timer] < _SILENT_MS
        return heard >= 2

    def set(self, voltage_mv: int, current_ma: int) -> None:
        """Store the set points, rounded down to what the module counts in; allocates nothing."""
        voltage_mv = min(max(voltage_mv, 0), _MAX)
        current_ma = min(max(current_ma, 0), _MAX)
        # Whole units and the rest apart: no product passes 2^30 at any sensible scale.
        scale = self._voltage_scale
        self._targets[0] = voltage_mv // 1000 * scale + voltage_mv % 1000 * scale // 1000
        scale = self._current_scale_x10
        self._targets[1] = current_ma // 10_000 * scale + current_ma % 10_000 * scale // 10_000

    def enable(self, on: bool) -> None:
        """Store whether the module shall be on; only the charging core may say True."""
        if on != self._on:
            self._on = on
            self._confirmed = False
            self._timers_ms[_SINCE_WANTED] = 0
            self._timers_ms[_SINCE_SWITCH] = STALE_MS

    def flush(self) -> bool:
        """Send an off-command that is due, now; False when the bus did not take it."""
        return self._on or self._switch_if_due()

    def poll(self, dt_ms: int) -> None:
        """Send what is due; call it every 5 to 20 ms. What the bus refuses is tried again."""
        self._grow(dt_ms)
        if not self.flush():
            return
        for i in (0, 1):
            target = self._targets[i]
            due = target < self._sent[i] or self._timers_ms[_SINCE_SET_POINT + i] >= _RAISE_MS
            if due and target != self._sent[i] and not self._send_set_point(i):
                return
        # On comes after the set points, or it would bring up those of the session before.
        if not self._switch_if_due():
            return
        if self._timers_ms[_SINCE_TURN] >= _TURN_MS and self._send_turn():
            self._timers_ms[_SINCE_TURN] = 0
            self._turn = (self._turn + 1) % _TURNS

    def _grow(self, dt_ms: int) -> None:
        timers_ms = self._timers_ms
        for timer in range(_TIMERS):
            timers_ms[timer] = min(timers_ms[timer] + dt_ms, STALE_MS)
        reading = self._reading
        reading.fault &= ~FAULT_STAYS_ON
        if not self._on:
            if reading.on and self.online and timers_ms[_SINCE_WANTED] > _STAYS_ON_MS:
                reading.fault |= FAULT_STAYS_ON
            if not self.online:
                self._confirmed = False  # it may come back in any state

    def _send(self, group: int, function: int, value: int = 0, switch: int = 0) -> bool:
        request = self._request
        request[1] = function
        request[3] = switch
        request[4] = value >> 24 & 0xFF
        request[5] = value >> 16 & 0xFF
        request[6] = value >> 8 & 0xFF
        request[7] = value & 0xFF
        return self._can.send(group, request)

    def _switch_if_due(self) -> bool:
        if self._confirmed or self._timers_ms[_SINCE_SWITCH] < _REPEAT_MS:
            return True
        return self._send_switch()

    def _send_switch(self) -> bool:
        if not self._send(_CONTROL, _SWITCH, 0, 0 if self._on else 1):
            return False
        self._timers_ms[_SINCE_SWITCH] = 0
        return True

    def _send_set_point(self, i: int) -> bool:
        if not self._send(_CONTROL, _SET_POINTS[i], self._targets[i]):
            return False
        self._sent[i] = self._targets[i]
        self._timers_ms[_SINCE_SET_POINT + i] = 0
        return True

    def _send_turn(self) -> bool:
        step = self._turn // 2
        if self._turn & 1:
            return self._send(_TELEMETRY, _QUESTIONS[step % 4])
        return self._send_set_point(step % 3 - 1) if step % 3 else self._send_switch()

    def on_frame(self, frame: "Frame") -> bool:
        """Take a frame into the reading; False when it is not the module's or makes no sense."""
        if not frame.ext or frame.len != 8:
            return False
        id = frame.id
        data = frame.data
        if id == _TERMINALS:
            return self._terminals(data)
        if id in (_CONTROL_REPLY, _TELEMETRY_REPLY):
            return data[0] == 1 and self._reply(data[1], data)
        if id == _STATE:
            self._timers_ms[_SINCE_STATE] = 0
            if data[6] == 3 and data[7] == 2:  # charging
                self._is_on(True)
        elif id == _HEARTBEAT:
            self._timers_ms[_SINCE_HEARTBEAT] = 0
            fault = self._reading.fault & FAULT_STAYS_ON
            if data[4] & 1:
                fault |= FAULT_MODULE
            if data[4] & 2:
                fault |= FAULT_OVER_TEMPERATURE
            self._reading.fault = fault
        else:
            return False
        return True

    def _terminals(self, data: bytearray) -> bool:
        volts, amps = struct.unpack_from(">ff", data)
        if not (-10 < volts < 1000 and -1000 < amps < 1000):  # not a number fails as well
            return False
        reading = self._reading
        reading.terminal_mv = int(round(volts * 1000))
        reading.terminal_ma = int(round(amps * 1000))
        reading.age_ms = self._timers_ms[_SINCE_TERMINALS] = 0
        return True

    def _is_on(self, on: bool) -> None:
        self._reading.on = on
        self._confirmed = on == self._on

    def _reply(self, function: int, data: bytearray) -> bool:
        reading = self._reading
        value = data[5] << 16 | data[6] << 8 | data[7]  # the highest byte is never used
        if function == _SWITCH:
            if data[3] > 1:
                return False
            self._is_on(data[3] == 0)
        elif function == _OUTPUT_VOLTAGE:
            reading.output_mv = value * 125 // 128  # counts of 1 / 1024 V
            reading.output_age_ms = 0
        elif function == _OUTPUT_CURRENT:
            reading.output_ma = (value & 0xFFFF) * 100
        elif function == _TEMPERATURE:
            reading.temperature_c10 = value * 10 // self._counts_per_c
        return True
