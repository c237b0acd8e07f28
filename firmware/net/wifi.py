"""Joins the Wi-Fi network of the settings and stays in it."""

from firmware.net.link import Link


class WiFi(Link):
    """`wlan` is a `network.WLAN(STA_IF)`."""

    def __init__(
        self, wlan: "WLAN", settings: "Settings", on_change: "Callable", log: "Log"
    ) -> None:
        super().__init__(settings.wifi_ssid, on_change, log)
        self._wlan = wlan
        self._password = settings.wifi_password

    def is_up(self) -> bool:
        """Has the station an address."""
        return self._wlan.isconnected()

    def name_server(self) -> str:
        """Of the four addresses (own, mask, gateway, name server) the last."""
        return self._wlan.ifconfig()[3]

    async def connect(self) -> None:
        """Ask to join; the chip does it in the background. OSError: the radio fails."""
        self._wlan.active(True)
        self._wlan.connect(self.name, self._password)
