"""`network` of the virtual ESP32: one Wi-Fi station; the hardware process owns the air."""

from link import ask, post
from micropython import const

_WLAN = const(0x0C)
_WLAN_SET = const(0x8C)

STA_IF = 0
STAT_IDLE = 1000
STAT_CONNECTING = 1001
STAT_GOT_IP = 1010


class WLAN:
    IF_STA = 0

    def __init__(self, interface: int = 0) -> None:
        if interface != STA_IF:
            raise OSError("the virtual ESP32 has a station interface only")

    def active(self, on: "bool | None" = None) -> "bool | None":
        if on is None:
            return ask(_WLAN, 0) == 1
        post(_WLAN_SET, 0, on)

    def connect(self, ssid: "str | None" = None, key: "str | None" = None) -> None:
        post(_WLAN_SET, 1)

    def disconnect(self) -> None:
        post(_WLAN_SET, 2)

    def isconnected(self) -> bool:
        return ask(_WLAN, 1) == STAT_GOT_IP

    def status(self, what: "str | None" = None) -> int:
        return -55 if what == "rssi" else ask(_WLAN, 1)

    def ifconfig(self) -> tuple:
        ip = "127.0.0.1" if self.isconnected() else "0.0.0.0"
        return (ip, "255.0.0.0", ip, ip)

    def config(self, what: "str | None" = None, **values) -> "bytes | None":
        if what == "mac":
            return b"\x24\x0a\xc4\x52\x49\x56"
        if what or not values:
            raise ValueError("unknown config param")
