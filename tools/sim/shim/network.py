"""`network` of the virtual ESP32: one Wi-Fi station; the hardware process owns the air.

The same module is `esp32`, too, which saves one.
"""

from link import ask

STA_IF = 0


class WLAN:
    def __init__(self, interface: int) -> None:
        if interface:
            raise OSError("the virtual ESP32 has a station interface only")

    def active(self, on: "bool | None" = None) -> bool:
        if on is not None:
            ask(0x8C, 0, on)
        return ask(0x0C) == 1

    def connect(self, ssid: "str | None" = None, key: "str | None" = None) -> None:
        ask(0x8C, 1)

    def isconnected(self) -> bool:
        return self.status() == 1010  # STAT_GOT_IP

    def status(self, what: "str | None" = None) -> int:
        return -55 if what else ask(0x0C, 1)
