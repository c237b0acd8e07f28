"""WebSocket frames (RFC 6455 section 5), client side: bytes in, events out, and our own frames.

No socket and no clock. A header is judged before anything behind it is kept, so a peer can make
the parser hold at most `max_message` bytes. net/websocket_client.py calls it.
"""

from micropython import const

from firmware.errors import ChargerError
from firmware.ocpp.utf8 import Utf8

TEXT = const(1)
BINARY = const(2)
CLOSE = const(8)
PING = const(9)
PONG = const(10)

_FIN = const(0x80)
_RSV = const(0x70)
_MASKED = const(0x80)
_STRIDE = const(512)  # masking as big integers: 30 times faster than a loop over bytes

_NO_CODE = const(1005)  # a close frame without a code (section 7.1.5); never on the wire
_PROTOCOL = const(1002)
_BAD_DATA = const(1007)
_TOO_BIG = const(1009)


class FrameError(ChargerError):
    """The other side broke the protocol; `code` is what to close with (section 7.4.1)."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


class FrameParser:
    """Call `feed` with what was read, then `next_event` until it answers None.

    Events: ("text", str) ("binary", bytes) ("ping", bytes) ("pong", bytes)
    ("close", code, reason). After a FrameError the parser is of no more use.
    """

    def __init__(self, max_message: int = 8192) -> None:
        self._data = b""  # fed and not yet used
        self._events = self._frames(max_message)

    def feed(self, data: bytes) -> None:
        """Hand in bytes as they come, cut anywhere."""
        self._data = memoryview(bytes(self._data) + data if self._data else data)

    def next_event(self) -> tuple | None:
        """The next event, None when more bytes are needed. Raises FrameError."""
        return next(self._events)

    def _frames(self, limit: int) -> "Generator":
        message = check = None  # the data message under way, its UTF-8 check when it is text
        size = 0  # bytes of it so far; the buffer may have room to spare
        while True:
            head = bytearray(2)
            yield from self._fill(head, 0, 2, None)
            first, length = head
            opcode = first & 15
            _judge(first, length, message is not None)
            if length > 125:
                long = bytearray(2 if length == 126 else 8)
                yield from self._fill(long, 0, len(long), None)
                length = int.from_bytes(long, "big")
                if length >> 63 or length < (126 if len(long) == 2 else 65536):
                    raise FrameError(_PROTOCOL, "length not in shortest form")  # 5.2
            if opcode >= CLOSE:
                payload = bytearray(length)
                yield from self._fill(payload, 0, length, None)
                yield _control(opcode, bytes(payload))
                continue
            if opcode:
                message = bytearray()
                size = 0
                check = Utf8() if opcode == TEXT else None
            end = size + length
            if end > limit:
                raise FrameError(_TOO_BIG, "message over %d bytes" % limit)
            if end > len(message):
                # Doubled, or many small fragments would be copied over and over.
                room = max(end, min(2 * len(message), limit))
                message.extend(bytes(room - len(message)))
            yield from self._fill(message, size, end, check)
            size = end
            if first & _FIN:
                if check and check.left:
                    raise FrameError(_BAD_DATA, "text ends inside a character")
                whole = memoryview(message)[:size]
                message = None
                yield ("text", str(whole, "utf-8")) if check else ("binary", bytes(whole))

    def _fill(self, buffer: bytearray, at: int, end: int, check: Utf8 | None) -> "Generator":
        while at < end:
            piece = self._data[: end - at]
            count = len(piece)
            if not count:
                yield None
                continue
            self._data = self._data[count:]
            buffer[at : at + count] = piece
            at += count
            if check and not check.feed(piece):
                raise FrameError(_BAD_DATA, "text is not UTF-8")


def _judge(first: int, second: int, fragmented: bool) -> None:
    opcode = first & 15
    wrong = ""
    if first & _RSV:
        wrong = "RSV bit"
    elif second & _MASKED:
        wrong = "masked by the server"
    elif opcode > PONG or BINARY < opcode < CLOSE:
        wrong = "reserved opcode"
    elif opcode >= CLOSE:
        if not first & _FIN or second > 125:
            wrong = "control frame cut or too long"
    elif fragmented != (not opcode):
        wrong = "fragments out of order"
    if wrong:
        raise FrameError(_PROTOCOL, wrong)


def _control(opcode: int, payload: bytes) -> tuple:
    if opcode != CLOSE:
        return ("ping" if opcode == PING else "pong", payload)
    if not payload:
        return ("close", _NO_CODE, "")
    code = int.from_bytes(payload[:2], "big")
    # 1004 to 1006 and 1015 are never on the wire, what lies between is not given out (7.4).
    if (
        len(payload) < 2
        or code in (1004, 1005, 1006)
        or not (1000 <= code < 1015 or 3000 <= code < 5000)
    ):
        raise FrameError(_PROTOCOL, "bad close code")
    check = Utf8()
    if not check.feed(payload[2:]) or check.left:
        raise FrameError(_BAD_DATA, "close reason is not UTF-8")
    return ("close", code, str(payload[2:], "utf-8"))


def _header(opcode: int, size: int, mask: bytes) -> bytes:
    """Head of a masked, final frame. `mask`: 4 fresh random bytes (section 5.3)."""
    if size < 126:
        head = bytes((_FIN | opcode, _MASKED | size))
    elif size < 65536:
        head = bytes((_FIN | opcode, _MASKED | 126)) + size.to_bytes(2, "big")
    else:
        head = bytes((_FIN | opcode, _MASKED | 127)) + size.to_bytes(8, "big")
    return head + mask


def encode(opcode: int, payload: bytes, mask: bytes) -> bytes:
    """One masked, final frame."""
    head = _header(opcode, len(payload), mask)
    at = len(head)
    frame = bytearray(at + len(payload))
    frame[:at] = head
    masks = mask * (min(len(payload), _STRIDE) // 4 + 1)
    for start in range(0, len(payload), _STRIDE):
        piece = payload[start : start + _STRIDE]
        frame[at + start : at + start + len(piece)] = _masked(piece, masks)
    return frame


def encode_parts(opcode: int, parts: list, mask: bytes) -> "Iterator":
    """The same frame piece by piece, for texts too long to find memory for at once.

    A part is a text or gives texts, the same each time, when it is iterated over.
    """
    size = 0
    for piece in _pieces(parts):
        size += len(piece)
    yield _header(opcode, size, mask)
    for piece in _pieces(parts):
        yield _masked(piece, mask * (len(piece) // 4 + 1))
        turn = len(piece) % 4
        mask = mask[turn:] + mask[:turn]


def _pieces(parts: list) -> "Iterator[bytes]":
    for part in parts:
        for text in (part,) if isinstance(part, str) else part:
            yield text.encode()


def _masked(piece: bytes, masks: bytes) -> bytes:
    """`piece` xor the head of `masks`: as big ints, which is fast without machine code."""
    count = len(piece)
    number = int.from_bytes(piece, "big") ^ int.from_bytes(masks[:count], "big")
    return number.to_bytes(count, "big")


def encode_close(code: int, reason: str, mask: bytes) -> bytes:
    """A close frame, empty for code 1005. 30 characters of the reason always fit (5.5)."""
    payload = b"" if code == _NO_CODE else code.to_bytes(2, "big") + reason[:30].encode()
    return encode(CLOSE, payload, mask)
