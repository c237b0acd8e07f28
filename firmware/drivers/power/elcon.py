"""Elcon/TC bricks, one to four in parallel: the current divided, CAN at 250 kbit/s.

hardware-protocols.md sections 3.1 and 2.1. A brick that reports trouble or is silent is told to
stop, and the others get its share as far as they are rated for it. Each switches off by itself
after 5 s without a command.
"""

from micropython import const

from firmware.charging.readings import FAULT_MODULE, FAULT_OVER_TEMPERATURE, STALE_MS

from .module import AMPS, VOLTS, ModuleDriver

WIRE = ("can", 250_000)
_COMMAND = const(0x180600F4)  # brick's address in the second byte from the right
_STATUS = const(0x18FF5000)  # brick's address in the last byte
_EXACTLY = const(0x1FFFFFFF)
ADDRESSES = b"\xe5\xe7\xe8\xe9"

_STOP = const(1)
# Flags: hardware, temperature, input voltage, battery missing, no command. The fourth also means
# "not started yet", and is normal while the contactor is open.
_HARDWARE = const(0x05)
_HOT = const(0x02)
_LAME = const(0x17)
_SILENT_MS = const(3000)
_LATE_MS = const(1500)
_YOUNG_MS = const(900)
_FLOWS_MA = const(500)
_MAX_VOLTS_X10 = const(1500)
_MAX_AMPS_X10 = const(2000)


class Elcon(ModuleDriver):
    """`units` bricks of `unit_ma` each."""

    turn_ms = 500
    stays_on_ms = 2500  # they report once a second

    def __init__(
        self,
        can: "Can",
        reading: "ModuleReading",
        units: int,
        max_mv: int,
        unit_ma: int,
        min_mv: int = 0,
    ) -> None:
        ModuleDriver.__init__(self, can, reading, max_mv, units * unit_ma, min_mv)
        self._units = units
        self._unit_ma = unit_ma
        self._silent_ms = [STALE_MS] * units
        self._volts_x10 = [0] * units
        self._amps_x10 = [0] * units
        self._flags = bytearray(units)
        self._live = 0  # a bit for each brick that may deliver
        self._lives = 0  # how many
        self._next = 0  # which is told next
        self._telling_on = False

    def filters(self) -> tuple:
        """What the bus must let through."""
        return tuple([(_STATUS | ADDRESSES[i], _EXACTLY, True) for i in range(self._units)])

    def _grow(self, dt_ms: int) -> None:
        for i in range(self._units):
            self._silent_ms[i] = min(self._silent_ms[i] + dt_ms, STALE_MS)
        ModuleDriver._grow(self, dt_ms)
        self._divide()
        # They report once a second: the last report counts until the next one is late.
        silent_ms = min(self._silent_ms)
        if self._reading.age_ms > _YOUNG_MS:
            self._reading.age_ms = _YOUNG_MS if silent_ms < _LATE_MS else silent_ms

    def _divide(self) -> None:
        """Find out who may deliver; when that has changed, all are told anew."""
        live = lives = fault = 0
        for i in range(self._units):
            if self._silent_ms[i] >= _SILENT_MS:
                continue
            flags = self._flags[i]
            if not flags & _LAME:
                live |= 1 << i
                lives += 1
            if flags & _HARDWARE:
                fault |= FAULT_MODULE
            if flags & _HOT:
                fault |= FAULT_OVER_TEMPERATURE
        if live != self._live:
            self._live = live
            self._lives = lives
            self._forget()
        self._has_fault(0 if live else fault)

    def _send_switch(self) -> bool:
        """Tell every brick all it must know; goes on where the bus was full."""
        if self._telling_on != self._on:
            self._telling_on = self._on
            self._next = 0
        request = self._request
        voltage = self._targets[0] // 100
        current = min(self._targets[1] // max(self._lives, 1), self._unit_ma) // 100
        while self._next < self._units:
            stop = not (self._on and self._live >> self._next & 1)
            amps = 0 if stop else current
            request[0] = voltage >> 8
            request[1] = voltage & 0xFF
            request[2] = amps >> 8
            request[3] = amps & 0xFF
            request[4] = _STOP if stop else 0
            if not self._can.send(_COMMAND | ADDRESSES[self._next] << 8, request):
                return False
            self._next += 1
        self._next = 0
        return True

    def _send_set_point(self, i: int) -> bool:
        if not self._send_switch():
            return False
        self._sent[1 - i] = self._targets[1 - i]
        return True

    def _send_turn(self) -> bool:
        return self._switch()

    def on_frame(self, frame: "Frame") -> bool:
        """Take a frame into the reading; False when it is not a brick's or makes no sense."""
        unit = 0
        while unit < self._units and frame.id != _STATUS | ADDRESSES[unit]:
            unit += 1
        if unit == self._units or not frame.ext:
            return False
        data = frame.data
        volts_x10 = data[0] << 8 | data[1]
        amps_x10 = data[2] << 8 | data[3]
        if frame.len != 8 or volts_x10 > _MAX_VOLTS_X10 or amps_x10 > _MAX_AMPS_X10:
            self.refused += 1
            return False
        self._volts_x10[unit] = volts_x10
        self._amps_x10[unit] = amps_x10
        self._flags[unit] = data[4]
        self._silent_ms[unit] = 0
        self._heard()
        self._divide()
        self._sum()
        return True

    def _sum(self) -> None:
        reading = self._reading
        mv = ma = 0
        for i in range(self._units):
            if self._silent_ms[i] < _SILENT_MS:
                mv = max(mv, self._volts_x10[i] * 100)
                ma += self._amps_x10[i] * 100
        reading.output_mv = mv
        reading.output_ma = ma
        self._measured(VOLTS | AMPS)
        if self._on:
            reading.on = self._confirmed = True
        else:
            self._is_on(ma > _FLOWS_MA)


def make(can: "Can", reading: "ModuleReading", options: "Options") -> Elcon:
    """The driver on its bus."""
    driver = Elcon(
        can, reading, options.power_units, options.power_max_mv, options.power_max_ma,
        options.power_min_mv,
    )  # fmt: skip
    can.set_filters(driver.filters())
    return driver
