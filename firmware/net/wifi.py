"""Joins the Wi-Fi network of the settings and stays in it; tells when the link is lost.

Without a network name it does nothing.
"""

import asyncio

from micropython import const

_PERIOD_MS = const(1000)
_RETRY_S = const(15)  # a join takes up to ten seconds; asking again earlier would restart it


class WiFi:
    """`wlan` is a `network.WLAN(STA_IF)`; `on_change(up)` hears when the link comes or goes."""

    def __init__(
        self, wlan: "WLAN", settings: "Settings", on_change: "Callable", log: "Log"
    ) -> None:
        self._wlan = wlan
        self._ssid = settings.wifi_ssid
        self._password = settings.wifi_password
        self._on_change = on_change
        self._log = log
        self._waited_s = _RETRY_S
        self.up = False

    async def run(self) -> None:
        """Look after the link once a second, for ever."""
        while True:
            if self._ssid:
                self._turn()
            await asyncio.sleep_ms(_PERIOD_MS)

    def _turn(self) -> None:
        up = self._wlan.isconnected()
        if up != self.up:
            self.up = up
            self._log.info("wifi", "joined %s" if up else "lost %s", self._ssid)
            self._on_change(up)
        if up:
            self._waited_s = _RETRY_S
            return
        self._waited_s += 1
        if self._waited_s >= _RETRY_S:
            self._waited_s = 0
            self._join()

    def _join(self) -> None:
        try:
            self._wlan.active(True)
            self._wlan.connect(self._ssid, self._password)
        except OSError as error:
            self._log.warn("wifi", "%s: %s", self._ssid, error)
