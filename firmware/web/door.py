"""Has the charger's page listen, except while something else needs its port or its memory.

What must outlast that is kept here: who has logged in, and who has failed to.
"""

import asyncio

from firmware.on_demand import load

_LOOK_MS = 1000


class Door:
    """A service; the port is the setting web_port. `aside`: how many want the port or memory."""

    def __init__(self, charger: "Charger") -> None:
        self.aside = 0
        self.listener = None
        self._charger = charger
        self._kept = None
        charger.charge_point.web = self

    async def run(self) -> None:
        """For ever. Raises MemoryError when there is none for the listener: it is tried again."""
        while True:
            if not self.aside:
                module = load("firmware.web.listener")
                self.listener = module.Listener(self._charger, self, self._kept)
                module = None
                try:
                    await self.listener.run()
                finally:
                    self._kept = self.listener.kept
                    self.listener = None
            await asyncio.sleep_ms(_LOOK_MS)

    def drop(self) -> bool:
        """End all visits, for their memory; False when there were none."""
        return bool(self.listener) and self.listener.drop()

    def make_way(self) -> bool:
        """Work that needs much memory begins: are visits in the way; then they end."""
        return bool(self.listener) and self.listener.make_way()
