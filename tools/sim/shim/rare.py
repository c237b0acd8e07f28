"""More of `machine`, `network` and `esp32`: loaded only when the firmware uses any of it."""

import machine
from link import ask
from machine import SPI, UART, WLAN, Pin


def _on(pin: Pin) -> None:
    pin(1)


def _off(pin: Pin) -> None:
    pin(0)


def _write(bus: "SPI | UART", buf: bytes) -> int:
    ask(0x84 if isinstance(bus, SPI) else 0x86, bus, 0, 0, buf)
    return len(buf)


def _fill(spi: SPI, buf: bytearray, write: int = 0) -> None:
    ask(0x04, spi, len(buf), write, b"", buf)


def _read(uart: UART, n: int = -1) -> "bytes | None":
    buf = bytearray(uart.any() if n < 0 else n)
    n = uart.readinto(buf) or 0
    return bytes(buf[:n]) if n else None


def _reinit(uart: UART, *options, **named) -> None:
    UART.__init__(uart, uart.id, *options, **named)


class ADC:
    ATTN_11DB = 3

    def __init__(self, pin: Pin, atten: int = 3) -> None:
        self.id = pin.id

    def read_uv(self) -> int:
        return ask(0x07, self)


class PWM:
    def __init__(self, pin: Pin, freq: int = 5000, duty_u16: int = 0) -> None:
        self.id = pin.id
        self._freq = freq
        self.duty_u16(duty_u16)

    def freq(self, freq: int) -> None:
        self._freq = freq
        self.duty_u16(self._duty)

    def duty_u16(self, duty: int) -> None:
        self._duty = duty
        ask(0x87, self, self._freq, duty)


def _unique_id() -> bytes:
    return b"\x24\x0a\xc4\x52\x49\x56"


def _freq() -> int:
    return 160000000


def _mcu_temperature() -> int:
    return 45


def _ifconfig(wlan: "WLAN") -> tuple:
    ip = "127.0.0.1" if wlan.isconnected() else "0.0.0.0"
    return (ip, "255.0.0.0", ip, "0.0.0.0")  # names are asked of the bench, see link.py


def _disconnect(wlan: "WLAN") -> None:
    ask(0x8C, 2)


def _config(wlan: "WLAN", *what, **values) -> None:
    if what:
        raise ValueError("unknown config param")


Pin.OPEN_DRAIN = 7
Pin.PULL_DOWN = 1
Pin.on, Pin.off = _on, _off
SPI.write, SPI.readinto = _write, _fill
UART.write, UART.read, UART.init = _write, _read, _reinit
machine.ADC, machine.PWM = ADC, PWM
machine.unique_id, machine.freq = _unique_id, _freq
machine.DEEPSLEEP_RESET, machine.SOFT_RESET = 4, 5
machine.mcu_temperature = _mcu_temperature
WLAN.ifconfig, WLAN.disconnect, WLAN.config = _ifconfig, _disconnect, _config
