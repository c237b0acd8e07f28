"""Looks at the tag reader 20 times a second and hands on each tag. Loaded where one is fitted."""

import asyncio
import time

from micropython import const

from firmware.on_demand import load

_AUTHORIZATION = "firmware.services.authorization"
_PERIOD_MS = const(50)


class TagReader:
    """`board.tag_reader.poll(dt_ms)` gives an idTag or None.

    It may share a bus with what switches the power: `board.in_hand` is True meanwhile.
    """

    def __init__(self, board: "Board", point: "ChargePoint", clock: "Clock") -> None:
        self._board = board
        self._point = point
        self._clock = clock

    async def run(self) -> None:
        """Poll for ever."""
        last = self._clock.ticks()
        while True:
            now = self._clock.ticks()
            self._board.in_hand = True
            id_tag = self._board.tag_reader.poll(time.ticks_diff(now, last))
            self._board.in_hand = False
            last = now
            if id_tag:
                present(self._point, id_tag)
            await asyncio.sleep_ms(_PERIOD_MS)


def present(point: "ChargePoint", id_tag: str) -> None:
    """A tag was held to the reader: it starts, or stops."""
    try:
        load(_AUTHORIZATION).present(point, id_tag)
    except MemoryError:
        if not point.make_room():
            raise
        point.hear(_AUTHORIZATION, "present", id_tag)
