"""A BMS that speaks the Elcon/TC charger protocol; we are the charger.

hardware-protocols.md section 2.1. The BMS sends its limits and nothing else: state of charge,
voltage and temperature stay unknown. Some send the same frame little-endian.
"""

from micropython import const

from firmware.charging.readings import STALE_MS
from firmware.drivers.bms.byte_order import LITTLE, OPTIONS, order_of, word

WIRE = ("can", 250_000)

_LIMITS = const(0x1806E5F4)
_STATUS = const(0x18FF50E5)
_STATUS_MS = const(500)  # the BMS wants it every second
_FLAG_TIMEOUT = const(16)
_TIMEOUT_MS = const(3000)  # the document allows 5 s
_HEATING = const(1)


class ElconBms:
    """Driver; fills `reading`. `order` is the option bms_byte_order."""

    def __init__(self, can: "Can", reading: "BmsReading", order: str) -> None:
        self._can = can
        self._reading = reading
        self._wanted = self._order = OPTIONS.index(order)
        self._status = bytearray(8)
        self._status_ms = STALE_MS
        self._output_mv = 0
        self._output_ma = 0
        self._flags = 0
        self.refused = 0

    def report(self, voltage_mv: int, current_ma: int, flags: int = 0) -> None:
        """What the BMS is told of our output; `flags` as in its status. Allocates nothing."""
        self._output_mv = voltage_mv
        self._output_ma = current_ma
        self._flags = flags

    def poll(self, dt_ms: int) -> None:
        """Send the status when it is due; call it often."""
        self._status_ms = min(self._status_ms + dt_ms, STALE_MS)
        if self._status_ms < _STATUS_MS:
            return
        self._put(0, self._output_mv)
        self._put(2, self._output_ma)
        silent = self._reading.age_ms > _TIMEOUT_MS
        self._status[4] = self._flags | (_FLAG_TIMEOUT if silent else 0)
        if self._can.send(_STATUS, self._status):
            self._status_ms = 0

    def _put(self, at: int, milli: int) -> None:
        tenths = min(max(milli, 0) // 100, 0xFFFF)
        low = self._order == LITTLE  # it reads as it writes
        self._status[at + low] = tenths >> 8
        self._status[at + 1 - low] = tenths & 0xFF

    def on_frame(self, frame: "Frame") -> bool:
        """Take a frame into the reading; False when it is not the BMS's or makes no sense."""
        if frame.id != _LIMITS or not frame.ext or frame.len != 8:
            return False
        reading = self._reading
        data = frame.data
        if not reading.parts:  # another vehicle
            self._order = self._wanted
        stop = data[4] != 0
        if stop:  # obeyed whatever the limits say
            reading.allowed = False
            reading.age_ms = 0
        order = order_of(data, self._order)
        if not order:
            self.refused += 1
            return stop
        self._order = order
        reading.voltage_limit_mv = word(data, 0, order) * 100
        reading.current_limit_ma = word(data, 2, order) * 100
        reading.heating = data[5] == _HEATING
        reading.allowed = not stop
        reading.age_ms = 0
        reading.parts = 1
        reading.complete = True  # it tells no more
        return True


def make(wire: "Can", reading: "BmsReading", options: "Options") -> ElconBms:
    """The driver on its bus."""
    wire.set_filters(((_LIMITS, 0x1FFFFFFF, True),))
    return ElconBms(wire, reading, options.bms_byte_order)
