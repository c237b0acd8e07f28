"""Asks a BMS on a UART, one question at a time, and finds the answers among the noise.

hardware-protocols.md section 0.6: the line is emptied before a question; a frame that is not the
answer to it, or whose checksum is wrong, costs one byte and the hunt goes on behind it.
"""

from micropython import const

_LONG_MS = const(1 << 20)


class UartPoll:
    """A driver: `protocol` knows the BMS, this knows the line. `uart` needs a time-out of 0.

    `protocol` has, as constants, `start` (first byte of an answer), `longest` (answer in bytes),
    `gap_ms` (pause between an answer and the next question) and `timeout_ms`; and the methods
    `question() -> bytes`;
    `size(begun) -> int`: length of the answer that may begin here, 0 = not to be told yet,
    -1 = this is not the answer to the question;
    `sound(frame) -> bool`: is the checksum right;
    `answer(frame) -> bool`: take it into the reading, False when it makes no sense;
    `missed()`: no answer came in time.
    """

    def __init__(self, uart: "UART", protocol: object) -> None:
        self._uart = uart
        self._protocol = protocol
        self._buffer = bytearray(protocol.longest)
        self._view = memoryview(self._buffer)
        self._filled = 0
        self._asked = False
        self._waited_ms = _LONG_MS  # since the question, or since its answer
        self.refused = 0  # broken answers, and such as make no sense

    def report(self, voltage_mv: int, current_ma: int, flags: int = 0) -> None:
        """Such a BMS is told nothing."""

    def poll(self, dt_ms: int) -> None:
        """Take in what came, ask what is due; call it often. `dt_ms` since the last call."""
        self._waited_ms = min(self._waited_ms + dt_ms, _LONG_MS)
        if self._asked:
            self._receive()
            if self._asked and self._waited_ms >= self._protocol.timeout_ms:
                self._asked = False
                self._protocol.missed()
        if not self._asked and self._waited_ms >= self._protocol.gap_ms:
            self._ask()

    def _ask(self) -> None:
        # Until nothing comes any more, but not for ever: the line may be held by a babbler.
        for _ in range(32):
            if not self._uart.any() or not self._uart.readinto(self._buffer):
                break
        self._filled = 0
        # Should it not be taken whole, no answer comes and it is asked again.
        self._uart.write(self._protocol.question())
        self._asked = True
        self._waited_ms = 0

    def _receive(self) -> None:
        if not self._uart.any():
            return
        view = self._view
        filled = self._filled + (self._uart.readinto(view[self._filled :]) or 0)
        start = 0
        while start < filled:
            if view[start] == self._protocol.start:
                size = self._protocol.size(view[start:filled])
                if size == 0 or start + size > filled:
                    break  # there is more to come
                if size > 0 and self._take(view[start : start + size]):
                    return
            start += 1
        if start:
            view[: filled - start] = self._buffer[start:filled]
        self._filled = filled - start

    def _take(self, frame: memoryview) -> bool:
        """Is it whole; whatever else came with it is dropped before the next question."""
        if not self._protocol.sound(frame):
            self.refused += 1
            return False
        self._asked = False
        self._waited_ms = 0
        if not self._protocol.answer(frame):
            self.refused += 1
        return True
