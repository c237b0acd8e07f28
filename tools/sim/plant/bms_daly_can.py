"""A Daly BMS on CAN: answers requests for its pages.

Written from hardware-protocols.md section 2.2; the pages are those of bms_daly.py.
"""

from collections.abc import Callable

from tools.sim.chips.can_bus import CanBus, CanFrame, Device
from tools.sim.plant.battery import Battery
from tools.sim.plant.bms_daly import RATED, TOTALS, DalyPack

HOST, FIRST_BMS = 0x40, 0x01


def request_id(command: int, address: int = FIRST_BMS) -> int:
    """Of a question for a page."""
    return 0x18 << 24 | command << 16 | address << 8 | HOST


def answer_id(command: int, address: int = FIRST_BMS) -> int:
    """Of the answer."""
    return 0x18 << 24 | command << 16 | HOST << 8 | address


def turned(payload: bytes) -> bytes:
    """Each of four words with its bytes the other way round."""
    return bytes(payload[i ^ 1] for i in range(8))


class DalyCanVehicle(DalyPack):
    """Answers at once; `little`: the variant with little-endian words; `address`: its number."""

    WIRE = ("can", 250_000)

    def __init__(self, bus: CanBus, battery: Battery, now_ms: Callable[[], float]) -> None:
        super().__init__(bus, battery, now_ms)
        self.little = False
        self.address = FIRST_BMS
        self._can = Device(bus, self.speaks, self._receive)

    def _receive(self, frame: CanFrame) -> None:
        command = frame.id >> 16 & 0xFF
        if not frame.ext or frame.id != request_id(command, self.address):
            return
        for payload in self.pages(command):
            if self.little and command in (TOTALS, RATED):
                payload = turned(payload)
            self._can.send(answer_id(command, self.address), payload, self._now_ms())
