"""Listens for browsers; what answers them is loaded at a visit and forgotten after the last.

Small, because it stays in memory. The charger's own work comes first: with too little memory a
visit is refused, `make_way` ends all visits before work that needs much, `drop` at once.
"""

import asyncio
import gc

from micropython import const

from firmware.on_demand import load

_ROOM = const(7_000)  # bytes that must be free for a visit's code, and what it leaves for work
_ROOM_MORE = const(3_500)
_ROOM_WORK = const(11_500)  # for the begin or the end of a session
_REST_S = const(4)  # nobody is let in for so long
_KEEP_S = const(3)  # the code stays so long: the next request of a page comes soon
_MISSED = const(3)  # texts in a row that found no memory
_BUSY = (
    b"HTTP/1.1 503 Busy\r\nRetry-After: 5\r\n\r\nThe charger needs its memory: try again soon.\n"
)


class Listener:
    """Listens while `run` does. `kept` is that of the listener before it, or None."""

    checking = False  # a password is being checked
    _missed = 0
    refused = 0  # requests that were not allowed, or too much

    def __init__(self, charger: "Charger", door: "Door", kept: "list | None") -> None:
        self.charger = charger
        self._door = door
        # Sessions, wrong passwords in a row, locked until (uptime), see access.py.
        self.kept = kept or [[], 0, 0]
        self.code = None  # visit.py
        self.live = None  # live.py, while somebody watches
        self.visits = []  # [task, seconds it may still take, 0: no limit] of each connection
        self.viewers = []  # (task, stream) of those who watch, see live.py
        self._idle_s = 0  # nobody has asked for anything
        self._rest_s = 0

    async def run(self) -> None:
        """Listen, and end what takes too long; until the page has to stand aside."""
        port = self.charger.settings.web_port
        server = await asyncio.start_server(self._visit, "0.0.0.0", port)
        try:
            while not self._door.aside:
                self._look()
                await asyncio.sleep_ms(1000)
        finally:
            server.close()
            self.drop()

    def _look(self) -> None:
        """Once a second."""
        self._rest_s -= self._rest_s > 0
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
                self.live = None
        if self.live:
            self._missed = 0 if self.live.tell(self) else self._missed + 1
            if self._missed == _MISSED:
                self.drop()

    def make_way(self) -> bool:
        """The server commands, a session begins or ends: are visits in the way; then they end."""
        if not self.visits and not self.code:
            return False
        gc.collect()
        if gc.mem_free() >= _ROOM_WORK:
            return False
        if self.live:
            self.live.tell(self)
        return self.drop()

    def drop(self) -> bool:
        """End all visits, for their memory; False when there were none."""
        dropped = bool(self.visits) or self.code is not None
        for visit in self.visits:
            visit[0].cancel()
        self.code = self.live = None
        self._rest_s = _REST_S
        return dropped

    # No task of its own for code that is loaded: the event loop may point to a task that has
    # ended for long, and so keep that code.
    async def _visit(self, reader: "StreamReader", writer: "StreamWriter") -> None:
        visit = [asyncio.current_task(), 1]
        self.visits.append(visit)
        goes_on = None
        self._idle_s = 0
        try:
            gc.collect()
            if not self._rest_s and gc.mem_free() > (_ROOM_MORE if self.code else _ROOM):
                if not self.code:
                    self.code = load("firmware.web.visit")
                goes_on = await self.code.serve(self, visit, reader, writer)
                if goes_on:
                    visit[1] = 0
                    await goes_on(self, reader, writer)
            else:
                self.refused += 1
                writer.write(_BUSY)
                await writer.drain()
        except (OSError, EOFError, ValueError, MemoryError, asyncio.CancelledError):
            pass  # it went away, took too long, or does not keep up; `drop`
        finally:
            self.visits.remove(visit)
            goes_on = visit = None
            writer.close()
            try:
                await writer.wait_closed()
            except OSError:
                pass
