"""The virtual ESP32: decodes the firmware's accesses and hands them on.

It owns what sits on the chip itself: watchdog, reset cause, RTC, Wi-Fi station, flash. All else
(pins, SPI, UART, TWAI registers) is tools/sim/hardware.py. Starts no process, reads no clock.
"""

from collections.abc import Callable
from typing import Any

from tools.sim.links import ACCESS_POINT, LAN, PPP, SCANNED, AccessPoint, Modem, Wifi, Wired
from tools.sim.protocol import FAULT, NO_PIN, OK, OS_ERROR, POSTED, REPLY, REQUEST, Op

PWRON_RESET, HARD_RESET, WDT_RESET = 1, 2, 3
_POWER_ON_UNIX_S = 946_684_800  # what an ESP32's RTC shows after power-up: 2000-01-01
_NO_SUCH_HOST = -2  # EAI_NONAME of the unix port
_GPIOS = 40
_MODEM_UART = 1
_CAN_STATUS = 0x3FF6B008  # of the TWAI controller
_CAN_BUFFER = 13  # its registers of a frame, from 56 bytes above


class ResetRequested(Exception):
    """The firmware called machine.reset()."""


class Chip:
    """One virtual ESP32. `resolve(host, port)` answers a port on 127.0.0.1 or raises OSError.

    `listening(port)` answers the port on 127.0.0.1 where the firmware's own server goes, 0: any.
    """

    def __init__(self, hardware: Any, flash: Any, resolve: Callable[[str, int], int]) -> None:
        self.hardware = hardware
        self.flash = flash
        self.resolve = resolve
        self.listening: Callable[[int], int] = lambda port: 0
        self.wifi = Wifi()
        self.access_point = AccessPoint()
        self.wired = {LAN: Wired(connects=False), PPP: Wired(connects=True)}
        self.modem: Modem | None = None  # on the UART _MODEM_UART
        self.reset_cause = PWRON_RESET
        self.shim_bytes: int | None = None
        self.accesses = 0
        self._rtc_memory = b""
        self._set_rtc(_POWER_ON_UNIX_S)
        self._error: Exception | None = None
        self._pins_read: set[int] = set()
        self._status_read = False
        self._wdt_ms: int | None = None
        self._fed_ms = 0.0
        self._operations = {op.value: getattr(self, f"_{op.name.lower()}", None) for op in Op}

    def power_on(self) -> None:
        """Mains is back: what only a power cut clears is cleared."""
        self._rtc_memory = b""
        self._set_rtc(_POWER_ON_UNIX_S)

    def reset(self, cause: int) -> None:
        """The chip is held in reset: outputs high-impedance, peripherals cleared."""
        self.reset_cause = cause
        self._error = None
        self._pins_read.clear()
        self._status_read = False
        self._wdt_ms = None
        self.wifi.clear(self.hardware.now_ms)
        self.access_point.clear()
        for link in self.wired.values():
            link.clear(self.hardware.now_ms)
        self.hardware.release_outputs()

    def watchdog_due_ms(self) -> float | None:
        """When the watchdog bites, on the hardware's clock; None while it is not running."""
        return None if self._wdt_ms is None else self._fed_ms + self._wdt_ms

    def handle(self, op: int, unit: int, arg: int, value: int, payload: bytes) -> bytes | None:
        """Carry out an access; its reply, None if posted. Raises ResetRequested, PowerCut."""
        self.accesses += 1
        operation = self._operations.get(op)
        posted = op >= POSTED
        try:
            if self._error and not posted:
                error, self._error = self._error, None
                raise error
            if operation is None:
                raise ValueError(f"unknown operation {op:#x}")
            answer = operation(unit, arg, value, payload)
        except (OSError, ValueError, KeyError, IndexError, RuntimeError) as error:
            return self._failed(error, posted)
        except Exception as error:
            if type(error).__name__ != "HardwareError":
                raise
            return self._failed(error, posted)
        if posted:
            return None
        flags = 0 if op == Op.PIN_INTERRUPTED else self.flags()
        if isinstance(answer, bytes):
            return REPLY.pack(OK, flags, len(answer), len(answer)) + answer
        return REPLY.pack(OK, flags, 0, answer & 0xFFFFFFFF)

    def _failed(self, error: Exception, posted: bool) -> bytes | None:
        if posted:
            self._error = self._error or error
            return None
        text = str(error.args[-1] if error.args else error).encode()[:500]
        if isinstance(error, OSError):
            return REPLY.pack(OS_ERROR, 0, len(text), -(error.errno or -5) & 255) + text
        return REPLY.pack(FAULT, 0, len(text), 0) + text

    # one method an operation; the table is made from their names

    def seen(self) -> bytes:
        """What the firmware has looked at before, as it is now; see shim/link.py.

        Levels of 40 GPIOs (2: not known), is the CAN controller's status known, the status, and
        while a frame waits there, the 13 registers of its buffer.
        """
        levels = bytearray(b"\x02" * _GPIOS + bytes(2 + _CAN_BUFFER))
        for pin in self._pins_read:
            levels[pin] = self.hardware.pin_read(pin)
        if self._status_read:
            status = self.hardware.mem_read(_CAN_STATUS) & 0xFF
            levels[_GPIOS : _GPIOS + 2] = 1, status
            if status & 1:
                for i in range(_CAN_BUFFER):
                    levels[_GPIOS + 2 + i] = (
                        self.hardware.mem_read(_CAN_STATUS + 56 + 4 * i) & 0xFF
                    )
        return bytes(levels)

    def flags(self) -> int:
        """Of a reply: 1 when a pin has interrupted."""
        return 1 if self.hardware.interrupts else 0

    def _pin_interrupt(self, unit: int, arg: int, value: int, payload: bytes) -> None:
        self.hardware.pin_interrupt(unit, arg)

    def _pin_interrupted(self, unit: int, arg: int, value: int, payload: bytes) -> int:
        interrupts = self.hardware.interrupts
        return interrupts.popleft() if interrupts else NO_PIN

    def _pin_read(self, unit: int, arg: int, value: int, payload: bytes) -> int:
        level = self.hardware.pin_read(unit)
        self._pins_read.add(unit)
        return level

    def _pin_mode(self, unit: int, arg: int, value: int, payload: bytes) -> None:
        self.hardware.pin_mode(unit, arg, value)

    def _pin_write(self, unit: int, arg: int, value: int, payload: bytes) -> None:
        self.hardware.pin_write(unit, arg)

    def _mem_read(self, unit: int, arg: int, value: int, payload: bytes) -> int:
        self._status_read |= arg & 0xFFFFFFFF == _CAN_STATUS
        return self.hardware.mem_read(arg & 0xFFFFFFFF)

    def _mem_write(self, unit: int, arg: int, value: int, payload: bytes) -> None:
        self.hardware.mem_write(arg & 0xFFFFFFFF, value)

    def _spi_init(self, unit: int, arg: int, value: int, payload: bytes) -> None:
        self.hardware.spi_init(unit, arg, value & 1, value >> 1 & 1)

    def _spi_transfer(self, unit: int, arg: int, value: int, payload: bytes) -> bytes:
        return bytes(self.hardware.spi_transfer(unit, payload))

    def _spi_read(self, unit: int, arg: int, value: int, payload: bytes) -> bytes:
        return bytes(self.hardware.spi_transfer(unit, bytes((value & 255,)) * arg))

    def _spi_write(self, unit: int, arg: int, value: int, payload: bytes) -> None:
        self.hardware.spi_transfer(unit, payload)

    def _uart_init(self, unit: int, arg: int, value: int, payload: bytes) -> None:
        parity = (None, 0, 1)[value >> 8 & 255]
        tx, rx = (None if pin == 255 else pin for pin in payload)
        self.hardware.uart_init(unit, arg, value & 255, parity, value >> 16 & 255, tx, rx)

    def _uart_any(self, unit: int, arg: int, value: int, payload: bytes) -> int:
        if self.modem and unit == _MODEM_UART:
            return self.modem.waiting()
        return self.hardware.uart_any(unit)

    def _uart_read(self, unit: int, arg: int, value: int, payload: bytes) -> bytes:
        if self.modem and unit == _MODEM_UART:
            return self.modem.read(arg)
        return bytes(self.hardware.uart_read(unit, arg))

    def _uart_write(self, unit: int, arg: int, value: int, payload: bytes) -> None:
        if self.modem and unit == _MODEM_UART:
            self.modem.write(payload, self.wifi.air)
            return
        self.hardware.uart_write(unit, payload)

    def _adc_read(self, unit: int, arg: int, value: int, payload: bytes) -> int:
        return self.hardware.adc_read_uv(unit)

    def _pwm(self, unit: int, arg: int, value: int, payload: bytes) -> None:
        self.hardware.pwm(unit, arg, value)

    def _wdt_start(self, unit: int, arg: int, value: int, payload: bytes) -> None:
        if arg <= 0:
            raise ValueError("WDT timeout too short")
        self._wdt_ms = arg
        self._fed_ms = self.hardware.now_ms

    def _wdt_feed(self, unit: int, arg: int, value: int, payload: bytes) -> None:
        self._fed_ms = self.hardware.now_ms

    def _set_rtc(self, unix_s: int) -> None:
        self._rtc_zero_s = unix_s - self.hardware.now_ms / 1000

    def _rtc_read(self, unit: int, arg: int, value: int, payload: bytes) -> int:
        return int(self._rtc_zero_s + self.hardware.now_ms / 1000)

    def _rtc_write(self, unit: int, arg: int, value: int, payload: bytes) -> None:
        self._set_rtc(value)

    def _rtc_memory_read(self, unit: int, arg: int, value: int, payload: bytes) -> bytes | int:
        return len(self._rtc_memory) if unit else self._rtc_memory

    def _rtc_memory_write(self, unit: int, arg: int, value: int, payload: bytes) -> None:
        if len(payload) > 2048:
            raise ValueError("buffer too long")
        self._rtc_memory = payload

    def _reset_cause(self, unit: int, arg: int, value: int, payload: bytes) -> int:
        return self.reset_cause

    def _reset(self, unit: int, arg: int, value: int, payload: bytes) -> int:
        raise ResetRequested

    def _hello(self, unit: int, arg: int, value: int, payload: bytes) -> int:
        self.shim_bytes = value
        return 0

    def _wlan(self, unit: int, arg: int, value: int, payload: bytes) -> int:
        return self.wifi.status(self.hardware.now_ms) if unit else int(self.wifi.active)

    def _wlan_set(self, unit: int, arg: int, value: int, payload: bytes) -> None:
        if unit == 0:
            self.wifi.active = bool(arg)
        elif unit == 1:
            self.wifi.join(payload.decode(), self.hardware.now_ms)
        else:
            self.wifi.wanted = False
        self.wifi.since_ms = self.hardware.now_ms

    def _scan(self, unit: int, arg: int, value: int, payload: bytes) -> bytes:
        return "\n".join(SCANNED if self.wifi.air else ()).encode()

    def _link(self, unit: int, arg: int, value: int, payload: bytes) -> int:
        if unit == ACCESS_POINT:
            return int(self.access_point.active)
        link = self.wired[unit]
        if arg == 0:
            return int(link.active)
        return int(link.up(self.wifi.air, self.hardware.now_ms))

    def _link_set(self, unit: int, arg: int, value: int, payload: bytes) -> None:
        if unit == ACCESS_POINT:
            self.access_point.set(arg, payload.decode())
        else:
            self.wired[unit].set(arg, payload.decode(), self.hardware.now_ms)

    def _listen(self, unit: int, arg: int, value: int, payload: bytes) -> int:
        return self.listening(arg)

    def reachable(self) -> bool:
        """Is there a way into the network; who does not look after a link has one (tests)."""
        wired = [link for link in self.wired.values() if link.active or self.modem]
        up = any(link.up(self.wifi.air, self.hardware.now_ms) for link in wired)
        return self.wifi.air and not self.wifi.shut_out() and (up or not wired)

    def _resolve(self, unit: int, arg: int, value: int, payload: bytes) -> int:
        host, _, port = payload.decode().rpartition(" ")
        if not self.reachable():
            raise OSError(_NO_SUCH_HOST, "no such host: the network is off")
        return self.resolve(host, int(port))

    def _flash_program(self, unit: int, arg: int, value: int, payload: bytes) -> int:
        self.flash.program(arg, value, payload)
        return 0

    def _flash_erase(self, unit: int, arg: int, value: int, payload: bytes) -> int:
        self.flash.erase(arg)
        return 0

    def _flash_count(self, unit: int, arg: int, value: int, payload: bytes) -> int:
        return self.flash.count(bool(arg))


class Requests:
    """Cuts the byte stream of the firmware's process into requests."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> None:
        """Bytes from the wire."""
        self._buffer += data

    def next(self) -> tuple[int, int, int, int, bytes] | None:
        """(op, unit, arg, value, payload) of the oldest whole request."""
        buffer = self._buffer
        if len(buffer) < REQUEST.size:
            return None
        op, unit, length, arg, value = REQUEST.unpack_from(buffer)
        end = REQUEST.size + length
        if len(buffer) < end:
            return None
        payload = bytes(buffer[REQUEST.size : end])
        del buffer[:end]
        return op, unit, arg, value, payload


def reply(value: int, payload: bytes = b"", flags: int = 0) -> bytes:
    """A good one."""
    return REPLY.pack(OK, flags, len(payload), value & 0xFFFFFFFF) + payload
