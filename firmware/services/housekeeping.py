"""The watchdog, fed only while the vital loops run, and the garbage collector's regular turn."""

import asyncio
import gc

from micropython import const

from firmware.on_demand import load

_STAYED_UP_S = const(600)  # so long without a restart, earlier ones are forgotten
_PERIOD_MS = const(1000)
_COLLECT_EVERY = const(5)


class Housekeeping:
    """`loops` are objects whose `turns` must keep growing; `watchdog` has `feed()` or is None."""

    def __init__(self, loops: tuple, clock: "Clock", log: "Log") -> None:
        self.watchdog = None
        self.stayed_up = None  # called once, after `_STAYED_UP_S`
        self.console = None  # has `look()`, called once a second
        self._loops = loops
        self._seen = [-1] * len(loops)
        self._clock = clock
        self._log = log

    async def run(self) -> None:
        """Once a second, for ever."""
        count = 0
        while True:
            self.turn()
            if self.console:
                self.console.look()
            count += 1
            if count == _COLLECT_EVERY:
                gc.collect()
                count = 0
            await asyncio.sleep_ms(_PERIOD_MS)

    def reclaim(self) -> bool:
        """Flash fills up: a part of what a finished update has left; False when it is gone."""
        return load("firmware.update.room").some()

    def turn(self) -> bool:
        """Feed the watchdog if every vital loop has turned since the last call."""
        seconds, _ = self._clock.uptime()  # must be asked before ticks_ms wraps
        if self.stayed_up and seconds >= _STAYED_UP_S:
            try:
                self.stayed_up()
                self.stayed_up = None
            except MemoryError:
                pass  # again in a second
        alive = True
        for index, loop in enumerate(self._loops):
            if loop.turns == self._seen[index]:
                self._log.error("watchdog", "loop %d stands still", index)
                alive = False
            self._seen[index] = loop.turns
        if alive and self.watchdog:
            self.watchdog.feed()
        return alive
