"""Elcon/TC bricks in parallel on one bus: each takes its command and reports once a second.

Written from hardware-protocols.md sections 2.1 and 3.1. Without a command for 5 s a brick is off;
the next valid one starts it again.
"""

import struct
from collections.abc import Callable

from tools.sim.chips.can_bus import CanBus, CanFrame
from tools.sim.plant.can_source import CanSource

ADDRESSES = (0xE5, 0xE7, 0xE8, 0xE9)
COMMAND, STATUS = 0x180600F4, 0x18FF5000
PERIOD_MS, SILENCE_MS = 1_000.0, 5_000.0
HARDWARE, HOT, INPUT, NO_BATTERY, NO_COMMAND = 1, 2, 4, 8, 16


def command(volts: float, amps: float, stop: bool) -> bytes:
    """What a master sends."""
    return struct.pack(">HHBBH", round(volts * 10), round(amps * 10), stop, 0, 0)


def status(volts: float, amps: float, flags: int = 0) -> bytes:
    """What a brick sends."""
    return struct.pack(">HHBBH", round(volts * 10), round(amps * 10), flags, 0, 0)


class Brick:
    """One of them: what it was told last."""

    def __init__(self, address: int, now_ms: float) -> None:
        self.address = address
        self.volts = self.amps = 0.0
        self.run = False
        self.heard_ms = now_ms - SILENCE_MS
        self.present = True
        self.flags = 0  # set by hand


class ElconBricks(CanSource):
    """The bricks' outputs together; their rating is what they are asked for at most."""

    WIRE = ("can", 250_000)
    MAX_AMPS = 120.0
    SILENCE_MS = 1e12  # each brick has its own

    def __init__(
        self,
        bus: CanBus,
        now_ms: Callable[[], float],
        terminals: Callable[[], tuple[float, float]],
        units: int = 2,
    ) -> None:
        self.bricks = [Brick(address, now_ms()) for address in ADDRESSES[:units]]
        super().__init__(bus, now_ms, terminals)

    def forget(self) -> None:
        """Mains: nothing was ever said."""
        super().forget()
        now_ms = self._now_ms()
        self._report_ms = now_ms + 200.0
        for brick in self.bricks:
            brick.run = False
            brick.heard_ms = now_ms - SILENCE_MS

    def tell(self) -> None:
        """The next report at once."""
        self._report_ms = self._now_ms()

    def answer(self, frame: CanFrame) -> list[tuple[int, bytes]]:
        """A command is only taken."""
        for brick in self.bricks:
            if frame.id == COMMAND | brick.address << 8 and len(frame.data) == 8 and brick.present:
                volts, amps = struct.unpack(">HH", frame.data[:4])
                brick.volts, brick.amps = volts / 10, amps / 10
                brick.run = frame.data[4] == 0 and not self._flags(brick) & ~NO_COMMAND
                brick.heard_ms = self._now_ms()
                self._add_up()
        return []

    def _flags(self, brick: Brick) -> int:
        silent = self._now_ms() - brick.heard_ms >= SILENCE_MS
        flags = (HARDWARE if self.fault else 0) | (HOT if self.hot else 0)
        return brick.flags | flags | (NO_COMMAND if silent else 0)

    def _working(self) -> list[Brick]:
        return [b for b in self.bricks if b.run and b.present and not self._flags(b)]

    def _add_up(self) -> None:
        working = self._working()
        self.switch(bool(working))
        if working:
            self.ask(max(b.volts for b in working), sum(b.amps for b in working))

    @property
    def due_ms(self) -> float:
        """When it does something by itself."""
        return min(super().due_ms, self._report_ms) if self.powered else super().due_ms

    def speak(self, now_ms: float) -> None:
        """Reports, and what each brick does without a command."""
        self._add_up()
        if now_ms >= self._report_ms:
            self._report_ms = now_ms + PERIOD_MS
            working = self._working() or self.bricks  # whoever it is that will not stop
            for brick in self.bricks:
                if brick.present:
                    amps = self.amps / len(working) if brick in working else 0.0
                    self.say(STATUS | brick.address, status(self.volts, amps, self._flags(brick)))
        super().speak(now_ms)
