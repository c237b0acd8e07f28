"""A vehicle whose BMS answers questions on a UART; the protocols are subclasses' business."""

from collections.abc import Callable
from typing import Any

from tools.sim.chips.uart import Uart
from tools.sim.plant.battery import Battery
from tools.sim.plant.vehicle import Vehicle

CELLS = 20
PAUSE_MS = 50.0  # a break this long between two bytes begins a new question


class UartVehicle(Vehicle):
    """Collects questions and answers each `LATENCY_MS` after its last byte.

    A subclass has `split(heard)`: length of the question that `heard` begins with, 0 = not all
    there, -1 = none begins here; and `answer(question)`: the bytes that are sent, or nothing.
    """

    LATENCY_MS = 5.0
    SLEEPS = False  # the first question only wakes it

    def __init__(self, wire: Any, battery: Battery, now_ms: Callable[[], float]) -> None:
        super().__init__(wire, battery, now_ms)
        self._uart: Uart = wire
        self._heard = bytearray()
        self._heard_ms = 0.0
        self.awake = False
        self.questions: list[bytes] = []  # those understood, for tests
        wire.peer = self

    def fall_silent(self) -> None:
        """Asleep again."""
        self._heard.clear()
        self.awake = False

    def receive(self, data: bytes, at_ms: float) -> None:
        """Bytes of the charger."""
        if not self.speaks():
            return
        if at_ms - self._heard_ms > PAUSE_MS:
            self._heard.clear()
        self._heard_ms = at_ms
        self._heard += data
        while self._heard:
            size = self.split(bytes(self._heard))
            if size == 0:
                return
            if size < 0:
                del self._heard[0]
                continue
            question = bytes(self._heard[:size])
            del self._heard[:size]
            self._hear(question, at_ms)

    def _hear(self, question: bytes, at_ms: float) -> None:
        woken, self.awake = self.awake, True
        if self.SLEEPS and not woken:
            return
        self.questions.append(question)
        answer = self.answer(question)
        if answer:
            self._uart.arrive(answer, at_ms + self.LATENCY_MS)

    def split(self, heard: bytes) -> int:
        """Length of the question that `heard` begins with."""
        raise NotImplementedError

    def answer(self, question: bytes) -> bytes:
        """What it says to that."""
        raise NotImplementedError

    def cell_mv(self) -> int:
        """Each cell's voltage."""
        return round(self.volts() * 1000 / CELLS)

    def cell_limit_mv(self) -> int:
        """Over-voltage threshold of a cell: a little above what the charger may reach."""
        return round(self.voltage_limit * 1000 / CELLS) + 50

    def trips_at_amps(self) -> float:
        """Over-current threshold of charging: a quarter above what the charger may deliver."""
        return self.limit_tenths / 8
