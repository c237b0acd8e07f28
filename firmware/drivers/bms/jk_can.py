"""JK (Jikong) BMS on CAN, with and without the frames of its protocol's version 2.

hardware-protocols.md section 2.3; little-endian. Version 1 tells no limits: they are the options'.
Version 2 sends a charge request and its switches, too: then they count as well. Its temperatures
are left unread, see `_FILTERS`.
"""

from micropython import const

from firmware.drivers.bms.alarms import NO_CHARGE
from firmware.drivers.bms.byte_order import LITTLE, plausible, word
from firmware.drivers.bms.unasked import UnaskedBms

WIRE = ("can", 250_000)

# The lowest four bits tell the node: 4, or more where its address has been set.
_NODE = const(0x0F)
_STATE = const(0x2F0)
_ALARMS = const(0x7F0)
_SWITCHES = const(0x18F528F0)
_REQUEST = const(0x1806E5F0)
# No more than these: all its frames come in one burst, and an MCP2515 has room for two. The two of
# version 1 fit one of its masks exactly, the others the other.
_FILTERS = (
    (_STATE, 0x7F0, False),
    (_ALARMS, 0x7F0, False),
    (_REQUEST, 0x1FFFFFF0, True),
    (_SWITCHES, 0x1FFFFFF0, True),
)
_OF_VERSION_1 = (_STATE, _ALARMS)
_OF_VERSION_2 = (_REQUEST, _SWITCHES)
# Numbers of the sources; version 1 has the first two.
_FROM_STATE = const(0)
_FROM_ALARMS = const(1)
_FROM_REQUEST = const(2)
_FROM_SWITCHES = const(3)
_NEEDED = const(3)
_LISTEN_MS = const(600)  # the request comes every 500 ms
_ZERO_DA = const(4000)
# Of its alarms in the order of the wire, the number of our bit in alarms.py.
_MEANING = b"\x00\x01\x02\x03\x0c\x09\x08\x04\x05\x12\x12\x11\x12\x0e\x0d"
_INTERLOCK = const(12)
_WARNING = const(3)  # the mildest of its three levels


class JkCan(UnaskedBms):
    """Driver; fills `reading`. Limits are never above `max_mv` and `max_ma`.

    `reversed_sign`: + is discharge on the wire. The documents differ; that of version 2 says
    charge.
    """

    def __init__(
        self, can: "Can", reading: "BmsReading", max_mv: int, max_ma: int, reversed_sign: bool
    ) -> None:
        super().__init__(reading, 3, _NEEDED, _LISTEN_MS)
        self._max_mv = max_mv
        self._max_ma = max_ma
        self._raw_ma = -100 if reversed_sign else 100
        self._node = 0
        can.set_filters(_FILTERS)

    def on_frame(self, frame: "Frame") -> bool:
        """Take a frame into the reading; False when it is not the BMS's or makes no sense."""
        id = frame.id & ~_NODE
        if id not in (_OF_VERSION_2 if frame.ext else _OF_VERSION_1):
            return False
        if not self._same(frame.id & _NODE):
            return False
        data = frame.data
        if id == _STATE:
            return frame.len >= 5 and self._state(data)
        if id == _REQUEST:
            return frame.len == 8 and self._request(data)
        if id == _ALARMS:
            return frame.len >= 4 and self._alarms(data)
        if not frame.len:
            return False
        # It may get lost in the burst, so its age does not count: the request forbids as well.
        self._judge(_FROM_SWITCHES, not data[0] & 1)
        return True

    def _same(self, node: int) -> bool:
        """Is it the first one heard of this vehicle; a second pack must not mix in."""
        if not self._reading.parts:
            self._node = node
        if node == self._node:
            return True
        self.refused += 1
        return False

    def _state(self, data: bytearray) -> bool:
        volts_dv = word(data, 0, LITTLE)
        amps_da = word(data, 2, LITTLE) - _ZERO_DA
        if not plausible(volts_dv, amps_da) or data[4] > 100:
            self.refused += 1
            return False
        reading = self._reading
        reading.voltage_mv = volts_dv * 100
        reading.current_ma = amps_da * self._raw_ma
        reading.soc_c100 = data[4] * 100
        self._heard(_FROM_STATE, False)
        return True

    def _alarms(self, data: bytearray) -> bool:
        alarms = 0
        for number in range(len(_MEANING)):
            if 0 < self._level(data, number) < _WARNING:
                alarms |= 1 << _MEANING[number]
        reading = self._reading
        reading.alarms = alarms
        if not reading.parts >> _FROM_REQUEST & 1:
            reading.voltage_limit_mv = self._max_mv
            reading.current_limit_ma = self._max_ma
        interlock = 0 < self._level(data, _INTERLOCK) < _WARNING
        denies = interlock or alarms & NO_CHARGE != 0
        self._heard(_FROM_ALARMS, denies)
        return True

    def _level(self, data: bytearray, number: int) -> int:
        return data[number >> 2] >> (number & 3) * 2 & 3

    def _request(self, data: bytearray) -> bool:
        stop = data[4] != 0
        volts_dv = word(data, 0, LITTLE)
        amps_da = word(data, 2, LITTLE)
        sound = plausible(volts_dv, amps_da)
        if sound:
            reading = self._reading
            reading.voltage_limit_mv = min(volts_dv * 100, self._max_mv)
            reading.current_limit_ma = min(amps_da * 100, self._max_ma)
        else:
            self.refused += 1
        if sound or stop:  # stop is obeyed whatever the limits say
            self._heard(_FROM_REQUEST, stop)
        return sound


def make(wire: "Can", reading: "BmsReading", options: "Options") -> JkCan:
    """The driver on its bus."""
    return JkCan(
        wire, reading, options.pack_max_mv, options.pack_max_ma, options.bms_current_reversed
    )
