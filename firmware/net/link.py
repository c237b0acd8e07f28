"""Keeps one way into the network up: looks once a second, connects again with a growing pause."""

import asyncio

from micropython import const

from firmware.errors import ChargerError

_PERIOD_MS = const(1000)
_RETRY_S = const(15)  # a join takes up to ten seconds; asking again earlier would restart it
_LONGEST_S = const(120)


class Link:
    """`is_up` and `connect` are the driver's; `on_change(up)` hears when it comes or goes."""

    def __init__(self, name: str, on_change: "Callable", log: "Log") -> None:
        self.name = name
        self.on_change = on_change
        self.up = False
        self._log = log
        self._pause_s = self._waited_s = 0

    async def run(self) -> None:
        """Look after the link once a second, for ever."""
        while True:
            await self.turn()
            await asyncio.sleep_ms(_PERIOD_MS)

    async def turn(self) -> None:
        """Tell a change; connect when it is time to."""
        up = self.is_up()
        if up != self.up:
            self.up = up
            self._log.info("network", "joined %s" if up else "lost %s", self.name)
            self.on_change(up)
        if up:
            self._pause_s = self._waited_s = 0
            return
        self._waited_s += 1
        if self._waited_s < self._pause_s:
            return
        self._pause_s = min(_LONGEST_S, self._pause_s + _RETRY_S)
        self._waited_s = 0
        try:
            await self.connect()
        except (OSError, ChargerError) as error:
            self._log.warn("network", "%s: %s", self.name, error)

    def name_server(self) -> str:
        """IPv4 address of the network's name server, "" where it is not known."""
        return ""

    def is_up(self) -> bool:
        """Has it an address."""
        raise NotImplementedError

    async def connect(self) -> None:
        """Begin to connect; may take its time. OSError, ChargerError: it does not work."""
        raise NotImplementedError
