"""`machine` of the virtual ESP32: each access goes to the hardware process.

Unknown calls raise. What few boards use is in rare.py: each name costs heap.
"""

from time import gmtime, mktime

from link import ask

PWRON_RESET = 1
HARD_RESET = 2
WDT_RESET = 3


class Pin:
    IN = 1
    OUT = 3
    PULL_UP = 2

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
            return ask(0x01, self)
        ask(0x81, self, 1 if value else 0)

    __call__ = value


class mem32:
    def __getitem__(self, address: int) -> int:
        return ask(0x02, 0, address)

    def __setitem__(self, address: int, value: int) -> None:
        ask(0x82, 0, address, value)


mem32 = mem32()


class SPI:
    def __init__(
        self, id, baudrate=1000000, *, polarity=0, phase=0, sck=None, mosi=None, miso=None
    ) -> None:
        self.id = id
        ask(0x83, id, baudrate, polarity | phase << 1)

    def write_readinto(self, out: bytes, buf: bytearray) -> None:
        ask(0x03, self, 0, 0, out, buf)


class UART:
    def __init__(
        self, id, baudrate=115200, bits=8, parity=None, stop=1, *, tx=-1, rx=-1, timeout=0
    ) -> None:
        self.id = id
        parity = 0 if parity is None else parity + 1
        ask(0x85, id, baudrate, bits | parity << 8 | stop << 16, bytes((tx & 255, rx & 255)))

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
            ask(0x8A, 0, 0, mktime(when[:3] + when[4:7] + (0, 0, 0)))
        else:
            t = gmtime(ask(0x08))
            return t[:3] + t[6:7] + t[3:6] + (0,)


def reset() -> None:
    ask(0x0B)


def reset_cause() -> int:
    return ask(0x0A)
