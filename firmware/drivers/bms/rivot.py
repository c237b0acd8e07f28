"""The Rivot vehicle's BMS on CAN2: the Elcon/TC dialect, big-endian, and two charge counters.

The BMS sends its limits; it has no frame for state of charge, voltage or temperature. The state of
charge is worked out from the lifetime counters, which it tells when asked.
"""

from micropython import const

from firmware.charging.readings import STALE_MS

_LIMITS = const(0x1806E5F4)
_STATUS = const(0x18FF50E5)
_CHARGED = const(0x160B8001)
_DISCHARGED = const(0x160D8001)
_QUESTIONS = (0x160B0180, 0x160D0180)
_EXACTLY = const(0x1FFFFFFF)
WIRE = ("can", 250_000)
FILTERS = (
    (_LIMITS, _EXACTLY, True),
    (_CHARGED, _EXACTLY, True),
    (_DISCHARGED, _EXACTLY, True),
)

# flags of `report`; bit 4 (BMS time-out) the driver sets itself
FLAG_FAULT = const(1)
FLAG_OVER_TEMPERATURE = const(2)
FLAG_BATTERY_MISSING = const(8)
_FLAG_TIMEOUT = const(16)

_STATUS_MS = const(100)
_QUESTION_MS = const(1000)  # in turn, so each counter every 2 s
_TIMEOUT_MS = const(5000)
_MAX_MV = const(120_000)
_MAX_MA = const(500_000)
_ALL_PARTS = const(7)  # limits 1, charged 2, discharged 4
_NOTHING = bytes(8)


class RivotBms:
    """Driver; fills `reading`, whose `reset` starts a new vehicle."""

    def __init__(self, can: "Can", reading: "BmsReading") -> None:
        self._can = can
        self._reading = reading
        self._status = bytearray(8)
        self._status_ms = STALE_MS
        self._question = 0
        self._question_ms = STALE_MS
        self._flags = 0
        self._charged_mah = 0
        self._discharged_mah = 0
        self._largest_ma = 0  # current limit since the reset
        self.refused = 0  # implausible frames

    def report(self, voltage_mv: int, current_ma: int, flags: int = 0) -> None:
        """Store what the BMS is told of our output; `flags` are FLAG_ bits. Allocates nothing."""
        status = self._status
        tenths = min(max(voltage_mv, 0) // 100, 0xFFFF)
        status[0] = tenths >> 8
        status[1] = tenths & 0xFF
        tenths = min(max(current_ma, 0) // 100, 0xFFFF)
        status[2] = tenths >> 8
        status[3] = tenths & 0xFF
        self._flags = flags

    def poll(self, dt_ms: int) -> None:
        """Send the status every 100 ms and ask for the counters in turn; call it often."""
        self._status_ms = min(self._status_ms + dt_ms, STALE_MS)
        self._question_ms = min(self._question_ms + dt_ms, STALE_MS)
        if self._status_ms >= _STATUS_MS:
            silent = self._reading.age_ms > _TIMEOUT_MS
            self._status[4] = self._flags | (_FLAG_TIMEOUT if silent else 0)
            if not self._can.send(_STATUS, self._status):
                return
            self._status_ms = 0
        if self._question_ms >= _QUESTION_MS:
            if self._can.send(_QUESTIONS[self._question], _NOTHING):
                self._question_ms = 0
                self._question ^= 1

    def on_frame(self, frame: "Frame") -> bool:
        """Take a frame into the reading; False when it is not the BMS's or makes no sense."""
        if not frame.ext or frame.len != 8:
            return False
        if frame.id == _LIMITS:
            return self._limits(frame.data)
        if frame.id == _CHARGED:
            self._charged_mah = int.from_bytes(frame.data[:4], "big")
            self._have(2)
        elif frame.id == _DISCHARGED:
            self._discharged_mah = int.from_bytes(frame.data[:4], "big")
            self._have(4)
        else:
            return False
        return True

    def _limits(self, data: bytearray) -> bool:
        voltage_mv = (data[0] << 8 | data[1]) * 100
        current_ma = (data[2] << 8 | data[3]) * 100
        plausible = 0 < voltage_mv <= _MAX_MV and current_ma <= _MAX_MA
        reading = self._reading
        if data[4] != 0:  # stop is obeyed whatever the limits say
            reading.allowed = False
        if not plausible:
            self.refused += 1
            return False
        reading.allowed = data[4] == 0
        reading.heating = data[5] == 1
        reading.voltage_limit_mv = voltage_mv
        reading.current_limit_ma = current_ma
        reading.age_ms = 0
        if not reading.parts & 1 or current_ma > self._largest_ma:
            self._largest_ma = current_ma
        self._have(1)
        return True

    def _have(self, part: int) -> None:
        reading = self._reading
        reading.parts |= part
        if reading.parts != _ALL_PARTS:
            return
        # The pack is known only by the current it asks for: 30, 60 or 90 Ah. The largest counts,
        # or the state of charge would jump when the limit falls near the end.
        limit_ma = self._largest_ma
        capacity_ah = 90 if limit_ma > 60_000 else 60 if limit_ma > 30_000 else 30
        # mAh in 0.01 % of the capacity: * 10000 / (Ah * 1000); big ints are fine outside the tick
        soc_c100 = (self._charged_mah - self._discharged_mah) * 10 // capacity_ah
        reading.soc_c100 = min(max(soc_c100, 0), 10_000)
        reading.complete = True


def make(can: "Can", reading: "BmsReading", options: "Settings") -> RivotBms:
    """The driver on its bus."""
    can.set_filters(FILTERS)
    return RivotBms(can, reading)
