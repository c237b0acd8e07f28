"""A CAN bus: frames take their time, go to every other node, and need somebody's acknowledgement."""

from collections import deque
from collections.abc import Callable
from typing import NamedTuple, Protocol


class CanFrame(NamedTuple):
    """A data frame."""

    id: int
    data: bytes
    ext: bool = True


class Node(Protocol):
    """A controller on the bus."""

    def listens(self) -> bool:
        """Is it on the bus at the bus's bit rate, able to acknowledge."""
        ...

    def deliver(self, frame: CanFrame) -> None:
        """A frame of another node has been received."""
        ...


class _Pending(NamedTuple):
    sender: Node
    frame: CanFrame
    done: Callable[[bool], None] | None


class CanBus:
    """One pair of wires at `bitrate`; call `advance` to let frames arrive."""

    def __init__(self, bitrate: int = 250_000) -> None:
        self.bitrate = bitrate
        self.nodes: list[Node] = []
        self._queue: deque[_Pending] = deque()
        self._free_at_ms = 0.0
        self.frames = 0

    def frame_ms(self, frame: CanFrame) -> float:
        """Time on the wire: 67 or 47 bits round the data, and some stuff bits."""
        bits = (67 if frame.ext else 47) + 8 * len(frame.data) + 10
        return bits * 1000 / self.bitrate

    def send(
        self, sender: Node, frame: CanFrame, now_ms: float, done: Callable[[bool], None] | None = None
    ) -> None:
        """Put a frame on the wire; `done(acknowledged)` is called when it has been sent."""
        if not self._queue:
            self._free_at_ms = max(self._free_at_ms, now_ms) + self.frame_ms(frame)
        self._queue.append(_Pending(sender, frame, done))

    def cancel(self, sender: Node) -> None:
        """Forget what `sender` has not got onto the wire."""
        self._queue = deque(p for p in self._queue if p.sender is not sender)

    def advance(self, now_ms: float) -> None:
        """Deliver every frame whose last bit has passed by `now_ms`."""
        while self._queue and self._free_at_ms <= now_ms:
            pending = self._queue.popleft()
            receivers = [n for n in self.nodes if n is not pending.sender and n.listens()]
            if receivers:
                self.frames += 1
                for node in receivers:
                    node.deliver(pending.frame)
            if pending.done:
                pending.done(bool(receivers))
            if self._queue:
                self._free_at_ms += self.frame_ms(self._queue[0].frame)
