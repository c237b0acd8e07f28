"""JBD (Xiaoxiang, Overkill) BMS on a UART of 9600 baud: its basic page, and its thresholds once.

hardware-protocols.md section 1.1. It tells no charge limits; they are worked out from its cell and
pack over-voltage and charge over-current thresholds, which are read once a vehicle, and the
options. A firmware that keeps the thresholds to itself leaves the options alone.
"""

from micropython import const

from firmware.drivers.bms.alarms import AFE, OTHER
from firmware.drivers.bms.derived import fill_limits
from firmware.drivers.bms.uart_poll import UartPoll

WIRE = ("uart", 9600, 8, None, 1)

# Registers in the order in which they are asked for, then the last one for ever. The first is
# asked until the BMS wakes up. The thresholds (cell OV, pack OV, charge OC) are behind the
# parameter mode, which is left again without saving.
PLAN = b"\x03\x00\x24\x20\x28\x01\x03"
_LAST = const(6)
_THRESHOLDS = const(2)  # place of the first of three
_BASIC = const(0x03)
_ENTER = const(0x00)
_LEAVE = const(0x01)
_TRIES = const(3)

_FRAME = const(7)  # bytes around the data
_MAX_DATA = const(96)
_ERROR = const(0x80)
_END = const(0x77)
_MIN_BASIC = const(23)
_MAX_MV = const(120_000)
_MAX_CELLS = const(32)
_KELVIN_C10 = const(2731)
# Protection bits 0 to 10 are those of alarms.py.
_SAME_BITS = const(0x7FF)
_AFE_BIT = const(1 << 11)
_OTHER_BITS = const(3 << 12)  # software lock of the switches, charge time-out
_FORBIDS = const(0x1D35)


class Jbd:
    """The protocol; `reading.parts` is the place in the plan, so a new vehicle begins anew.

    `max_mv` and `max_ma` are the options' limits; `reversed_sign`: + is discharge.
    """

    start = 0xDD
    longest = _FRAME + _MAX_DATA
    gap_ms = 100
    timeout_ms = 400

    def __init__(
        self, reading: "BmsReading", max_mv: int, max_ma: int, reversed_sign: bool = False
    ) -> None:
        self._reading = reading
        self._max_mv = max_mv
        self._max_ma = max_ma
        self._raw_ma = -10 if reversed_sign else 10
        self._register = _BASIC
        self._misses = 0
        self._thresholds = [0, 0, 0]  # mV, 10 mV, 10 mA; 0 = unknown

    def question(self) -> bytes:
        """What is asked now."""
        place = self._reading.parts
        if not place:
            self._thresholds = [0, 0, 0]
        self._register = register = PLAN[place]
        if register == _ENTER:
            return b"\xdd\x5a\x00\x02\x56\x78\xff\x30\x77"
        if register == _LEAVE:
            return b"\xdd\x5a\x01\x02\x00\x00\xff\xfd\x77"
        return bytes((0xDD, 0xA5, register, 0, 0xFF, 0x100 - register, _END))

    def size(self, begun: memoryview) -> int:
        """Length of the answer; the checksum does not cover the register, so it is looked at."""
        if len(begun) < 4:
            return 0
        if begun[1] != self._register or begun[2] & ~_ERROR or begun[3] > _MAX_DATA:
            return -1
        return _FRAME + begun[3]

    def sound(self, frame: memoryview) -> bool:
        """Checksum and last byte."""
        told = frame[-3] << 8 | frame[-2]
        return frame[-1] == _END and (sum(frame[2:-3]) + told) & 0xFFFF == 0

    def missed(self) -> None:
        """A parameter is given up after some tries; the first page is asked for ever."""
        self._misses += 1
        if self._misses >= _TRIES and self._reading.parts:
            self._go_on()

    def answer(self, frame: memoryview) -> bool:
        """Take it in and go on; that a parameter is refused is an answer too."""
        reading = self._reading
        place, data, fine = reading.parts, frame[4:-3], frame[2] == 0
        if self._register == _BASIC:
            if not fine or not self._basic(data):
                return False
            if place == _LAST:
                # Before the thresholds have been asked for, the limits may be too high.
                reading.age_ms = 0
                reading.complete = True
        elif fine and len(data) == 2 and place >= _THRESHOLDS:
            value = data[0] << 8 | data[1]
            self._thresholds[place - _THRESHOLDS] = value if value < 0x8000 else 0
        self._go_on()
        return True

    def _go_on(self) -> None:
        self._misses = 0
        self._reading.parts = min(self._reading.parts + 1, _LAST)

    def _basic(self, data: memoryview) -> bool:
        """The page with everything that changes; False, and nothing taken, if implausible."""
        if len(data) < _MIN_BASIC:
            return False
        voltage_mv = (data[0] << 8 | data[1]) * 10
        cells = data[21]
        if voltage_mv > _MAX_MV or data[19] > 100 or not 0 < cells <= _MAX_CELLS:
            return False
        reading = self._reading
        reading.voltage_mv = voltage_mv
        raw = data[2] << 8 | data[3]
        reading.current_ma = (raw - (raw >> 15 << 16)) * self._raw_ma
        reading.soc_c100 = data[19] * 100
        for at in range(_MIN_BASIC, min(_MIN_BASIC + 2 * data[22], len(data) - 1), 2):
            temperature_c10 = (data[at] << 8 | data[at + 1]) - _KELVIN_C10
            if at == _MIN_BASIC or temperature_c10 > reading.temperature_c10:
                reading.temperature_c10 = temperature_c10  # the hottest sensor's
        bits = data[16] << 8 | data[17]
        alarms = bits & _SAME_BITS
        if bits & _AFE_BIT:
            alarms |= AFE
        if bits & _OTHER_BITS:
            alarms |= OTHER
        reading.alarms = alarms
        reading.allowed = data[20] & 1 == 1 and bits & _FORBIDS == 0
        cell_ov_mv, pack_ov, charge_oc = self._thresholds
        fill_limits(
            reading, self._max_mv, self._max_ma, cells, cell_ov_mv, pack_ov * 10, charge_oc * 10
        )
        return True


def make(uart: "UART", reading: "BmsReading", options: "Settings") -> UartPoll:
    """The driver on its UART."""
    max_mv, max_ma = options.pack_max_mv, options.pack_max_ma
    return UartPoll(uart, Jbd(reading, max_mv, max_ma, options.bms_current_reversed))
