"""What a vehicle with GB/T 27930 asks for and says of itself: its messages into the reading.

Current on the wire is 400 A minus the charging current.
"""

from micropython import const

from firmware.charging.readings import STALE_MS

_BCP = const(0x06)
_BRO = const(0x09)
_BCL = const(0x10)
_BCS = const(0x11)
_BSM = const(0x13)
_BSM_MS = const(2000)
_UNSURE_MA = const(1000)
# alarms.py's bits of the fields of BSM: cell voltage, SoC, current, temperature, insulation, plug
_ALARMS = bytes((0, 18, 8, 4, 17, 18))


def word(data: "bytes | bytearray", at: int) -> int:
    """Two bytes, little-endian."""
    return data[at] | data[at + 1] << 8


class Demand:
    """Of one vehicle; the ages of its messages grow by `age`."""

    def __init__(self, reading: "BmsReading") -> None:
        self._reading = reading
        self._max_mv = self._max_ma = 0  # of the battery
        self.begin()

    def begin(self) -> None:
        """Charging is about to begin: little current until demand and permission have come."""
        reading = self._reading
        reading.current_limit_ma = min(reading.current_limit_ma, _UNSURE_MA)
        self._permit = True  # BRO(AA)
        self.status_ms = 0  # age of BCS
        self._state_ms = STALE_MS  # and of BSM

    def age(self, dt_ms: int) -> None:
        """Time has passed while charging."""
        self.status_ms += dt_ms
        self._state_ms = min(self._state_ms + dt_ms, STALE_MS)

    def take(self, message: int, data: bytearray) -> bool:
        """A message that is long enough; False: implausible, and nothing is changed."""
        mv = word(data, 0) * 100
        ma = (4000 - word(data, 2)) * 100
        if message == _BCL:
            return ma >= 0 and mv > 0 and self._take_demand(mv, ma)
        if message == _BCP:
            return ma >= 0 and self._take_parameters(data, ma)
        reading = self._reading
        if message == _BRO:
            reading.allowed = data[0] == 0xAA
            if reading.allowed:
                reading.complete = True
                reading.age_ms = 0
        elif message == _BCS:
            if data[6] > 100:
                return False
            self.status_ms = 0
            reading.voltage_mv = mv
            reading.current_ma = ma
            reading.soc_c100 = data[6] * 100
        elif message == _BSM:
            self._take_state(data)
        return True

    def _take_parameters(self, data: bytearray, ma: int) -> bool:
        mv = word(data, 6) * 100
        soc = word(data, 9)
        if not mv or soc > 1000:
            return False
        reading = self._reading
        reading.current_limit_ma = self._max_ma = ma
        reading.voltage_limit_mv = self._max_mv = mv
        reading.soc_c100 = soc * 10
        reading.voltage_mv = word(data, 11) * 100
        return True

    def _take_demand(self, mv: int, ma: int) -> bool:
        """It makes the reading fresh, unless the permission is old: then it grows old."""
        ma = min(ma, self._max_ma)
        if self._state_ms == STALE_MS:
            ma = min(ma, _UNSURE_MA)
        if self._state_ms == STALE_MS or self._state_ms <= _BSM_MS:
            reading = self._reading
            reading.voltage_limit_mv = min(mv, self._max_mv)
            reading.current_limit_ma = ma
            reading.allowed = self._permit
            reading.age_ms = 0
        return True

    def _take_state(self, data: bytearray) -> None:
        """Permission and alarms; 10 in a field is untrusted, the one before counts."""
        self._state_ms = 0
        reading = self._reading
        reading.temperature_c10 = (data[1] - 50) * 10
        flags = word(data, 5)
        alarms = 0
        for field in range(len(_ALARMS)):
            value = flags >> 2 * field & 3
            bit = 1 << _ALARMS[field]
            alarms |= reading.alarms & bit if value == 2 else bit if value else 0
        reading.alarms = alarms
        permit = flags >> 12 & 3
        if permit < 2:
            self._permit = permit == 1
        if alarms or not self._permit:
            reading.allowed = False
