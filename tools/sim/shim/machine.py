"""`machine` of the virtual ESP32: each access goes to the hardware process. Unknown calls raise."""

import time

from link import ask, post, take
from micropython import const

_PIN_READ = const(0x01)
_MEM_READ = const(0x02)
_SPI_TRANSFER = const(0x03)
_SPI_READ = const(0x04)
_UART_ANY = const(0x05)
_UART_READ = const(0x06)
_ADC_READ = const(0x07)
_RTC_READ = const(0x08)
_RTC_MEMORY_READ = const(0x09)
_RESET_CAUSE = const(0x0A)
_RESET = const(0x0B)
_PIN_MODE = const(0x80)
_PIN_WRITE = const(0x81)
_MEM_WRITE = const(0x82)
_SPI_INIT = const(0x83)
_SPI_WRITE = const(0x84)
_UART_INIT = const(0x85)
_UART_WRITE = const(0x86)
_PWM = const(0x87)
_WDT_START = const(0x88)
_WDT_FEED = const(0x89)
_RTC_WRITE = const(0x8A)
_RTC_MEMORY_WRITE = const(0x8B)

PWRON_RESET = 1
HARD_RESET = 2
WDT_RESET = 3
DEEPSLEEP_RESET = 4
SOFT_RESET = 5


class Pin:
    IN = 1
    OUT = 3
    OPEN_DRAIN = 7
    PULL_DOWN = 1
    PULL_UP = 2
    IRQ_RISING = 1
    IRQ_FALLING = 2

    def __init__(self, id: int, mode: int = -1, pull: "int | None" = -1, value=None) -> None:
        self.id = id
        self.init(mode, pull, value)

    def init(self, mode: int = -1, pull: "int | None" = -1, value=None) -> None:
        if value is not None:
            post(_PIN_WRITE, self.id, 1 if value else 0)  # level before direction: no glitch
        if mode != -1:
            post(_PIN_MODE, self.id, mode, pull if pull and pull > 0 else 0)

    def value(self, value=None) -> "int | None":
        if value is None:
            return ask(_PIN_READ, self.id)
        post(_PIN_WRITE, self.id, 1 if value else 0)

    __call__ = value

    def on(self) -> None:
        post(_PIN_WRITE, self.id, 1)

    def off(self) -> None:
        post(_PIN_WRITE, self.id, 0)

    def irq(self, handler=None, trigger=3, hard=False) -> None:
        raise OSError("the virtual ESP32 has no pin interrupts: poll")


def _number(pin: "Pin | int | None") -> int:
    return 255 if pin is None else pin if isinstance(pin, int) else pin.id


class _Memory:
    def __getitem__(self, address: int) -> int:
        return ask(_MEM_READ, 0, address)

    def __setitem__(self, address: int, value: int) -> None:
        post(_MEM_WRITE, 0, address, value)


mem32 = _Memory()


class SPI:
    MSB = 0

    def __init__(
        self, id, baudrate=1000000, *, polarity=0, phase=0, bits=8, firstbit=0,
        sck=None, mosi=None, miso=None,
    ) -> None:
        self.id = id
        post(_SPI_INIT, id, baudrate, polarity | phase << 1)

    def write(self, buf: bytes) -> None:
        post(_SPI_WRITE, self.id, 0, 0, buf)

    def readinto(self, buf: bytearray, write: int = 0) -> None:
        ask(_SPI_READ, self.id, len(buf), write)
        take(buf)

    def write_readinto(self, out: bytes, buf: bytearray) -> None:
        ask(_SPI_TRANSFER, self.id, 0, 0, out)
        take(buf)


class UART:
    def __init__(
        self, id, baudrate=115200, bits=8, parity=None, stop=1, *, tx=None, rx=None,
        txbuf=256, rxbuf=256, timeout=0, timeout_char=0,
    ) -> None:
        self.id = id
        self.init(baudrate, bits, parity, stop, tx, rx)

    def init(self, baudrate=115200, bits=8, parity=None, stop=1, tx=None, rx=None) -> None:
        parity = 0 if parity is None else parity + 1
        lines = bytes((_number(tx), _number(rx)))
        post(_UART_INIT, self.id, baudrate, bits | parity << 8 | stop << 16, lines)

    def any(self) -> int:
        return ask(_UART_ANY, self.id)

    def readinto(self, buf: bytearray, n: int = -1) -> "int | None":
        ask(_UART_READ, self.id, len(buf) if n < 0 else min(n, len(buf)))
        return take(buf) or None

    def read(self, n: int = -1) -> "bytes | None":
        buf = bytearray(self.any() if n < 0 else n)
        n = self.readinto(buf)
        return bytes(buf[:n]) if n else None

    def write(self, buf: bytes) -> int:
        post(_UART_WRITE, self.id, 0, 0, buf)
        return len(buf)


class ADC:
    ATTN_11DB = 3

    def __init__(self, pin: "Pin | int", atten: int = 3) -> None:
        self.id = _number(pin)

    def read_uv(self) -> int:
        return ask(_ADC_READ, self.id)


class PWM:
    def __init__(self, pin: "Pin | int", freq: int = 5000, duty_u16: int = 0) -> None:
        self.id = _number(pin)
        self._freq = freq
        self.duty_u16(duty_u16)

    def freq(self, freq: int) -> None:
        self._freq = freq
        self.duty_u16(self._duty)

    def duty_u16(self, duty: int) -> None:
        self._duty = duty
        post(_PWM, self.id, self._freq, duty)

    def deinit(self) -> None:
        self.duty_u16(0)


class WDT:
    def __init__(self, id: int = 0, timeout: int = 5000) -> None:
        post(_WDT_START, 0, timeout)

    def feed(self) -> None:
        post(_WDT_FEED, 0)


class RTC:
    def datetime(self, when: "tuple | None" = None) -> "tuple | None":
        if when is None:
            t = time.gmtime(ask(_RTC_READ, 0))
            return (t[0], t[1], t[2], t[6], t[3], t[4], t[5], 0)
        y, mo, d, _, h, mi, s, _ = when
        post(_RTC_WRITE, 0, 0, time.mktime((y, mo, d, h, mi, s, 0, 0, 0)))

    def memory(self, data: "bytes | None" = None) -> "bytes | None":
        if data is None:
            buf = bytearray(ask(_RTC_MEMORY_READ, 0))
            take(buf)
            return bytes(buf)
        post(_RTC_MEMORY_WRITE, 0, 0, 0, data)


def reset() -> None:
    ask(_RESET, 0)


def reset_cause() -> int:
    return ask(_RESET_CAUSE, 0)


def unique_id() -> bytes:
    return b"\x24\x0a\xc4\x52\x49\x56"


def freq(hz: int = 0) -> int:
    return 160000000
