"""A power module on a CAN bus that answers what it is asked, after a moment."""

import math
from collections.abc import Callable

from tools.sim.chips.can_bus import CanBus, CanFrame, Device
from tools.sim.plant.source import PowerSource


class CanSource(PowerSource):
    """A subclass has `answer(frame)`: the (id, data) it sends, one after the other."""

    LATENCY_MS, SPACING_MS = 3.0, 3.0

    def __init__(
        self,
        bus: CanBus,
        now_ms: Callable[[], float],
        terminals: Callable[[], tuple[float, float]],
    ) -> None:
        self._outgoing: list[tuple[float, int, bytes]] = []
        super().__init__(bus, now_ms, terminals)
        self._can = Device(bus, lambda: self.powered, self._receive)

    def forget(self) -> None:
        """What has not left yet never will."""
        self._outgoing.clear()

    def _receive(self, frame: CanFrame) -> None:
        if frame.ext:
            for id, data in self.answer(frame):
                self.say(id, data, self.LATENCY_MS)

    def answer(self, frame: CanFrame) -> list[tuple[int, bytes]]:
        """What it says to that."""
        raise NotImplementedError

    def say(self, id: int, data: bytes, after_ms: float = 0.0) -> None:
        """Send in a while, not before what is waiting already."""
        at_ms = self._now_ms() + after_ms
        if self._outgoing:
            at_ms = max(at_ms, self._outgoing[-1][0] + self.SPACING_MS)
        self._outgoing.append((at_ms, id, data))

    @property
    def due_ms(self) -> float:
        """When it does something by itself."""
        waits = self._outgoing[0][0] if self._outgoing and self.powered else math.inf
        return min(waits, super().due_ms)

    def speak(self, now_ms: float) -> None:
        """Send what is due."""
        while self._outgoing and self._outgoing[0][0] <= now_ms:
            _, id, data = self._outgoing.pop(0)
            self._can.send(id, data, now_ms)
