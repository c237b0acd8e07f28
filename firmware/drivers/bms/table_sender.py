"""Tells the BMS what the charger delivers, in the messages that the table of table_can lists."""

from array import array

from micropython import const

# Words of a message: id, extended, length, period ms, signals; then the signals: source, place,
# times, by, plus, highest. Sources: output mV, mA, fault, BMS silent, 0.
_MESSAGE = const(5)
_SIGNAL = const(6)
_SOURCES = const(5)


def put(data: bytearray, place: int, value: int) -> None:
    """Write `value` into the bits at `place`."""
    first = place & 7
    at = place >> 3 & 7
    step = 1 if first > at else -1
    shift = place >> 6 & 7
    mask = ((2 << (place >> 9 & 31)) - 1) << shift
    value = value << shift & mask
    data[at] = data[at] & ~mask & 255 | value & 255
    while at != first:
        at += step
        mask >>= 8
        value >>= 8
        data[at] = data[at] & ~mask & 255 | value & 255


class Sender:
    """Sends `count` messages that stand in `words` from `first` on; `output` are the sources."""

    def __init__(self, can: "Can", words: array, first: int, count: int) -> None:
        self._can = can
        self._words = words
        self._first = first
        self._data = bytearray(8)
        self._due = array("i", [0] * count)
        self.output = array("i", [0] * _SOURCES)

    def poll(self, dt_ms: int) -> None:
        """Send what is due; what finds no free buffer is tried again."""
        words = self._words
        at = self._first
        for n in range(len(self._due)):
            self._due[n] = max(self._due[n] - dt_ms, 0)
            if not self._due[n] and self._send(at):
                self._due[n] = words[at + 3]
            at += _MESSAGE + words[at + 4] * _SIGNAL

    def _send(self, at: int) -> bool:
        words = self._words
        data = self._data
        for n in range(8):
            data[n] = 0
        signal = at + _MESSAGE
        for _ in range(words[at + 4]):
            value = self.output[words[signal]] * words[signal + 2] + words[signal + 4]
            value //= words[signal + 3]
            put(data, words[signal + 1], min(max(value, 0), words[signal + 5]))
            signal += _SIGNAL
        length = words[at + 2]
        sent = data if length == 8 else data[:length]
        return self._can.send(words[at], sent, words[at + 1] == 1)
