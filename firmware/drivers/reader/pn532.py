"""PN532 on a UART of 115200 baud: ISO 14443 A cards; the idTag is the id in hex.

hardware-protocols.md section 6.2. It is asked for a card and answers when one comes; every second
the question is put again, which ends the one before, and its ACK shows that the reader is there.
"""

from micropython import const

from firmware.drivers.reader.presence import Presence

WIRE = ("uart", 115_200, 8, None, 1)

_WAKE = b"\x55\x55\x00\x00\x00"
_SAM = b"\x00\x00\xff\x05\xfb\xd4\x14\x01\x00\x01\x16\x00"
_LIST = b"\x00\x00\xff\x04\xfc\xd4\x4a\x01\x00\xe1\x00"

_FROM_READER = const(0xD5)
_SAM_DONE = const(0x15)
_LISTED = const(0x4B)
_LONGEST = const(48)

# What is under way.
_ABSENT = const(0)
_WAKING = const(1)  # until it has confirmed its set-up
_ASKED = const(2)  # until the ACK
_WAITING = const(3)  # for a card

_ACK_MS = const(100)
_AGAIN_MS = const(1000)
_RETRY_MS = const(500)
_RETRY_MAX_MS = const(10_000)


class Pn532:
    """Driver; a reader that is gone is looked for again, at growing intervals.

    `uart` needs a time-out of 0. `refused` counts frames with a wrong checksum.
    """

    def __init__(self, uart: "UART") -> None:
        self._uart = uart
        self._buffer = bytearray(_LONGEST)
        self._view = memoryview(self._buffer)
        self._filled = 0
        self._presence = Presence()
        self._state = _ABSENT
        self._waited_ms = 0
        self._due_ms = 0
        self._backoff_ms = _RETRY_MS
        self.refused = 0

    def poll(self, dt_ms: int) -> "str | None":
        """The idTag of a card that has just been presented, or None; `dt_ms` since the last call.

        Allocates little, and nothing while the reader is silent.
        """
        self._presence.passes(dt_ms)
        self._waited_ms += dt_ms
        tag = self._receive() if self._uart.any() else None
        if self._waited_ms < self._due_ms:
            return tag
        if self._state == _ABSENT:
            self._filled = 0
            self._uart.write(_WAKE)
            self._send(_SAM, _WAKING)
        elif self._state == _WAITING:
            self._send(_LIST, _ASKED)
        else:
            self._state = _ABSENT
            self._wait(self._backoff_ms)
            self._backoff_ms = min(self._backoff_ms * 2, _RETRY_MAX_MS)
        return tag

    def _send(self, frame: bytes, state: int) -> None:
        self._uart.write(frame)
        self._state = state
        self._wait(_ACK_MS)

    def _wait(self, due_ms: int) -> None:
        self._waited_ms = 0
        self._due_ms = due_ms

    def _receive(self) -> "str | None":
        """Take what has come; a broken frame costs one byte, and the hunt goes on behind it."""
        view, tag = self._view, None
        self._filled += self._uart.readinto(view[self._filled :]) or 0
        at = 0
        while self._filled - at >= 5:
            size = self._size(at)
            if size == 0:
                at += 1
                continue
            if at + size > self._filled:
                break
            if size == 5:
                self._acknowledged()
            elif sum(view[at + 4 : at + size - 1]) & 0xFF == 0:
                tag = self._frame(bytes(view[at + 4 : at + size - 2])) or tag
            else:
                self.refused += 1
                size = 1
            at += size
        view[: self._filled - at] = bytes(view[at : self._filled])
        self._filled -= at
        return tag

    def _size(self, at: int) -> int:
        """Length of the frame or ACK that begins here with 00 FF; 0: there is none."""
        view = self._view
        if view[at] != 0x00 or view[at + 1] != 0xFF:
            return 0
        length = view[at + 2]
        if length == 0x00 and view[at + 3] == 0xFF:
            return 5
        if not length or length + view[at + 3] != 0x100 or length + 6 > _LONGEST:
            return 0
        return length + 6

    def _acknowledged(self) -> None:
        if self._state == _ASKED:
            self._state = _WAITING
            self._wait(_AGAIN_MS)

    def _frame(self, data: bytes) -> "str | None":
        """An answer: set-up done, or a card."""
        if data[0] != _FROM_READER or len(data) < 2:
            return None
        if data[1] == _SAM_DONE and self._state == _WAKING:
            self._backoff_ms = _RETRY_MS
            self._send(_LIST, _ASKED)
        elif data[1] == _LISTED and self._state in (_ASKED, _WAITING):
            self._state = _WAITING
            self._wait(_ACK_MS)  # then it is asked for the next one
            # One card: number, ATQA (2), SAK, length of the id, the id.
            if len(data) >= 8 and data[2] == 1 and data[7] in (4, 7, 10):
                id = data[8 : 8 + data[7]]
                if len(id) == data[7]:
                    return self._presence.seen(id.hex().upper())
        return None


def make(uart: "UART", reading: None, options: "Settings") -> Pn532:
    """The driver on its UART."""
    return Pn532(uart)
