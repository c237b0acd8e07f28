"""The access point while it is open: its name and password, the page's server, and its end.

The page can be reached through the access point only. Whoever has its password can set the
charger up; nothing here can permit power.
"""

import asyncio
import os

import network
from micropython import const

from firmware.net.http_server import HttpServer
from firmware.on_demand import load
from firmware.storage.files import write_json

_PERIOD_MS = const(1000)
_BACK_S = const(60)  # the link is there again for so long: nobody needs this any more
_PORT = const(80)
_WPA2 = const(3)
_MOST_NETWORKS = const(16)
_RESTART_S = const(2)  # so that the page gets its answer
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that look alike
_PASSWORD_LETTERS = const(10)
_SHORTEST = const(8)


class Setup:
    """One opening of the access point; page.py asks it and tells it what was saved."""

    def __init__(self, charger: "Charger") -> None:
        self.charger = charger
        self.networks = []
        self.saved = False

    async def run(self, seconds: int) -> None:
        """Until the charger is set up, the link is back, or `seconds` are over (0: no limit)."""
        point = network.WLAN(network.AP_IF)
        self.scan()
        name = "Rivot-%02X%02X" % tuple(point.config("mac")[-2:])
        password = self._password()
        server = HttpServer(self._answer, self.charger.log)
        try:
            point.active(True)
            point.config(essid=name, password=password, authmode=_WPA2)
            address = point.ifconfig()[0]
            await server.start(address, _PORT)
            # For whoever stands at the console; not by the log, which is kept and sent away.
            print("Set up: join %s, password %s, open http://%s/" % (name, password, address))
            self.charger.log.info("network", "access point %s is open", name)
            await self._wait(seconds)
        finally:
            server.close()
            point.active(False)
        self.charger.log.info("network", "access point %s is closed", name)
        if self.saved:
            await self._restart()

    def scan(self) -> None:
        """Look for networks. It stops everything for two seconds, so not in a session."""
        core = self.charger.core
        if core.session.open or core.connector.authorized:
            return
        wlan = network.WLAN(network.STA_IF)
        try:
            wlan.active(True)
            found = sorted(wlan.scan(), key=lambda row: -row[3])
        except OSError as error:  # a join is under way, or there is no radio
            self.charger.log.warn("network", "no scan: %s", error)
            return
        names = []
        for row in found:
            try:
                text = row[0].decode()
            except UnicodeError:
                continue
            if text and text not in names and len(names) < _MOST_NETWORKS:
                names.append(text)
        self.networks = names

    def _answer(self, method: str, path: str, field: "Callable", body: bytes) -> tuple:
        return load("firmware.provisioning.page").answer(self, method, path, field, body)

    async def _wait(self, seconds: int) -> None:
        link = self.charger.network
        up_s = 0
        total_s = 0
        while not self.saved and up_s < _BACK_S and not 0 < seconds <= total_s:
            await asyncio.sleep_ms(_PERIOD_MS)
            total_s += 1
            if seconds == 0:  # asked for by the button, it stays open beside a good link
                up_s = up_s + 1 if link and link.up else 0
        await asyncio.sleep_ms(_RESTART_S * _PERIOD_MS)

    async def _restart(self) -> None:
        """The new settings count from the next start; a session comes first."""
        core = self.charger.core
        while core.session.open or core.connector.authorized:
            await asyncio.sleep_ms(_PERIOD_MS)
        self.charger.restart()

    def _password(self) -> str:
        """As set; where that is none that Wi-Fi takes, one is made, once, and kept."""
        settings = self.charger.settings
        if len(settings.ap_password) < _SHORTEST:
            letters = [_LETTERS[byte % len(_LETTERS)] for byte in os.urandom(_PASSWORD_LETTERS)]
            table = load("firmware.settings")
            table.change(settings, "ap_password", "".join(letters))
            try:
                write_json(table.SETTINGS_FILE, table.dump(settings))
            except OSError as error:  # then it is another one the next time
                self.charger.log.error("settings", "not stored: %s", error)
        return settings.ap_password
