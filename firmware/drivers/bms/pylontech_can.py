"""A BMS that speaks the Pylontech/Victron/SMA battery protocol, ids 0x351 to 0x35C.

hardware-protocols.md section 2.4. Charging is allowed while its current limit is above 0, its
charge enable bit (if it sends one) is set and no protection has tripped.
"""

from micropython import const

from firmware.charging.readings import STALE_MS
from firmware.drivers.bms.alarms import NO_CHARGE
from firmware.drivers.bms.byte_order import OPTIONS, order_of, plausible, word
from firmware.drivers.bms.unasked import UnaskedBms

WIRE = ("can", 500_000)

_HOST = const(0x305)
_HOST_MS = const(1000)
_LIMITS = const(0x351)
_CHARGE = const(0x355)
_STATE = const(0x356)
_ALARMS = const(0x359)
_REQUEST = const(0x35C)
_IDS = (_LIMITS, _CHARGE, _STATE, _ALARMS, _REQUEST)
# Numbers of the sources.
_FROM_LIMITS = const(0)
_FROM_STATE = const(1)
_FROM_ALARMS = const(2)
_FROM_REQUEST = const(3)
_NEEDED = const(1)
_LISTEN_MS = const(1200)  # each comes about once a second
_ENABLE = const(0x80)
_FULL = const(100)
# In threes: byte of 0x359, its bits, number of our bit in alarms.py. Texts differ on which of two
# bits is a system error: either is one.
_MEANING = (
    b"\x00\x02\x02\x00\x04\x03\x00\x08\x04\x00\x10\x05\x00\x80\x09"  # OV, UV, OT, UT, discharge OC
    b"\x01\x01\x08\x01\x88\x12"  # charge OC, system error
)
_SYSTEM_ERROR = const(0x88)
_NOTHING = bytes(8)


class PylontechCan(UnaskedBms):
    """Driver; fills `reading`. `order` is the option bms_byte_order.

    `count_mv` is a count of the voltage in 0x356; `raw_ma` of its current, below 0 when + is
    discharge.
    """

    def __init__(
        self, can: "Can", reading: "BmsReading", order: str, count_mv: int, raw_ma: int
    ) -> None:
        super().__init__(reading, 4, _NEEDED, _LISTEN_MS)
        self._can = can
        self._wanted = self._order = OPTIONS.index(order)
        self._count_mv = count_mv
        self._raw_ma = raw_ma
        self._host_ms = STALE_MS
        can.set_filters(tuple([(id, 0x7FF, False) for id in _IDS]))

    def poll(self, dt_ms: int) -> None:
        """Say every second that we are there: many fall silent without; call it often."""
        super().poll(dt_ms)
        self._host_ms = min(self._host_ms + dt_ms, STALE_MS)
        if self._host_ms >= _HOST_MS and self._can.send(_HOST, _NOTHING, False):
            self._host_ms = 0

    def on_frame(self, frame: "Frame") -> bool:
        """Take a frame into the reading; False when it is not the BMS's or makes no sense."""
        id = frame.id
        if frame.ext or id not in _IDS:
            return False
        data = frame.data
        if not self._reading.parts:  # another vehicle
            self._order = self._wanted
        if id == _ALARMS:
            return frame.len >= 2 and self._alarms(data)
        if id == _REQUEST:
            if frame.len:
                self._heard(_FROM_REQUEST, not data[0] & _ENABLE)
            return frame.len > 0
        if id == _LIMITS:
            taken = frame.len >= 4 and self._limits(data)
        elif not self._order:  # 0x351 tells the order
            return False
        elif id == _STATE:
            taken = frame.len >= 6 and self._state(data)
        else:
            taken = frame.len >= 2 and self._charge(data)
        if not taken:
            self.refused += 1
        return taken

    def _limits(self, data: bytearray) -> bool:
        stop = not data[2] | data[3]
        order = order_of(data, self._order)
        if order:
            self._order = order
            reading = self._reading
            reading.voltage_limit_mv = word(data, 0, order) * 100
            reading.current_limit_ma = word(data, 2, order) * 100
        if order or stop:  # no current is obeyed whatever the voltage says
            self._heard(_FROM_LIMITS, stop)
        return order > 0

    def _charge(self, data: bytearray) -> bool:
        soc = word(data, 0, self._order)
        if soc > _FULL:
            return False
        self._reading.soc_c100 = soc * 100
        return True

    def _state(self, data: bytearray) -> bool:
        voltage_mv = self._signed(data, 0) * self._count_mv
        amps_da = self._signed(data, 2)
        if not plausible(voltage_mv // 100, amps_da):
            return False
        reading = self._reading
        reading.voltage_mv = voltage_mv
        reading.current_ma = amps_da * self._raw_ma
        reading.temperature_c10 = self._signed(data, 4)
        self._heard(_FROM_STATE, False)
        return True

    def _signed(self, data: bytearray, at: int) -> int:
        value = word(data, at, self._order)
        return value - 0x10000 if value & 0x8000 else value

    def _alarms(self, data: bytearray) -> bool:
        alarms = 0
        for i in range(0, len(_MEANING), 3):
            if data[_MEANING[i]] & _MEANING[i + 1]:
                alarms |= 1 << _MEANING[i + 2]
        self._reading.alarms = alarms
        broken = data[1] & _SYSTEM_ERROR != 0
        self._heard(_FROM_ALARMS, broken or alarms & NO_CHARGE != 0)
        return True


def make(wire: "Can", reading: "BmsReading", options: "Options") -> PylontechCan:
    """The driver on its bus."""
    raw_ma = -100 if options.bms_current_reversed else 100
    count_mv = 100 if options.bms_356_scale == "0.1" else 10
    return PylontechCan(wire, reading, options.bms_byte_order, count_mv, raw_ma)
