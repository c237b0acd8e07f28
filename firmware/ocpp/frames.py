"""WebSocket frames (RFC 6455 section 5), client side: bytes in, events out, and our own frames.

No socket and no clock. A header is judged before anything behind it is kept, so a peer can make
the parser hold at most `max_message` bytes. net/websocket_client.py calls it.
"""

from micropython import const

from firmware.errors import ChargerError
from firmware.ocpp import utf8

_CONTINUATION = const(0)
TEXT = 1
BINARY = 2
CLOSE = 8
PING = 9
PONG = 10

_FIN = const(0x80)
_RSV = const(0x70)
_MASKED = const(0x80)
_STRIDE = const(512)  # masking as big integers: 30 times faster than a loop over bytes

NO_CODE = 1005  # a close frame without a code (section 7.1.5); never sent
PROTOCOL_ERROR = 1002
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
        self._max = max_message
        self._data = b""  # what was fed, used up to _at
        self._at = 0
        self._head = bytearray()
        self._head_size = 2
        self._message = None  # buffer of the data message under way; may have room to spare
        self._size = 0  # bytes of the message in frames that are complete
        self._text = None  # its UTF-8 check when it is text
        self._payload = None  # where the payload of the frame under way goes
        self._fill = 0
        self._end = 0

    def feed(self, data: bytes) -> None:
        """Hand in bytes as they come, cut anywhere."""
        self._data = self._data[self._at :] + data if self._at < len(self._data) else data
        self._at = 0

    def next_event(self) -> tuple | None:
        """The next event, None when more bytes are needed. Raises FrameError."""
        while self._payload is not None or self._take_header():
            if not self._take_payload():
                break
            event = self._end_frame()
            if event is not None:
                return event
        return None

    def _take_header(self) -> bool:
        head = self._head
        while len(head) < self._head_size:
            if self._at >= len(self._data):
                return False
            head.append(self._data[self._at])
            self._at += 1
            if len(head) == 2:
                self._check(head[0], head[1])
                self._head_size = 10 if head[1] == 127 else 4 if head[1] == 126 else 2
        length = int.from_bytes(head[2:], "big") if len(head) > 2 else head[1]
        if length >> 63 or len(head) > 2 and length < (65536 if len(head) == 10 else 126):
            raise FrameError(PROTOCOL_ERROR, "length not in its shortest form")  # 5.2
        self._begin(head[0] & 15, length)
        return True

    def _check(self, first: int, second: int) -> None:
        opcode = first & 15
        wrong = ""
        if first & _RSV:
            wrong = "RSV bit without an extension"
        elif second & _MASKED:
            wrong = "masked frame from a server"
        elif opcode > PONG or BINARY < opcode < CLOSE:
            wrong = "reserved opcode"
        elif opcode >= CLOSE and (not first & _FIN or second > 125):
            wrong = "control frame fragmented or too long"
        elif opcode == _CONTINUATION and self._message is None:
            wrong = "continuation of nothing"
        elif _CONTINUATION < opcode < CLOSE and self._message is not None:
            wrong = "new message inside a fragmented one"
        if wrong:
            raise FrameError(PROTOCOL_ERROR, wrong)

    def _begin(self, opcode: int, length: int) -> None:
        if opcode >= CLOSE:
            self._payload = bytearray(length)
            self._fill = 0
            self._end = length
            return
        end = self._size + length
        if end > self._max:
            raise FrameError(_TOO_BIG, "message longer than %d bytes" % self._max)
        if opcode != _CONTINUATION:
            self._message = bytearray(length)
            self._text = utf8.Utf8() if opcode == TEXT else None
        elif end > len(self._message):
            # Doubled, or many small fragments would be copied over and over.
            room = min(max(end, 2 * len(self._message)), self._max)
            self._message.extend(bytes(room - len(self._message)))
        self._payload = self._message
        self._fill = self._size
        self._end = end

    def _take_payload(self) -> bool:
        count = min(len(self._data) - self._at, self._end - self._fill)
        if count:
            piece = memoryview(self._data)[self._at : self._at + count]
            self._payload[self._fill : self._fill + count] = piece
            self._at += count
            self._fill += count
            if self._payload is self._message and self._text and not self._text.feed(piece):
                raise FrameError(_BAD_DATA, "text is not UTF-8")
        return self._fill == self._end

    def _end_frame(self) -> tuple | None:
        first = self._head[0]
        opcode = first & 15
        payload = self._payload
        self._payload = None
        self._head = bytearray()
        self._head_size = 2
        if opcode == CLOSE:
            return _close_event(bytes(payload))
        if opcode > CLOSE:
            return ("ping" if opcode == PING else "pong", bytes(payload))
        self._size = self._end
        if not first & _FIN:
            return None
        whole = memoryview(payload)[: self._size]
        self._message = None
        self._size = 0
        if self._text is None:
            return ("binary", bytes(whole))
        if not self._text.complete():
            raise FrameError(_BAD_DATA, "text ends inside a character")
        return ("text", str(whole, "utf-8"))


def _close_event(payload: bytes) -> tuple:
    if not payload:
        return ("close", NO_CODE, "")
    code = int.from_bytes(payload[:2], "big")
    if len(payload) == 1 or not (1000 <= code <= 1014 or 3000 <= code <= 4999):
        raise FrameError(PROTOCOL_ERROR, "bad close code")
    if 1004 <= code <= 1006:  # never on the wire (7.4.1)
        raise FrameError(PROTOCOL_ERROR, "bad close code")
    if not utf8.valid(payload[2:]):
        raise FrameError(_BAD_DATA, "close reason is not UTF-8")
    return ("close", code, str(payload[2:], "utf-8"))


def encode(opcode: int, payload: bytes, mask: bytes) -> bytes:
    """One masked, final frame. `mask`: 4 fresh random bytes (section 5.3)."""
    size = len(payload)
    at = 6 if size < 126 else 8 if size < 65536 else 14
    frame = bytearray(at + size)
    frame[0] = _FIN | opcode
    frame[1] = _MASKED | (size if at == 6 else 126 if at == 8 else 127)
    frame[2 : at - 4] = size.to_bytes(at - 6, "big") if at > 6 else b""
    frame[at - 4 : at] = mask
    payload = memoryview(payload)
    key = 0
    key_size = 0
    for start in range(0, size, _STRIDE):
        piece = payload[start : start + _STRIDE]
        count = len(piece)
        if count != key_size:
            key = int.from_bytes((mask * (count // 4 + 1))[:count], "big")
            key_size = count
        frame[at : at + count] = (int.from_bytes(piece, "big") ^ key).to_bytes(count, "big")
        at += count
    return frame


def encode_close(code: int, reason: str, mask: bytes) -> bytes:
    """A close frame; NO_CODE makes an empty one. A long reason is cut to fit (section 5.5)."""
    if code == NO_CODE:
        return encode(CLOSE, b"", mask)
    data = reason.encode()[:123]
    while not utf8.valid(data):  # never cut inside a character
        data = data[:-1]
    return encode(CLOSE, code.to_bytes(2, "big") + data, mask)
