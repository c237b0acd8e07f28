"""One UART of the ESP32, receiving side: bytes arrive at the sender's baud rate."""

from collections import deque

_RX_BUFFER = 512
_BITS = 10  # of a byte on the wire: start, eight, stop


class Uart:
    """`wire_baud` and `wire_pin` are those of whatever is connected; None: nothing is."""

    def __init__(self, wire_baud: int | None = None, wire_pin: int | None = None) -> None:
        self._wire_baud = wire_baud
        self._wire_pin = wire_pin
        self._coming: deque[tuple[float, int]] = deque()
        self.release()

    def release(self) -> None:
        """The chip has been reset: nobody receives, what was received is gone."""
        self._baud = 0
        self._connected = False
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
            wrong = abs(self._baud / (self._wire_baud or 1) - 1) > 0.03
            self._buffer.append(byte ^ 0xA5 if wrong else byte)

    def any(self) -> int:
        """Bytes waiting."""
        return len(self._buffer)

    def read(self, n: int) -> bytes:
        """Up to `n` of them."""
        data = bytes(self._buffer[:n])
        del self._buffer[:n]
        return data
