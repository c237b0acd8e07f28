"""Daly "A5" BMS on a UART or RS485 of 9600 baud: its pages in turn.

hardware-protocols.md section 1.2; what the pages mean is in daly.py.
"""

from micropython import const

from firmware.drivers.bms.daly import TOTALS, DalyPages
from firmware.drivers.bms.uart_poll import UartPoll

WIRE = ("uart", 9600, 8, None, 1)

# Cell count and kind come first, so that the limits are right when the reading becomes complete.
PLAN = b"\x94\x50\x90\x93\x98\x92\x90\x93\x98"
_LENGTH = const(13)
_PAYLOAD = const(4)
_HOST = const(0x40)
_BMS = const(0x01)


class DalyUart:
    """The protocol; a new vehicle begins the plan anew."""

    start = 0xA5
    longest = 3 * _LENGTH
    gap_ms = 50
    timeout_ms = 300

    def __init__(self, reading: "BmsReading", pages: DalyPages) -> None:
        self._reading = reading
        self._pages = pages
        self._at = -1
        self._request = bytearray((self.start, _HOST, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0))

    def question(self) -> bytes:
        """The next of the plan; until the BMS of this vehicle has been heard, its totals."""
        self._at = (self._at + 1) % len(PLAN) if self._reading.parts else -1
        request = self._request
        request[2] = PLAN[self._at] if self._at >= 0 else TOTALS
        request[12] = sum(request[:12]) & 0xFF
        return request

    def size(self, begun: memoryview) -> int:
        """Length of the answer; an echo of our own question has the host's address."""
        if len(begun) < _PAYLOAD:
            return 0
        if begun[1] != _BMS or begun[2] != self._request[2] or begun[3] != 8:
            return -1
        return _LENGTH

    def sound(self, frame: memoryview) -> bool:
        """Checksum."""
        return sum(frame[:12]) & 0xFF == frame[12]

    def answer(self, frame: memoryview) -> bool:
        """Take the page in."""
        return self._pages.take(frame[2], frame[_PAYLOAD:12])

    def missed(self) -> None:
        """What came before it is not fresh any more."""
        self._pages.lost()


def make(uart: "UART", reading: "BmsReading", options: "Settings") -> UartPoll:
    """The driver on its UART."""
    pages = DalyPages(
        reading, options.pack_max_mv, options.pack_max_ma, options.bms_current_reversed
    )
    return UartPoll(uart, DalyUart(reading, pages))
