"""The control loop: every 50 ms pins in, one tick of the charging core, outputs out.

Gun, E-stop, door, earth fault monitor and what BMS and module say are looked at every 10 ms; a
reason to stop ticks at once. The contacts interrupt as well, because the rest of the firmware may
hold up this loop: a write to flash takes 45 ms and more.

Vital: when it dies the charger stops. `tick` allocates nothing; what other services must know is
in the core's event ring and in `button_pressed`.
"""

import asyncio
import time

from micropython import const

PERIOD_MS = const(50)
_SAMPLE_MS = const(10)
_MAX_DT_MS = const(10_000)
_OFF_TRIES = const(5)
_OFF_PAUSE_US = const(300)


class Control:
    """Owns the tick. `tick_max_ms` is the longest gap between two ticks so far."""

    def __init__(self, core: "ChargingCore", board: "Board", clock: "Clock") -> None:
        self._core = core
        self._board = board
        self._clock = clock
        self._last = self._sampled = clock.ticks()
        self._stops = [board.e_stop]  # inputs that stop when they become active
        for contact in (board.door, board.earth_fault):
            if contact:
                self._stops.append(contact)
        self._bms_follows = hasattr(board.bms, "session")
        self.tick_max_ms = 0
        self.turns = 0
        self.button_pressed = False
        self._told_to_stop = False
        self._cut = False  # an interrupt has switched off, of which the core does not know yet

    async def run(self) -> None:
        """Tick for ever, evenly; at once when a stopping input has changed."""
        self._last = due = self._clock.ticks()
        for contact in self._stops:
            contact.watch(self._cut_off)
        while True:
            now = self._clock.ticks()
            self._cut = False  # from here on the inputs tell
            stop = self._stopping_input(time.ticks_diff(now, self._sampled))
            if stop or time.ticks_diff(now, due) >= 0:
                self._timed_tick(now)
                due = time.ticks_add(due, PERIOD_MS)
                if time.ticks_diff(now, due) > 0:  # held up: go on from here, no burst
                    due = time.ticks_add(now, PERIOD_MS)
            await asyncio.sleep_ms(_SAMPLE_MS)

    def _timed_tick(self, now: int) -> None:
        dt_ms = time.ticks_diff(now, self._last)
        self._last = now
        if dt_ms > self.tick_max_ms:
            self.tick_max_ms = dt_ms
        self.tick(dt_ms if dt_ms < _MAX_DT_MS else _MAX_DT_MS)
        self.turns += 1

    def _stopping_input(self, dt_ms: int) -> bool:
        """Sample gun and stopping contacts; True when something has just become a reason."""
        self._sampled = self._clock.ticks()
        gun = self._board.gun
        gun.update(dt_ms)
        stop = gun.changed and not gun.active
        for contact in self._stops:
            contact.update(dt_ms)
            if contact.changed and contact.active:
                stop = True
        if stop:
            return True
        before = self._told_to_stop
        self._told_to_stop = self._core.told_to_stop()
        return self._told_to_stop and not before

    def _cut_off(self) -> None:
        """A stopping contact has interrupted: off at once. What it means the next tick decides."""
        self._cut = True
        if self._board.in_hand:  # a driver is half-way in a frame: the contactor only
            self._board.contactor.command(False)
            return
        try:
            self.safe()
        except (OSError, MemoryError, ValueError):  # a bus that fails: the loop tells it again
            pass

    def tick(self, dt_ms: int) -> None:
        """One period: read, decide, write. Allocates nothing."""
        self._board.in_hand = True
        self._one_tick(self._core, self._board, dt_ms)
        self._board.in_hand = False
        if self._cut:  # since then: nothing stays on that was decided without it
            self.safe()

    def _one_tick(self, core: "ChargingCore", board: "Board", dt_ms: int) -> None:
        self._read(core, board, dt_ms)
        self._read_fitted(core, board)
        core.gap_ms = dt_ms - self._clock.pause_ms
        core.tick(dt_ms)
        sequence = core.sequence
        board.contactor.command(sequence.contactor)
        board.module.set(core.regulator.set_mv, core.regulator.set_ma)
        board.module.enable(sequence.module_on)
        if not sequence.module_on:
            self._tell_off()
        reading = core.module
        if self._bms_follows:
            board.bms.session(core.session.open)
        board.bms.report(reading.terminal_mv, reading.terminal_ma, 1 if core.fault() >= 0 else 0)
        board.lamp.show(core.connector.state)
        board.lamp.update(dt_ms)

    def _read(self, core: "ChargingCore", board: "Board", dt_ms: int) -> None:
        gun = board.gun.active
        if core.gun and not gun:
            core.bms.reset()  # the next vehicle is another one
        core.gun = gun
        core.e_stop = board.e_stop.active
        board.contactor.update(dt_ms)
        core.contactor_closed = board.contactor.closed
        board.button.update(dt_ms)
        if board.button.take():
            self.button_pressed = True

    def _read_fitted(self, core: "ChargingCore", board: "Board") -> None:
        """What hardware.json says is there. A sensor that makes no sense is a fault, no guess."""
        if board.door:
            core.door_open = board.door.active
        if board.earth_fault:
            core.earth_fault = board.earth_fault.active
        bad = False
        thermistor = board.thermistor
        if thermistor:
            thermistor.update()
            core.gun_c10 = thermistor.c10
            bad = thermistor.bad
        sense = board.gun_sense
        if sense:
            sense.update()
            core.gun_mv = sense.mv
            bad = bad or sense.bad
        core.gun_sensor_bad = bad

    def safe(self) -> None:
        """Everything off, now; called on every way out."""
        self._board.contactor.command(False)
        self._board.module.enable(False)
        self._tell_off()

    def _tell_off(self) -> None:
        """The module is told now: once we return, writes to flash may hold up the bus's loop.

        The frame before may still be on the wire, 1.1 ms at 125 kbit/s. A dead bus costs no more.
        """
        for _ in range(_OFF_TRIES):
            if self._board.module.flush():
                break
            time.sleep_us(_OFF_PAUSE_US)
