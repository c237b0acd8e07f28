"""Has the charger's page listen, except while something else needs its port or its memory.

What must outlast that is kept here: who has logged in, and who has failed to.
"""

import asyncio

from firmware.on_demand import load

_LOOK_MS = 1000


class Door:
    """A service; the port is the setting web_port."""

    def __init__(self, charger: "Charger") -> None:
        self._charger = charger
        self._kept = None

    async def run(self) -> None:
        """For ever. Raises MemoryError when there is none for the listener: it is tried again."""
        station = self._charger.charge_point
        while True:
            if not station.page_aside:
                station.web = load("firmware.web.listener").Listener(self._charger, self._kept)
                try:
                    await station.web.run()
                finally:
                    self._kept = station.web.kept
                    station.web = None
            await asyncio.sleep_ms(_LOOK_MS)
