"""A CAN bus: frames take their time, the lowest id goes first, and somebody must acknowledge.

Nodes with the wrong bit rate neither send nor hear anything but errors. The error counters follow
the rules of ISO 11898-1 as far as whole frames go.
"""

import math
from collections.abc import Callable
from typing import NamedTuple, Protocol

ACKNOWLEDGED, NOT_ACKNOWLEDGED, BROKEN = "acknowledged", "not acknowledged", "broken"
RECOVERY_BITS = 128 * 11  # recessive bits that end bus-off

_PASSIVE = 128
_BUS_OFF = 256
_SLOW_RETRY_MS = 10.0  # an error passive node alone on the bus: a real one repeats at once


class CanFrame(NamedTuple):
    """A data frame."""

    id: int
    data: bytes
    ext: bool = True


class Node(Protocol):
    """A controller on the bus."""

    def rate(self) -> float:
        """Bit rate at which it takes part, 0 while it does not."""
        ...

    def acknowledges(self) -> bool:
        """Does it acknowledge what it receives (not in listen-only mode)."""
        ...

    def deliver(self, frame: CanFrame) -> None:
        """A frame of another node has been received."""
        ...

    def disturbed(self) -> None:
        """Bits have passed that make no sense at its bit rate."""
        ...


class ErrorCounters:
    """Transmit and receive error counter of one node."""

    def __init__(self) -> None:
        self.tx = self.rx = 0

    def clear(self) -> None:
        """As after reset or bus-off."""
        self.tx = self.rx = 0

    def sent(self, outcome: str) -> None:
        """Count an attempt to send; a passive node does not count missing acknowledgement."""
        if outcome == ACKNOWLEDGED:
            self.tx = max(0, self.tx - 1)
        elif outcome == BROKEN or self.tx < _PASSIVE:
            self.tx += 8

    def received(self) -> None:
        """Count a good frame."""
        self.rx = 119 if self.rx >= _PASSIVE else max(0, self.rx - 1)

    def disturbed(self) -> None:
        """Count a bad one."""
        self.rx = min(255, self.rx + 1)

    @property
    def passive(self) -> bool:
        """Error passive."""
        return max(self.tx, self.rx) >= _PASSIVE

    @property
    def bus_off(self) -> bool:
        """Too many transmit errors."""
        return self.tx >= _BUS_OFF

    def retry_ms(self, outcome: str) -> float:
        """How long until the next attempt to send."""
        alone = outcome == NOT_ACKNOWLEDGED and self.tx >= _PASSIVE
        return _SLOW_RETRY_MS if alone else 0.0


class Sending:
    """A frame that a node wants on the wire.

    `done(outcome)` is called after each attempt; it returns the pause in ms until the next one,
    or None when there shall be none.
    """

    def __init__(
        self,
        node: Node,
        frame: CanFrame,
        done: Callable[[str], float | None],
        not_before_ms: float,
    ) -> None:
        self.node = node
        self.frame = frame
        self.done = done
        self.not_before_ms = not_before_ms
        self.cancelled = False
        # arbitration: a standard id beats the extended one that begins with it
        self.rank = frame.id << 1 | 1 if frame.ext else frame.id << 19


class CanBus:
    """One pair of wires at `bitrate`; call `advance` when `due_ms` has come."""

    def __init__(self, bitrate: int = 250_000) -> None:
        self.bitrate = bitrate
        self.nodes: list[Node] = []
        self.due_ms = math.inf  # when something happens next
        self.frames = 0  # that somebody acknowledged
        self._waiting: list[Sending] = []
        self._current: Sending | None = None

    def frame_ms(self, frame: CanFrame) -> float:
        """Time on the wire: 67 or 47 bits round the data, and about ten stuff bits."""
        bits = (67 if frame.ext else 47) + 8 * len(frame.data) + 10
        return bits * 1000 / self.bitrate

    def right(self, node: Node) -> bool:
        """Does the node work at the bus's bit rate, within 1 %."""
        return abs(node.rate() / self.bitrate - 1) < 0.01

    def send(
        self, node: Node, frame: CanFrame, now_ms: float, done: Callable[[str], float | None]
    ) -> None:
        """Queue a frame; see `Sending` for `done`."""
        self._waiting.append(Sending(node, frame, done, now_ms))
        if self._current is None:
            self._begin(now_ms)

    def cancel(self, node: Node) -> None:
        """Forget what `node` has not got through, even the frame that is on the wire."""
        self._waiting = [sending for sending in self._waiting if sending.node is not node]
        if self._current is not None and self._current.node is node:
            self._current.cancelled = True

    def advance(self, now_ms: float) -> None:
        """Let everything happen that is due by `now_ms`."""
        while self.due_ms <= now_ms:
            at_ms = self.due_ms
            if self._current is not None:
                sending, self._current = self._current, None
                self._end(sending, at_ms)
            self._begin(at_ms)

    def _begin(self, at_ms: float) -> None:
        if self._current is not None:  # a node has sent again from within `done`
            return
        ready = [s for s in self._waiting if s.not_before_ms <= at_ms]
        if ready:
            self._current = min(ready, key=lambda sending: sending.rank)
            self._waiting.remove(self._current)
            self.due_ms = at_ms + self.frame_ms(self._current.frame)
        else:
            self.due_ms = min((s.not_before_ms for s in self._waiting), default=math.inf)

    def _end(self, sending: Sending, at_ms: float) -> None:
        if sending.cancelled:
            return
        outcome = BROKEN
        if self.right(sending.node):
            others = [n for n in self.nodes if n is not sending.node and n.rate()]
            receivers = [n for n in others if self.right(n)]
            acknowledged = any(n.acknowledges() for n in receivers)
            outcome = ACKNOWLEDGED if acknowledged else NOT_ACKNOWLEDGED
            for node in others:
                if node not in receivers:
                    node.disturbed()
                elif acknowledged:
                    node.deliver(sending.frame)
            self.frames += acknowledged
        pause_ms = sending.done(outcome)
        if pause_ms is not None:
            sending.not_before_ms = at_ms + pause_ms
            self._waiting.append(sending)


def _nothing(outcome: str) -> None:
    return None


class Device:
    """A node of the plant with no registers: gives every frame to `receive` while `on()`."""

    def __init__(
        self, bus: CanBus, on: Callable[[], bool], receive: Callable[[CanFrame], None]
    ) -> None:
        self._bus = bus
        self._on = on
        self._receive = receive
        bus.nodes.append(self)

    def send(self, id: int, data: bytes, now_ms: float) -> None:
        """Send an extended frame; lost when nobody acknowledges it, the next one comes soon."""
        self._bus.send(self, CanFrame(id, data), now_ms, _nothing)

    def rate(self) -> float:
        """The bus's own."""
        return self._bus.bitrate if self._on() else 0.0

    def acknowledges(self) -> bool:
        """Always."""
        return True

    def deliver(self, frame: CanFrame) -> None:
        """A frame of somebody else."""
        self._receive(frame)

    def disturbed(self) -> None:
        """Cannot happen: its rate is right."""
