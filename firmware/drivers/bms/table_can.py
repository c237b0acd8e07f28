"""A BMS on CAN by a table, compiled from the vehicle's DBC file (docs/dbc.md says how).

The table, bms.tbl on flash, is 32-bit words: a head, groups of signals to hear, messages to send.
A group is one message, or one value of its multiplexer, taken whole or not at all: one signal
out of its range and the frame is refused, though a forbidding one in it is obeyed. `age_ms`
becomes 0 only while every group with a limit or a permission is younger than its time-out.
"""

from array import array
from binascii import crc32

from micropython import const

from firmware.charging.readings import STALE_MS, UNKNOWN_TEMPERATURE
from firmware.errors import ChargerError
from firmware.on_demand import load

WIRE = ("can", 500_000)
TABLE = "bms.tbl"
_MAGIC = b"BMS1"
_MAX_BYTES = const(1024)

# Words of the head.
_GROUPS = const(0)
_VITAL = const(1)  # bits: groups with a limit or a permission
_NEEDED = const(2)  # bits: groups that make VehicleInfo complete
_TOLD = const(3)  # bits: it tells a voltage limit 1, a current limit 2
_DENIALS = const(4)  # bits: signals that permit, each must
_SENT = const(5)  # messages to send
_HEAD = const(6)
# Words of a group: id, extended, least length, time-out ms, place of the multiplexer (-1: none),
# its value, signals, where the next group begins; then the signals: field, bit, place, and
# a number: times, by, plus, lowest, highest: (raw * times + plus) // by
# a question: value, and 1 when any other value is meant
_COUNT = const(6)
_NEXT = const(7)
_GROUP = const(8)
_NUMBER = const(8)
_QUESTION = const(5)

_FIELDS = (
    "voltage_limit_mv", "current_limit_ma", "voltage_mv", "current_ma", "soc_c100",
    "temperature_c10",
)  # fmt: skip
_UNKNOWN = (0, 0, -1, 0, -1, UNKNOWN_TEMPERATURE)
_FIRST_MEASURED = const(2)
_HEATING = const(6)  # from here on: questions
_ALLOWED = const(7)
_STEP_MS = const(50)
_SILENT_MS = const(5000)


def raw(data: "bytes | bytearray", place: int) -> int:
    """The bits at `place`: first byte (most significant), last byte, shift, bits - 1, signed."""
    at = place & 7
    last = place >> 3 & 7
    step = 1 if last > at else -1
    value = data[at]
    while at != last:
        at += step
        value = value << 8 | data[at]
    bits = (place >> 9 & 31) + 1
    value = value >> (place >> 6 & 7) & ((1 << bits) - 1)
    if place >> 14 and value >> (bits - 1):
        value -= 1 << bits
    return value


