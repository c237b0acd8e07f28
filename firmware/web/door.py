"""Waits for browsers; what answers them is loaded at a visit and forgotten after the last.

Small, because it stays in memory. The charger's own work comes first: with too little memory a
visit is refused, and where the port or this memory is needed it goes (charger.py).
"""

import asyncio
import gc

from micropython import const

from firmware.on_demand import load

_ROOM = const(8_000)  # bytes that must be free for a visit's code, and what it leaves for work
_LOOK_MS = const(1000)
_REST_S = const(4)  # nobody is let in for so long after visits had to end
_BUSY = b"HTTP/1.1 503 Busy\r\nRetry-After: 5\r\n\r\n"


class Door:
    """Open while `run` goes on; the port is the setting web_port."""

    def __init__(self, charger: "Charger") -> None:
        self.charger = charger
        self.listener = None
        self.refused = 0  # requests that were not allowed, or too much
        self.kept: list = charger.page_kept  # see access.py
        self._rest_s = 0

    async def run(self) -> None:
        """Until it has to stand aside. Raises OSError when the port is somebody else's."""
        charger = self.charger
        point = charger.charge_point
        server = await asyncio.start_server(self._come, "0.0.0.0", charger.settings.web_port)
        point.web = self
        try:
            while not point.page_aside:
                self._rest_s -= self._rest_s > 0
                if self.listener and not self.listener.look():
                    self.listener = None
                await asyncio.sleep_ms(_LOOK_MS)
        finally:
            self.drop()
            server.close()
            point.web = None

    async def _come(self, reader: "StreamReader", writer: "StreamWriter") -> None:
        try:
            gc.collect()
            if not self._rest_s and (self.listener or gc.mem_free() > _ROOM):
                if not self.listener:
                    self.listener = load("firmware.web.listener").Listener(self)
                await self.listener.visit(reader, writer)
            else:
                self.refused += 1
                writer.write(_BUSY)
                await writer.drain()
        except (OSError, EOFError, ValueError, MemoryError, asyncio.CancelledError):
            pass  # it went away, took too long, or does not keep up; `drop`
        finally:
            writer.close()
            try:
                await writer.wait_closed()
            except OSError:
                pass

    def drop(self) -> bool:
        """End all visits, for their memory; False when there were none."""
        listener = self.listener
        self.listener = None
        if listener:
            self._rest_s = _REST_S
            listener.drop()
        return listener is not None

    def in_the_way(self) -> bool:
        """Work that needs much memory begins: do visits leave too little for it."""
        return self.listener is not None and self.listener.in_the_way()

    def make_way(self) -> bool:
        """The same, and then they end."""
        return self.in_the_way() and self.drop()
