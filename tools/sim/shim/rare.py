"""More of `machine`, `network` and `esp32`: loaded only when the firmware names any of it."""

import machine
import network
from link import ask


class ADC:
    def __init__(self, pin: "Pin") -> None:
        self.id = pin.id

    def read_uv(self) -> int:
        return ask(0x07, self)


class PWM:
    def __init__(self, pin: "Pin", freq: int = 5000, duty_u16: int = 0) -> None:
        self.id = pin.id
        self._freq = freq
        self.duty_u16(duty_u16)

    def duty_u16(self, duty: int) -> None:
        ask(0x87, self, self._freq, duty)


def unique_id() -> bytes:
    return b"\x24\x0a\xc4\x52\x49\x56"


def freq() -> int:
    return 160000000


def mcu_temperature() -> int:
    """Degrees Celsius inside the chip."""
    return 45


def _ifconfig(wlan: "WLAN") -> tuple:
    ip = "127.0.0.1" if wlan.isconnected() else "0.0.0.0"
    return (ip, "255.0.0.0", ip, ip)


def _disconnect(wlan: "WLAN") -> None:
    ask(0x8C, 2)


for _name in ("ADC", "PWM", "unique_id", "freq"):
    setattr(machine, _name, globals()[_name])
machine.DEEPSLEEP_RESET = 4
machine.SOFT_RESET = 5
network.mcu_temperature = mcu_temperature  # one module is `network` and `esp32`
network.WLAN.ifconfig = _ifconfig
network.WLAN.disconnect = _disconnect
