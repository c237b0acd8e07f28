"""Opens the access point: no network is known, none is there for long, or the button says so."""

import asyncio

from micropython import const

from firmware.on_demand import load

_PERIOD_MS = const(1000)
_HOLD_S = const(5)
_BUTTON_OPEN_S = const(900)
_NEVER = const(1 << 29)
_AGAIN_MS = const(10_000)


class Watch:
    """A service beside `charger.network`, the link (None: no network is known)."""

    def __init__(self, charger: "Charger", asked: bool) -> None:
        self._charger = charger
        self._asked = asked  # the button is down at the start
        self._after_s = charger.settings.setup_after_s or _NEVER
        self._down_s = 0

    async def run(self) -> None:
        """Look once a second, for ever."""
        link = self._charger.network
        if self._asked:
            self._asked = False
            if await self._held():
                await self._open(_BUTTON_OPEN_S)
        while True:
            if link and link.up:
                self._down_s = 0
            elif self._down_s >= self._after_s or not link and self._after_s < _NEVER:
                self._down_s = 0
                await self._open(0)
            self._down_s += 1
            await asyncio.sleep_ms(_PERIOD_MS)

    async def _held(self) -> bool:
        for _ in range(_HOLD_S):
            await asyncio.sleep_ms(_PERIOD_MS)
            if not self._charger.board.button.down():
                return False
        return True

    async def _open(self, seconds: int) -> None:
        point = self._charger.charge_point
        point.page_aside += 1  # the charger's own page has the port, and memory
        try:
            while point.web:
                await asyncio.sleep_ms(_PERIOD_MS)
            await load("firmware.provisioning.setup").Setup(self._charger).run(seconds)
        except (OSError, MemoryError) as error:
            self._charger.log.warn("network", "no access point: %r", error)
            await asyncio.sleep_ms(_AGAIN_MS)
        finally:
            point.page_aside -= 1
