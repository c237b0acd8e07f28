"""What the drivers of power modules on CAN share: when what is sent, and what is believed.

What is wanted is only stored (`set`, `enable`, from the control tick). `poll` sends what has
changed: an off-command before all else, again and again until the module confirms it; then
everything in turn, so that a module that has restarted is told again.
"""

from micropython import const

from firmware.charging.readings import FAULT_OUT_OF_RANGE, FAULT_STAYS_ON, STALE_MS

VOLTS = const(1)
AMPS = const(2)

# what the timers count; the set points' two are used by index as well
_SINCE_SET_POINT = const(0)
_SINCE_SWITCH = const(2)
_SINCE_TURN = const(3)
_SINCE_WANTED = const(4)  # `_on` has changed
_SINCE_REFUSED = const(5)
_SINCE_HEARD = const(6)  # and on: one for each kind of sign of life

_REPEAT_MS = const(100)  # of an on/off command that is not confirmed
_RAISE_MS = const(100)  # between rising set points; falling ones go at once
_SILENT_MS = const(3000)
_TELL_MS = const(1000)
_FLOWS_MA = const(2_000)  # more than the noise of its measurement
_OWN_FAULTS = const(12)  # FAULT_STAYS_ON and FAULT_OUT_OF_RANGE


class ModuleDriver:
    """Driver; fills `reading`. Never asked for more than `max_mv` and `max_ma`.

    A module is not switched on when the battery's voltage lies outside what it can deliver.

    A subclass has `_send_switch()` and `_send_set_point(i)` (0 voltage, 1 current; from `_on`,
    `_targets` in mV and mA) and `_send_turn()`, called every `turn_ms`. All return False when the
    bus did not take the frame. Its `on_frame` calls `_heard`, `_measured` and `_is_on`.
    """

    turn_ms = 50
    stays_on_ms = 1000  # told off for so long, it must be

    def __init__(
        self,
        can: "Can",
        reading: "ModuleReading",
        max_mv: int,
        max_ma: int,
        min_mv: int = 0,
        signs: int = 1,
    ) -> None:
        self._can = can
        self._reading = reading
        reading.senses_gun = False
        self._min_mv = min_mv
        self._max_mv = max_mv
        self._max_ma = max_ma
        self._request = bytearray(8)
        self._timers_ms = [STALE_MS] * (_SINCE_HEARD + signs)
        self._timers_ms[_SINCE_TURN] = self._timers_ms[_SINCE_WANTED] = 0
        self._on = False  # wanted
        self._confirmed = False  # and the module agrees
        self._asked_mv = 0
        self._targets = [min_mv, 0]  # what is asked for, within what it can
        self._sent = [-1, -1]
        self._parts = 0  # of a measurement, that have come
        self._turn = 0
        self._ready = True  # it may be given set points and be switched on
        self.refused = 0

    @property
    def online(self) -> bool:
        """More than half of its signs of life are younger than 3 s."""
        balance = 0
        for timer in range(_SINCE_HEARD, len(self._timers_ms)):
            balance += 1 if self._timers_ms[timer] < _SILENT_MS else -1
        return balance > 0

    def set(self, voltage_mv: int, current_ma: int) -> None:
        """Store the set points; allocates nothing."""
        self._asked_mv = voltage_mv
        self._targets[0] = min(max(voltage_mv, self._min_mv), self._max_mv)
        self._targets[1] = min(max(current_ma, 0), self._max_ma)

    def enable(self, on: bool) -> None:
        """Store whether the module shall be on; only the charging core may say True."""
        if on:
            asked_mv = self._asked_mv
            # When it is switched on it is asked for the battery's voltage: that it must reach.
            # Later the limit may be higher than it can, but not lower.
            if asked_mv < self._min_mv or (asked_mv > self._max_mv and not self._on):
                self._timers_ms[_SINCE_REFUSED] = 0
                on = False
        if on != self._on:
            self._on = on
            self._confirmed = False
            self._timers_ms[_SINCE_WANTED] = 0
            self._timers_ms[_SINCE_SWITCH] = STALE_MS

    def flush(self) -> bool:
        """Send an off-command that is due, now; False when the bus did not take it."""
        return self._on or self._switch(False)

    def poll(self, dt_ms: int) -> None:
        """Send what is due; call it every 5 to 20 ms. What the bus refuses is tried again."""
        self._grow(dt_ms)
        if not self.flush():
            return
        timers_ms = self._timers_ms
        if self._ready:
            for i in (0, 1):
                target = self._targets[i]
                sent = self._sent[i]
                late = timers_ms[_SINCE_SET_POINT + i] >= _RAISE_MS
                if target != sent and (late or target < sent or sent < 0) and not self._tell(i):
                    return
            # On comes after the set points, or it would bring up those of the session before.
            if not self._switch(False):
                return
        if timers_ms[_SINCE_TURN] >= self.turn_ms and self._send_turn():  # type: ignore[attr-defined]
            timers_ms[_SINCE_TURN] = 0
            self._turn += 1

    def _grow(self, dt_ms: int) -> None:
        timers_ms = self._timers_ms
        for timer in range(len(timers_ms)):
            timers_ms[timer] = min(timers_ms[timer] + dt_ms, STALE_MS)
        reading = self._reading
        fault = reading.fault & ~_OWN_FAULTS
        if timers_ms[_SINCE_REFUSED] < _TELL_MS:
            fault |= FAULT_OUT_OF_RANGE
        if not self._on:
            if reading.on and self.online and timers_ms[_SINCE_WANTED] > self.stays_on_ms:
                fault |= FAULT_STAYS_ON
            if not self.online:
                self._confirmed = False  # it may come back in any state
        reading.fault = fault

    # ---- for subclasses ----

    def _switch(self, again: bool = True) -> bool:
        """Tell on or off; with `again` False only if that is due."""
        timers_ms = self._timers_ms
        if not again and (self._confirmed or timers_ms[_SINCE_SWITCH] < _REPEAT_MS):
            return True
        if not self._send_switch():  # type: ignore[attr-defined]
            return False
        timers_ms[_SINCE_SWITCH] = 0
        return True

    def _tell(self, i: int) -> bool:
        """Tell a set point."""
        if not self._send_set_point(i):  # type: ignore[attr-defined]
            return False
        self._sent[i] = self._targets[i]
        self._timers_ms[_SINCE_SET_POINT + i] = 0
        return True

    def _heard(self, sign: int = 0) -> None:
        """A frame of it has come; after silence it is told everything again."""
        if not self.online:
            self._forget()
        self._timers_ms[_SINCE_HEARD + sign] = 0

    def _forget(self) -> None:
        """It may have restarted: the set points again."""
        self._sent[0] = self._sent[1] = -1

    def _measured(self, parts: int) -> None:
        """`VOLTS`, `AMPS` or both of the output are new; it is fresh when both are."""
        reading = self._reading
        if parts & AMPS and reading.output_ma > _FLOWS_MA and not self._on:
            self._is_on(True)  # whatever it says
        if reading.senses_gun:  # its terminals tell the age
            if parts & VOLTS:
                reading.output_age_ms = 0
            return
        self._parts |= parts
        if self._parts == VOLTS | AMPS:
            self._parts = 0
            reading.age_ms = reading.output_age_ms = 0

    def _is_on(self, on: bool) -> None:
        """It says that it is on, or off."""
        if self._confirmed and on != self._on:
            self._forget()
        self._reading.on = on
        self._confirmed = on == self._on

    def _has_fault(self, fault: int) -> None:
        """The bits its own state means."""
        self._reading.fault = self._reading.fault & _OWN_FAULTS | fault
