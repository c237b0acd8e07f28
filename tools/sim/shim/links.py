"""More of `network`: access point, scan, LAN, PPP. Loaded only where the firmware may use it."""

import machine
from link import ask
from machine import WLAN as _Station


def _scan(wlan: "WLAN") -> list:
    buf = bytearray(512)
    names = bytes(buf[: ask(0x16, 0, 0, 0, b"", buf)]).split(b"\n")
    return [(name, b"\x02" * 6, 1, -50 - i, 3, False) for i, name in enumerate(names) if name]


class _Link:
    def __init__(self, unit: int) -> None:
        self.id = unit

    def active(self, on: "bool | None" = None) -> bool:
        if on is not None:
            ask(0x8E, self.id, 1 if on else 0)
        return ask(0x15, self.id) == 1

    def isconnected(self) -> bool:
        return ask(0x15, self.id, 1) == 1

    def status(self) -> int:
        return 5 if self.isconnected() else 0

    def ifconfig(self) -> tuple:
        # The bench has one address for everything that listens.
        return ("0.0.0.0", "255.0.0.0", "0.0.0.0", "0.0.0.0")

    def disconnect(self) -> None:
        ask(0x8E, self.id, 3)


class _AccessPoint(_Link):
    def config(self, *what, **values) -> "bytes | None":
        if what:
            if what != ("mac",):
                raise ValueError("unknown config param")
            return b"\x24\x0a\xc4\x52\x49\x57"
        text = "%s\n%s" % (values["essid"], values.get("password", ""))
        ask(0x8E, 1, 4, 0, text.encode())


def _WLAN(interface: int = 0) -> object:
    return _AccessPoint(1) if interface == 1 else _Station(interface)


def _LAN(id: int = 0, mdc=None, mdio=None, power=None, phy_type=0, phy_addr=0, **clock) -> _Link:
    return _Link(2)


class _PPP(_Link):
    SEC_NONE = 0
    SEC_PAP = 1
    SEC_CHAP = 2

    def __init__(self, stream) -> None:
        super().__init__(3)

    def connect(self, security: int = 0, user: str = "", key: str = "") -> None:
        ask(0x8E, 3, 2, 0, ("%s\n%s" % (user or "", key or "")).encode())


_Station.scan = _scan
machine.WLAN, machine.LAN, machine.PPP = _WLAN, _LAN, _PPP
machine.AP_IF = 1
machine.PHY_LAN8720 = 0
