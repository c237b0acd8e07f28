"""A UART's receiving side: bytes arrive at the baud rate, a full buffer drops them."""

_BUFFER = 512


class Uart:
    """Receives what `arrive` puts on the line."""

    def __init__(self) -> None:
        self.baudrate = 0
        self._bytes: list[tuple[float, int]] = []  # (when it is there, byte)

    def clear(self) -> None:
        """The ESP32 has been reset."""
        self.baudrate = 0
        self._bytes.clear()

    def arrive(self, at_ms: float, data: bytes, baudrate: int) -> None:
        """Somebody sends; at the wrong baud rate that is noise."""
        for index, byte in enumerate(data):
            got = byte if baudrate == self.baudrate else 0xFF
            if self.baudrate and len(self._bytes) < _BUFFER:
                self._bytes.append((at_ms + (index + 1) * 10_000 / baudrate, got))

    def any(self, now_ms: float) -> int:
        """How many bytes can be read."""
        return sum(1 for at_ms, _ in self._bytes if at_ms <= now_ms)

    def read(self, count: int, now_ms: float) -> bytes:
        """Take up to `count` of them."""
        count = min(count, self.any(now_ms))
        data = bytes(byte for _, byte in self._bytes[:count])
        del self._bytes[:count]
        return data
