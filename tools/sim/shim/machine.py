"""`machine`, `network` and `esp32` of the virtual ESP32: each access goes to the hardware process.

One module for the three, and what few boards use is in rare.py: each name costs heap.
Unknown calls raise; misspelt options are found by the type check, against real stubs.
"""

from time import gmtime, mktime

import link
from link import ask

PWRON_RESET = 1
HARD_RESET = 2
WDT_RESET = 3
STA_IF = 0


class Pin:
    IN = 1
    OUT = 3
    PULL_UP = 2
    IRQ_RISING = 1
    IRQ_FALLING = 2

    def __init__(self, id: int, mode: int = -1, pull: "int | None" = None, value=None) -> None:
        self.id = id
        self.init(mode, pull, value)

    def init(self, mode: int = -1, pull: "int | None" = None, value=None) -> None:
        if value is not None:
            self(value)  # level before direction: no glitch
        if mode != -1:
            ask(0x80, self, mode, pull or 0)

    def value(self, value=None) -> "int | None":
        if value is None:
            if link.fresh and link.seen[self.id] < 2:
                return link.seen[self.id]
            return ask(0x01, self)
        ask(0x81, self, 1 if value else 0)

    __call__ = value

    def irq(self, handler=None, trigger: int = 3) -> None:
        link.handlers[self.id] = handler, self
        ask(0x8D, self, trigger if handler else 0)


class mem32:
    def __getitem__(self, address: int) -> int:
        if link.fresh and link.seen[40]:
            offset = address - 0x3FF6B008
            if not offset:
                return link.seen[41]  # the status of the CAN controller
            if 56 <= offset <= 104 and link.seen[41] & 1:
                return link.seen[28 + offset // 4]  # its buffer, with a frame in it
        return ask(0x02, 0, address)

    def __setitem__(self, address: int, value: int) -> None:
        ask(0x82, 0, address, value)


mem32 = mem32()


class SPI:
    def __init__(self, id: int, baudrate: int = 1000000, **options) -> None:
        self.id = id
        get = options.get
        ask(0x83, id, baudrate, get("polarity", 0) | get("phase", 0) << 1)

    def write_readinto(self, out: bytes, buf: bytearray) -> None:
        ask(0x03, self, 0, 0, out, buf)


class UART:
    def __init__(self, id, baudrate=115200, bits=8, parity=None, stop=1, **options) -> None:
        self.id = id
        get = options.get
        value = bits | (0 if parity is None else parity + 1) << 8 | stop << 16
        ask(0x85, id, baudrate, value, bytes((get("tx", -1) & 255, get("rx", -1) & 255)))

    def any(self) -> int:
        return ask(0x05, self)

    def readinto(self, buf: bytearray, n: int = 1 << 20) -> "int | None":
        return ask(0x06, self, min(n, len(buf)), 0, b"", buf) or None


class WDT:
    def __init__(self, id: int = 0, timeout: int = 5000) -> None:
        ask(0x88, 0, timeout)

    def feed(self) -> None:
        ask(0x89)


class RTC:
    def datetime(self, when: "tuple | None" = None) -> "tuple | None":
        if when:
            ask(0x8A, 0, 0, int(mktime(when[:3] + when[4:7] + (0, 0, 0))))
        else:
            t = gmtime(ask(0x08))
            return t[:3] + t[6:7] + t[3:6] + (0,)

    def memory(self, data: "bytes | None" = None) -> "bytes | None":
        if data is not None:
            ask(0x8B, 0, 0, 0, data)
            return None
        buf = bytearray(ask(0x09, 1))
        ask(0x09, 0, 0, 0, b"", buf)
        return bytes(buf)


class WLAN:
    def __init__(self, interface: int = STA_IF) -> None:
        pass

    def active(self, on: "bool | None" = None) -> bool:
        if on is not None:
            ask(0x8C, 0, on)
        return ask(0x0C) == 1

    def connect(self, ssid: "str | None" = None, key: "str | None" = None) -> None:
        ask(0x8C, 1, 0, 0, ("%s\n%s" % (ssid or "", key or "")).encode())

    def isconnected(self) -> bool:
        return self.status() == 1010  # STAT_GOT_IP

    def status(self, what: "str | None" = None) -> int:
        return -55 if what else ask(0x0C, 1)

    def ifconfig(self) -> tuple:
        return ("0.0.0.0",) * 4  # rare.py knows more


def reset() -> None:
    ask(0x0B)


def reset_cause() -> int:
    return ask(0x0A)
