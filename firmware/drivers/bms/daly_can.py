"""Daly BMS on CAN: asks for its pages in turn.

hardware-protocols.md section 2.2; what the pages mean is in daly.py. A little-endian variant is
reported: its words are turned round before the pages see them.
"""

from micropython import const

from firmware.drivers.bms.byte_order import LITTLE, OPTIONS, order_of
from firmware.drivers.bms.daly import RATED, TOTALS, DalyPages

WIRE = ("can", 250_000)

# Cell count and kind come first, so that the limits are right when the reading becomes complete.
PLAN = b"\x94\x50\x90\x93\x98\x92\x90\x93\x98"
_REQUEST = const(0x18000040)  # page << 16, address << 8
_ANSWER = const(0x18004000)  # page << 16, address
_ANSWER_MASK = const(0x1F00FFFF)
_GAP_MS = const(60)
_KNOCK_MS = const(500)  # while there is no vehicle
_ZERO_DA = const(30_000)
_NOTHING = bytes(8)


class DalyCan:
    """Driver; fills `reading` by `pages`. `address` is the number set in the BMS."""

    def __init__(
        self, can: "Can", reading: "BmsReading", pages: DalyPages, order: str, address: int
    ) -> None:
        self._can = can
        self._reading = reading
        self._pages = pages
        self._wanted = self._order = OPTIONS.index(order)
        self._address = address
        self._turned = bytearray(8)
        self._at = 0
        self._asked_ms = _KNOCK_MS
        self.refused = 0
        can.set_filters(((_ANSWER | address, _ANSWER_MASK, True),))

    def report(self, voltage_mv: int, current_ma: int, flags: int = 0) -> None:
        """It is told nothing."""

    def poll(self, dt_ms: int) -> None:
        """Ask for the next page when it is time; call it often."""
        here = self._reading.parts != 0
        self._asked_ms = min(self._asked_ms + dt_ms, _KNOCK_MS)
        if self._asked_ms < (_GAP_MS if here else _KNOCK_MS):
            return
        page = PLAN[self._at] if here else TOTALS
        if not self._can.send(_REQUEST | page << 16 | self._address << 8, _NOTHING):
            return
        self._asked_ms = 0
        if not here or self._at == 0:
            # Answers of an earlier round are not fresh any more.
            self._pages.lost()
        self._at = (self._at + 1) % len(PLAN) if here else 0

    def on_frame(self, frame: "Frame") -> bool:
        """Take a page into the reading; False when it is not the BMS's or makes no sense."""
        if not frame.ext or frame.len != 8:
            return False
        if frame.id & _ANSWER_MASK != _ANSWER | self._address:
            return False
        page = frame.id >> 16 & 0xFF
        data = frame.data
        if page == TOTALS:
            order = order_of(
                data, self._order if self._reading.parts else self._wanted, 4, _ZERO_DA
            )
            if not order:
                self.refused += 1
                return False
            self._order = order
        if self._order == LITTLE and page in (TOTALS, RATED):
            data = self._turn(data)
        if self._pages.take(page, data):
            return True
        self.refused += page in PLAN
        return False

    def _turn(self, data: bytearray) -> bytearray:
        turned = self._turned
        for i in range(8):
            turned[i ^ 1] = data[i]
        return turned


def make(wire: "Can", reading: "BmsReading", options: "Options") -> DalyCan:
    """The driver on its bus."""
    pages = DalyPages(
        reading, options.pack_max_mv, options.pack_max_ma, options.bms_current_reversed
    )
    return DalyCan(wire, reading, pages, options.bms_byte_order, options.bms_address)