class TableCan:
    """Driver; `words` is the table, the limits are for a BMS that tells none."""

    def __init__(
        self, can: "Can", reading: "BmsReading", words: array, max_mv: int, max_ma: int
    ) -> None:
        self._can = can
        self._reading = reading
        self._words = words
        self._max_mv = max_mv
        self._max_ma = max_ma
        self._denied = 0
        self._ages = array("i", [0] * words[_GROUPS])
        self._values = array("i", [0] * 32)  # of one group
        self._sender = None
        self._waited_ms = 0
        self.refused = 0
        at = _HEAD
        filters = []
        for _ in range(words[_GROUPS]):
            mask = 0x1FFFFFFF if words[at + 1] else 0x7FF
            wanted = (words[at], mask, words[at + 1] == 1)
            if wanted not in filters:
                filters.append(wanted)
            at = words[at + _NEXT]
        can.set_filters(tuple(filters))
        if words[_SENT]:
            sender = load("firmware.drivers.bms.table_sender").Sender
            self._sender = sender(can, words, at, words[_SENT])
        self._forget()

    def _forget(self) -> None:
        self._denied = self._words[_DENIALS]
        for group in range(len(self._ages)):
            self._ages[group] = STALE_MS

    def report(self, voltage_mv: int, current_ma: int, flags: int = 0) -> None:
        """What the BMS is told of our output; `flags` not 0 is a fault. Allocates nothing."""
        if self._sender:
            output = self._sender.output
            output[0] = voltage_mv
            output[1] = current_ma
            output[2] = 1 if flags else 0

    def on_frame(self, frame: "Frame") -> bool:
        """Take a frame into the reading; False when it is not the BMS's or makes no sense."""
        if not self._reading.parts:  # another vehicle
            self._forget()
        words = self._words
        heard = False
        at = _HEAD
        for group in range(len(self._ages)):
            if words[at] == frame.id and words[at + 1] == frame.ext:
                if frame.len >= words[at + 2] and self._chosen(frame.data, at):
                    heard = self._take(frame.data, group, at) or heard
            at = words[at + _NEXT]
        return heard

    def _chosen(self, data: bytearray, at: int) -> bool:
        place = self._words[at + 4]
        return place < 0 or raw(data, place) == self._words[at + 5]

    def _take(self, data: bytearray, group: int, at: int) -> bool:
        words = self._words
        values = self._values
        plausible = True
        group_at = at
        at += _GROUP
        for n in range(words[group_at + _COUNT]):
            value = raw(data, words[at + 2])
            if words[at] < _HEATING:
                value = (value * words[at + 3] + words[at + 5]) // words[at + 4]
                if words[at + 6] <= value <= words[at + 7]:
                    values[n] = value
                else:
                    plausible = False
                at += _NUMBER
                continue
            values[n] = (value == words[at + 3]) != words[at + 4]
            if words[at] == _ALLOWED and not values[n]:  # obeyed whatever the rest says
                self._denied |= 1 << words[at + 1]
                self._reading.allowed = False
            at += _QUESTION
        if not plausible:
            self.refused += 1
            return False
        self._fill(group_at + _GROUP, words[group_at + _COUNT])
        self._ages[group] = 0
        self._reading.parts |= 1 << group
        if words[_VITAL] >> group & 1:
            self._confirm()
        return True

    def _fill(self, at: int, count: int) -> None:
        words = self._words
        reading = self._reading
        for n in range(count):
            value = self._values[n]
            field = words[at]
            bit = 1 << words[at + 1]
            if field < _HEATING:
                setattr(reading, _FIELDS[field], value)
                at += _NUMBER
                continue
            if field == _HEATING:
                reading.heating = value == 1
            elif field != _ALLOWED:
                reading.alarms = reading.alarms & ~bit | (bit if value else 0)
            elif value:
                self._denied &= ~bit
            at += _QUESTION

    def _confirm(self) -> None:
        """A limit or a permission has come: is all of that fresh."""
        words = self._words
        reading = self._reading
        at = _HEAD
        for group in range(len(self._ages)):
            if words[_VITAL] >> group & 1 and self._ages[group] > words[at + 3]:
                return
            at = words[at + _NEXT]
        if not words[_TOLD] & 1:
            reading.voltage_limit_mv = self._max_mv
        if not words[_TOLD] & 2:
            reading.current_limit_ma = self._max_ma
        reading.allowed = self._denied == 0
        reading.age_ms = 0
        if reading.parts & words[_NEEDED] == words[_NEEDED]:
            reading.complete = True

    def poll(self, dt_ms: int) -> None:
        """Let the groups age, and send what is due; call it often."""
        self._waited_ms += dt_ms
        if self._waited_ms < _STEP_MS:
            return
        dt_ms = self._waited_ms
        self._waited_ms = 0
        words = self._words
        at = _HEAD
        for group in range(len(self._ages)):
            age_ms = self._ages[group]
            if age_ms < STALE_MS:
                self._ages[group] = age_ms + dt_ms
                if age_ms <= words[at + 3] < age_ms + dt_ms:
                    self._lose(at)
            at = words[at + _NEXT]
        if self._sender:
            self._sender.output[3] = 1 if self._reading.age_ms > _SILENT_MS else 0
            self._sender.poll(dt_ms)

    def _lose(self, at: int) -> None:
        """What the group measured is unknown from now on; limits just grow old."""
        words = self._words
        count = words[at + _COUNT]
        at += _GROUP
        for _ in range(count):
            field = words[at]
            if _FIRST_MEASURED <= field < _HEATING:
                setattr(self._reading, _FIELDS[field], _UNKNOWN[field])
            at += _NUMBER if field < _HEATING else _QUESTION


def read_table(path: str) -> array:
    """The words of a table. ChargerError: there is none, or it is no whole one."""
    try:
        with open(path, "rb") as file:
            data = file.read(_MAX_BYTES + 9)
    except OSError:
        raise ChargerError("%s is missing; `make dbc` makes it" % path)
    whole = len(data) <= _MAX_BYTES + 8 and data[:4] == _MAGIC
    if not whole or crc32(data[8:]) != int.from_bytes(data[4:8], "little"):
        raise ChargerError("%s is broken; make it again with `make dbc`" % path)
    return array("i", data[8:])


def make(wire: "Can", reading: "BmsReading", options: "Settings") -> TableCan:
    """The driver on its bus. ChargerError: there is no good table."""
    return TableCan(wire, reading, read_table(TABLE), options.pack_max_mv, options.pack_max_ma)
