"""Looks at the tag reader 20 times a second and hands each tag to `present`."""

import asyncio
import time

from micropython import const

_PERIOD_MS = const(50)


class TagReader:
    """`reader.poll(dt_ms)` gives an idTag or None."""

    def __init__(self, reader: "Rdm6300", present: "Callable", clock: "Clock") -> None:
        self._reader = reader
        self._present = present
        self._clock = clock

    async def run(self) -> None:
        """Poll for ever."""
        last = self._clock.ticks()
        while True:
            now = self._clock.ticks()
            id_tag = self._reader.poll(time.ticks_diff(now, last))
            last = now
            if id_tag:
                self._present(id_tag)
            await asyncio.sleep_ms(_PERIOD_MS)
