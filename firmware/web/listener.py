"""Those who visit the page: lets them in, ends what takes too long. Loaded while there are any."""

import asyncio
import gc

from micropython import const

from firmware.on_demand import load

_ROOM_MORE = const(3_500)  # bytes that must be free for one more
_ROOM_WORK = const(11_500)  # for the begin or the end of a session
_KEEP_S = const(3)  # the code stays so long: the next request of a page comes soon
_MISSED = const(3)  # texts in a row that found no memory


class Listener:
    """All visits. `door` has what outlasts them."""

    checking = False  # a password is being checked

    def __init__(self, door: "Door") -> None:
        self.door = door
        self.charger = door.charger
        self.kept = door.kept
        self.code = None  # visit.py
        self.live = None  # live.py, while somebody watches
        self.visits = []  # [task, seconds it may still take, 0: no limit] of each connection
        self.viewers = []  # (task, stream) of those who watch, see live.py
        self._missed = 0
        self._idle_s = 0  # nobody has asked for anything

    def look(self) -> bool:
        """Once a second; False when nobody has been here for a while."""
        self._idle_s += 1
        for visit in self.visits:
            if visit[1]:
                self._idle_s = 0
                visit[1] -= 1
                if not visit[1]:
                    visit[0].cancel()
        if self._idle_s >= _KEEP_S:
            self.code = None
            if not self.viewers:
                return False
        if self.live:
            self._missed = 0 if self.live.tell(self) else self._missed + 1
            if self._missed == _MISSED:
                self.door.drop()
        return True

    def in_the_way(self) -> bool:
        """Is there too little memory for a session's begin or end; who watches is told before."""
        gc.collect()
        if gc.mem_free() >= _ROOM_WORK:
            return False
        if self.live:
            self.live.tell(self)
        return True

    def drop(self) -> None:
        """End all visits."""
        for visit in self.visits:
            visit[0].cancel()
        self.code = self.live = None

    # No task of its own for code that is loaded: the event loop may point to a task that has
    # ended for long, and so keep that code.
    async def visit(self, reader: "StreamReader", writer: "StreamWriter") -> None:
        """One connection, until it is over. Raises what a broken line raises, and MemoryError."""
        visit = [asyncio.current_task(), 1]
        self.visits.append(visit)
        goes_on = None
        self._idle_s = 0
        try:
            if gc.mem_free() < _ROOM_MORE:
                raise MemoryError
            if not self.code:
                self.code = load("firmware.web.visit")
            goes_on = await self.code.serve(self, visit, reader, writer)
            if goes_on:
                visit[1] = 0
                await goes_on(self, reader, writer)
        finally:
            self.visits.remove(visit)
            goes_on = visit = None
