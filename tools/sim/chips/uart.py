"""One UART of the ESP32: bytes take their time at the sender's baud rate, both ways."""

import math
from collections import deque
from typing import Protocol

_RX_BUFFER = 512
_BITS = 10  # of a byte on the wire: start, eight, stop


class Peer(Protocol):
    """What is at the other end of the wires."""

    def receive(self, data: bytes, at_ms: float) -> None:
        """Bytes of the ESP32, the last of which ends at `at_ms`; garbled at a wrong baud rate."""
        ...


class Uart:
    """`wire_baud` and `wire_pin` are those of whatever is connected; None: nothing is.

    `peer` hears what the ESP32 sends and answers with `arrive`.
    """

    def __init__(self, wire_baud: int | None = None, wire_pin: int | None = None) -> None:
        self.peer: Peer | None = None
        self._leaving: deque[tuple[float, bytes]] = deque()
        self._wire_baud = wire_baud
        self._wire_pin = wire_pin
        self._coming: deque[tuple[float, int]] = deque()
        self.release()

    def release(self) -> None:
        """The chip has been reset: nobody receives, what was received is gone."""
        self._baud = 0
        self._connected = False
        self._leaving.clear()
        self._buffer = bytearray()
        self.dropped = 0
        self.written = bytearray()

    def init(self, baudrate: int, rx: int | None) -> None:
        """Start to receive on a pin."""
        self._baud = baudrate
        self._connected = rx == self._wire_pin
        self._buffer.clear()

    def arrive(self, data: bytes, at_ms: float) -> None:
        """The other side begins to send at `at_ms`, or when it is done with what came before."""
        if self._wire_baud is None:
            return
        if self._coming:
            at_ms = max(at_ms, self._coming[-1][0])
        for byte in data:
            at_ms += _BITS * 1000 / self._wire_baud
            self._coming.append((at_ms, byte))

    def advance(self, now_ms: float) -> None:
        """Take in what has arrived; what finds the buffer full, or no UART, is lost."""
        while self._coming and self._coming[0][0] <= now_ms:
            byte = self._coming.popleft()[1]
            if not self._connected or not self._baud:
                continue
            if len(self._buffer) >= _RX_BUFFER:
                self.dropped += 1
                continue
            self._buffer.append(byte ^ 0xA5 if self._wrong() else byte)

    def write(self, data: bytes, now_ms: float) -> None:
        """The ESP32 sends."""
        self.written += data
        if self.peer is None or not self._baud or not data:
            return
        begins_ms = max(now_ms, self._leaving[-1][0] if self._leaving else now_ms)
        self._leaving.append((begins_ms + len(data) * _BITS * 1000 / self._baud, bytes(data)))

    @property
    def due_ms(self) -> float:
        """When the peer has heard something."""
        return self._leaving[0][0] if self._leaving else math.inf

    def deliver(self, now_ms: float) -> None:
        """Let the peer hear what has arrived there."""
        while self._leaving and self._leaving[0][0] <= now_ms:
            at_ms, data = self._leaving.popleft()
            if self._wrong():
                data = bytes(byte ^ 0xA5 for byte in data)
            if self.peer is not None:
                self.peer.receive(data, at_ms)

    def _wrong(self) -> bool:
        return abs(self._baud / (self._wire_baud or 1) - 1) > 0.03

    def any(self) -> int:
        """Bytes waiting."""
        return len(self._buffer)

    def read(self, n: int) -> bytes:
        """Up to `n` of them."""
        data = bytes(self._buffer[:n])
        del self._buffer[:n]
        return data
