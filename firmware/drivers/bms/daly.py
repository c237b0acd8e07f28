"""What the pages of a Daly BMS say, put into a BmsReading; the same on its UART and on CAN.

hardware-protocols.md section 1.2. A Daly tells no charge limits: they are the options', and never
above 4.20 V a cell (3.65 V where its nominal cell voltage is that of iron phosphate).
"""

from micropython import const

from firmware.drivers.bms.alarms import NO_CHARGE
from firmware.drivers.bms.derived import fill_limits

RATED = const(0x50)
TOTALS = const(0x90)
TEMPERATURES = const(0x92)
SWITCHES = const(0x93)
COUNTS = const(0x94)
ALARMS = const(0x98)

_MAX_MV = const(120_000)
_MAX_CELLS = const(32)
_TOP_MV = const(4250)  # of a cell; fill_limits stays 50 mV below
_TOP_IRON_MV = const(3700)
_IRON_MV = const(3350)  # nominal; above it is another chemistry
_LOW_VOLTAGE_FORBIDS = const(8)  # of the last alarm byte
# Parts of the reading: totals 1, switches 2, alarms 4.
_ALL_PARTS = const(7)
# In threes: alarm byte, its bits, number of our bit in alarms.py. Of two levels the second counts
# only, the trip.
_MEANING = (
    b"\x00\x02\x00\x00\x08\x01\x00\x20\x02\x00\x80\x03"  # cell OV, cell UV, pack OV, pack UV
    b"\x01\x02\x04\x01\x08\x05\x01\x20\x06\x01\x80\x07"  # charge OT, UT, discharge OT, UT
    b"\x02\x02\x08\x02\x08\x09\x03\x02\x0c\x03\x08\x12"  # charge OC, discharge OC, cells, heat
    b"\x04\x03\x0b\x04\x0c\x0d\x04\x30\x0f\x04\xc0\x12"  # switches: OT, sensor, weld, open
    b"\x05\x87\x0d\x05\x18\x12\x05\x20\x10\x05\x40\x0e"  # sensing, memory, precharge, comm
    b"\x06\x03\x0d\x06\x04\x0a\x06\x08\x12"  # sensing, short, too empty to be charged
)


class DalyPages:
    """Fills `reading`; it is fresh when all three of totals, switches and alarms have come anew.

    `max_mv` and `max_ma` are the options' limits; `reversed_sign`: + is charging, not discharge.
    """

    def __init__(
        self, reading: "BmsReading", max_mv: int, max_ma: int, reversed_sign: bool
    ) -> None:
        self._reading = reading
        self._max_mv = max_mv
        self._max_ma = max_ma
        self._raw_ma = 100 if reversed_sign else -100  # on the wire + is discharge
        self._new = 0  # parts that came since the reading was fresh
        self._switch_on = False
        self._cells = 0
        self._cell_top_mv = _TOP_MV

    def take(self, page: int, data: bytes) -> bool:
        """Eight bytes of payload; False for a page of no use, or one that makes no sense."""
        if page == TOTALS:
            return self._totals(data)
        if page == SWITCHES:
            return self._switches(data)
        if page == ALARMS:
            self._alarms(data)
        elif page == TEMPERATURES:
            self._reading.temperature_c10 = (data[0] - 40) * 10
        elif page == COUNTS and 0 < data[0] <= _MAX_CELLS:
            self._cells = data[0]
        elif page == RATED:
            nominal_mv = data[6] << 8 | data[7]
            self._cell_top_mv = _TOP_IRON_MV if 0 < nominal_mv <= _IRON_MV else _TOP_MV
        else:
            return False
        return True

    def lost(self) -> None:
        """An answer did not come: all three must come anew before the reading is fresh again."""
        self._new = 0

    def _totals(self, data: bytes) -> bool:
        voltage_mv = (data[0] << 8 | data[1]) * 100
        soc_c100 = (data[6] << 8 | data[7]) * 10
        if voltage_mv > _MAX_MV or soc_c100 > 10_000:
            return False
        reading = self._reading
        reading.voltage_mv = voltage_mv
        reading.current_ma = ((data[4] << 8 | data[5]) - 30_000) * self._raw_ma
        reading.soc_c100 = soc_c100
        self._have(1)
        return True

    def _switches(self, data: bytes) -> bool:
        if data[0] > 2 or data[1] > 1:
            return False
        self._switch_on = data[1] == 1
        if not self._switch_on:
            self._reading.allowed = False
        self._have(2)
        return True

    def _alarms(self, data: bytes) -> None:
        alarms = 0
        for i in range(0, len(_MEANING), 3):
            if data[_MEANING[i]] & _MEANING[i + 1]:
                alarms |= 1 << _MEANING[i + 2]
        reading = self._reading
        reading.alarms = alarms
        forbidden = alarms & NO_CHARGE or data[6] & _LOW_VOLTAGE_FORBIDS
        if forbidden:
            reading.allowed = False
        self._have(4)
        if self._new != _ALL_PARTS:
            return
        # Only here, so that each answer that permission rests on is of this round.
        self._new = 0
        reading.allowed = self._switch_on and not forbidden
        fill_limits(reading, self._max_mv, self._max_ma, self._cells, self._cell_top_mv)
        reading.age_ms = 0
        reading.complete = True

    def _have(self, part: int) -> None:
        if not self._reading.parts:  # another vehicle
            self._new = 0
        self._new |= part
        self._reading.parts |= part
