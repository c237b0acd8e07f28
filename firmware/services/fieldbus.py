"""Polls the buses: CAN frames to the drivers, the drivers' own frames out, bus-off handled.

Vital: without it neither the BMS nor the power module is heard. A bus in bus-off is restarted with
back-off; until it works the readings grow old and the supervisor stops the charger.
"""

import asyncio
import time

from micropython import const

from firmware.drivers.can import BUS_OFF, Frame

_PERIOD_MS = const(10)
_FRAMES_A_TURN = const(16)
_STATE_MS = const(100)  # how often the controller's state is looked at
_RESTART_MS = const(200)
_RESTART_MAX_MS = const(10_000)


class _Bus:
    def __init__(self, can: "Can", drivers: tuple) -> None:
        self.can = can
        self.drivers = drivers
        self.backoff_ms = _RESTART_MS
        self.unchecked_ms = 0
        self.waited_ms = 0


class Fieldbus:
    """`board.buses` is a tuple of (can, drivers); a driver has `on_frame(frame)`, `poll(dt_ms)`.

    `board.polled` are drivers on other wires, which have `poll` only. `board.in_hand` is True
    while any of them is at work.
    """

    def __init__(self, board: "Board", clock: "Clock", log: "Log") -> None:
        self._board = board
        self._buses = [_Bus(can, drivers) for can, drivers in board.buses]
        self._clock = clock
        self._log = log
        self._frame = Frame()
        self.turns = 0

    async def run(self) -> None:
        """Poll for ever."""
        last = self._clock.ticks()
        while True:
            now = self._clock.ticks()
            dt_ms = time.ticks_diff(now, last)
            last = now
            self._board.in_hand = True
            for bus in self._buses:
                self._serve(bus, dt_ms)
            for driver in self._board.polled:
                driver.poll(dt_ms)
            self._board.in_hand = False
            self.turns += 1
            await asyncio.sleep_ms(_PERIOD_MS)

    def _serve(self, bus: _Bus, dt_ms: int) -> None:
        frame = self._frame
        for _ in range(_FRAMES_A_TURN):
            if not bus.can.receive(frame):
                break
            for driver in bus.drivers:
                if driver.on_frame(frame):
                    bus.backoff_ms = _RESTART_MS
                    break
        for driver in bus.drivers:
            driver.poll(dt_ms)
        bus.unchecked_ms += dt_ms
        if bus.unchecked_ms >= _STATE_MS:
            if bus.can.state() == BUS_OFF:
                self._restart(bus, bus.unchecked_ms)
            bus.unchecked_ms = 0

    def _restart(self, bus: _Bus, dt_ms: int) -> None:
        bus.waited_ms += dt_ms
        if bus.waited_ms < bus.backoff_ms:
            return
        bus.waited_ms = 0
        bus.backoff_ms = min(bus.backoff_ms * 2, _RESTART_MAX_MS)
        self._log.warn("can", "bus-off, restarting the controller")
        bus.can.restart()
