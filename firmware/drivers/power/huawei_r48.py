"""Huawei R48xx rectifiers (R4850G2): 42 to 58 V, CAN at 125 kbit/s; the Rivot module's encoder.

hardware-protocols.md section 3.6. Register 0x32 (on/off) and the acknowledgements are not in its
captures but in public sources: the module counts as off only when it has acknowledged it. Without
set points for a minute it falls back to its stored ones.
"""

from micropython import const

from .module import ModuleDriver
from .rivot import RivotModule

WIRE = ("can", 125_000)
_ASK = const(0x108040FE)
_SET = const(0x108180FE)
_VALUES = const(0x1081407F)
_SET_REPLY = const(0x1081807E)
_EXACTLY = const(0x1FFFFFFF)
FILTERS = ((_VALUES, _EXACTLY, True), (_SET_REPLY, _EXACTLY, True))
_NOTHING = bytes(8)

# Set points of volts and amps (those that are not stored), on/off, output volts and amps,
# temperature at the outlet.
_REGISTERS = b"\x00\x03\x32\x75\x81\x7f"
_FIRST_VALUE = const(0x70)
_MIN_MV = const(42_000)
_MAX_MV = const(58_000)


class HuaweiR48(RivotModule):
    """One answer of a dozen frames tells everything; it is asked for every 200 ms.

    The ESP32 holds four frames: where they come faster than they are fetched, some are lost, and
    the reading grows old when it is one of those that count.
    """

    turn_ms = 100
    control_id = _SET
    registers = _REGISTERS

    def __init__(
        self, can: "Can", reading: "ModuleReading", max_ma: int, current_scale_x10: int
    ) -> None:
        ModuleDriver.__init__(self, can, reading, _MAX_MV, max_ma, _MIN_MV)
        self._scales = (1024, current_scale_x10, 10_240, 0xFFFFFF, 1024)

    def _send_turn(self) -> bool:
        turn = self._turn % 6
        if not turn & 1:
            return self._can.send(_ASK, _NOTHING)
        return self._switch() if turn == 5 else self._tell(turn >> 1)

    def on_frame(self, frame: "Frame") -> bool:
        """Take a frame into the reading; False when it is not the module's or makes no sense."""
        data = frame.data
        if not frame.ext or frame.len != 8 or frame.id not in (_VALUES, _SET_REPLY):
            return False
        # A refused setting is marked in the first byte. What else it tells of settings, unasked,
        # is no acknowledgement.
        own = (data[1] < _FIRST_VALUE) == (frame.id == _SET_REPLY)
        if data[0] != 1 or (own and not self._take(data)):
            self.refused += 1
            return False
        self._heard()
        return True


def make(can: "Can", reading: "ModuleReading", options: "Options") -> HuaweiR48:
    """The driver on its bus."""
    can.set_filters(FILTERS)
    return HuaweiR48(can, reading, options.power_max_ma, options.power_amps_scale_x10)
