"""JK (Jikong) BMS on a UART or RS485 of 115200 baud, protocol "4E 57": all in one answer.

hardware-protocols.md section 1.4. It tells no charge limits; they are worked out from its
over-voltage and over-current thresholds and the options.
"""

from micropython import const

from firmware.drivers.bms.alarms import AFE, NO_CHARGE
from firmware.drivers.bms.derived import fill_limits
from firmware.drivers.bms.uart_poll import UartPoll

WIRE = ("uart", 115_200, 8, None, 1)

READ_ALL = b"\x4e\x57\x00\x13\x00\x00\x00\x00\x06\x03\x00\x00\x00\x00\x00\x00\x68\x00\x00\x01\x29"
_HEADER = const(11)
_TRAILER = const(9)
_LONGEST = const(340)  # 24 cells make 315
_FIRST_TOKEN = const(0x79)
# Bytes of the value of tokens 0x79 to 0xC0; 0: no such token. The first one has a length byte.
_SIZES = (
    b"\x01\x00\x00\x00\x00\x00\x00"  # 79
    b"\x02\x02\x02\x02\x02\x01\x01\x02\x00\x04\x02\x02\x02\x00\x02\x02"  # 80
    b"\x02\x02\x02\x02\x02\x02\x02\x02\x02\x02\x02\x02\x02\x01\x02\x02"  # 90
    b"\x02\x02\x02\x02\x02\x02\x02\x02\x02\x01\x04\x01\x01\x02\x01\x01"  # A0
    b"\x02\x01\x0a\x01\x08\x04\x04\x0f\x01\x04\x18\x00\x00\x00\x00\x00"  # B0
    b"\x01"  # C0
)
# Tokens.
_VOLTS = const(0x83)  # 0.01 V
_AMPS = const(0x84)  # 0.01 A
_SOC = const(0x85)
_ALARM_BITS = const(0x8B)
_STATUS = const(0x8C)
_SWITCH = const(0xAB)  # charging, as set by the user
_VERSION = const(0xC0)
_BATTERY_C = const(0x82)
_CELLS = const(0x8A)
_PACK_OV = const(0x8E)  # 0.01 V
_CELL_OV = const(0x90)  # mV
_CHARGE_OC = const(0x99)  # A
# Those that are kept; without one of the first seven it is no answer.
_KEPT = b"\x83\x84\x85\x8b\x8c\xab\xc0\x82\x8a\x8e\x90\x99"
_NEEDED = const(7)

_MAX_MV = const(120_000)
_MAX_CELLS = const(32)
_CHARGES = const(1)  # status: the charging switch is on
_DROPPED = const(8)  # status: the battery is gone
# For each of the alarm bits 0 to 13 the number of ours in alarms.py: low capacity (none), MOS OT,
# pack OV, pack UV, OT, charge OC, discharge OC, imbalance, box OT, UT, cell OV, cell UV,
# protection board A and B.
_MEANING = b"\x00\x0b\x02\x03\x04\x08\x09\x0c\x04\x05\x00\x01\x0d\x0d"


class Jk:
    """The protocol. `max_mv` and `max_ma` are the options' limits.

    `reversed_sign` counts the current the other way; without `needs_status` permission does not
    rest on the status word, whose meaning is UNVERIFIED.
    """

    start = 0x4E
    longest = _LONGEST
    gap_ms = 250
    timeout_ms = 500

    def __init__(
        self,
        reading: "BmsReading",
        max_mv: int,
        max_ma: int,
        reversed_sign: bool = False,
        needs_status: bool = True,
    ) -> None:
        self._reading = reading
        self._max_mv = max_mv
        self._max_ma = max_ma
        self._raw_ma = -10 if reversed_sign else 10
        self._status_mask = _CHARGES if needs_status else 0
        self._told = {}  # token -> value; the same keys for ever
        for token in _KEPT:
            self._told[token] = -1

    def question(self) -> bytes:
        """Everything, always."""
        return READ_ALL

    def size(self, begun: memoryview) -> int:
        """Length of the answer; an echo of the question has the source of a PC."""
        if len(begun) < _HEADER:
            return 0
        size = (begun[2] << 8 | begun[3]) + 2
        answers = begun[1] == 0x57 and begun[8] == 6 and begun[9] == 0 and begun[10] == 1
        return size if answers and _HEADER + _TRAILER < size <= _LONGEST else -1

    def sound(self, frame: memoryview) -> bool:
        """Checksum, whose upper half is 0."""
        told = frame[-2] << 8 | frame[-1]
        return frame[-4] | frame[-3] == 0 and sum(frame[:-4]) & 0xFFFF == told

    def missed(self) -> None:
        """It is asked again."""

    def answer(self, frame: memoryview) -> bool:
        """Take it in when all that is needed is there."""
        told = self._told
        for token in _KEPT:
            told[token] = -1
        self._tokens(frame)
        for token in _KEPT[:_NEEDED]:
            if told[token] < 0:
                return False
        if told[_VOLTS] * 10 > _MAX_MV or told[_SOC] > 100 or told[_VERSION] > 1:
            return False
        self._measured()
        self._permission()
        reading = self._reading
        reading.age_ms = 0
        reading.complete = True
        return True

    def _tokens(self, frame: memoryview) -> None:
        """An unknown token ends it: what follows cannot be told apart."""
        told = self._told
        at, end = _HEADER, len(frame) - _TRAILER
        while at < end:
            token = frame[at]
            place = token - _FIRST_TOKEN
            size = _SIZES[place] if 0 <= place < len(_SIZES) else 0
            if place == 0:
                size += frame[at + 1]
            if size == 0 or at + size >= end:
                return
            if token in told:
                value = frame[at + 1]
                told[token] = value << 8 | frame[at + 2] if size == 2 else value
            at += 1 + size

    def _measured(self) -> None:
        told = self._told
        raw = told[_AMPS]
        if told[_VERSION] == 0:
            current = 10_000 - raw
        else:
            current = raw & 0x7FFF if raw & 0x8000 else -raw
        reading = self._reading
        reading.voltage_mv = told[_VOLTS] * 10
        reading.current_ma = current * self._raw_ma
        reading.soc_c100 = told[_SOC] * 100
        celsius = told[_BATTERY_C]
        if celsius >= 0:  # 101 is -1
            reading.temperature_c10 = (celsius if celsius < 100 else 100 - celsius) * 10

    def _permission(self) -> None:
        told, reading = self._told, self._reading
        status = told[_STATUS]
        alarms = AFE if status & _DROPPED else 0
        for i in range(1, len(_MEANING)):
            if told[_ALARM_BITS] >> i & 1:
                alarms |= 1 << _MEANING[i]
        mask = self._status_mask
        reading.alarms = alarms
        reading.allowed = told[_SWITCH] == 1 and status & mask == mask and not alarms & NO_CHARGE
        cells = told[_CELLS]
        fill_limits(
            reading,
            self._max_mv,
            self._max_ma,
            cells if 0 < cells <= _MAX_CELLS else 0,
            max(told[_CELL_OV], 0),
            max(told[_PACK_OV], 0) * 10,
            max(told[_CHARGE_OC], 0) * 1000,
        )


def make(uart: "UART", reading: "BmsReading", options: "Settings") -> UartPoll:
    """The driver on its UART."""
    max_mv, max_ma = options.pack_max_mv, options.pack_max_ma
    flags = options.bms_current_reversed, options.bms_jk_status
    return UartPoll(uart, Jk(reading, max_mv, max_ma, *flags))
