"""One HTTP/1.1 request and its answer over a stream, with a bound on everything.

`answer(method, path, field, body)` is asked once a request and gives (status, type, content), or a
coroutine that does. `field(name)` is a field of the request's head as it came, b"" when it is not
there; name it in lower case. The type may have further lines of the answer's head behind it. The
content is bytes, an open file or whatever gives bytes and can be closed (a generator): it is sent
in pieces and closed. With status 101 it is a function that goes on with the connection.
"""

import asyncio
import gc

from micropython import const

_HEAD_BYTES = const(4096)  # read; few of them are kept, for a full heap has no long piece left
_LINE_BYTES = const(512)
_KEPT_BYTES = const(1024)
_BODY_BYTES = const(2048)
_PIECE_BYTES = const(256)
_TRIES = const(4)  # for want of memory
_ROOM_MS = const(300)
_REST_PIECES = const(64)  # of a refused request, read and dropped
_REST_S = const(1)
_TEXT = "text/plain"
_FIELDS = (
    b"host origin content-type content-length transfer-encoding cookie authorization upgrade "
    b"sec-websocket-key sec-websocket-version"
)
# The reason is for people; clients go by the number.
_HEAD = (
    "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nConnection: close\r\nCache-Control: no-store\r\n"
    "X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n"
    "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; "
    "script-src 'unsafe-inline'; connect-src 'self'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'\r\n\r\n"
)


async def talk(
    reader: "StreamReader", writer: "StreamWriter", answer: "Callable"
) -> "Callable | None":
    """Read, ask, answer; what goes on with the connection, None when it is over.

    Raises what a broken line raises; the caller closes, after a time that it sets.
    """
    status, kind, content = await _read(reader, answer)
    if status == 101:  # the type is the whole head
        await _send(writer, kind)
        return content
    try:
        head = _HEAD % (status, "OK" if status < 300 else "Refused", kind)
        await _send(writer, head.encode())
        head = kind = None
        if isinstance(content, bytes):
            await _send(writer, content)
        elif hasattr(content, "read"):
            while True:
                piece = content.read(_PIECE_BYTES)
                if not piece:
                    break
                await _send(writer, piece)
        else:
            for piece in content:
                await _send(writer, piece)
    finally:
        if not isinstance(content, bytes):
            content.close()
    if status in (400, 413):
        await _drop_rest(reader)
    return None


async def _drop_rest(reader: "StreamReader") -> None:
    """Take what is still coming: a socket closed over unread bytes resets, the answer is lost."""
    try:
        for _ in range(_REST_PIECES):
            if not await asyncio.wait_for(reader.read(_PIECE_BYTES), _REST_S):
                break
    except asyncio.TimeoutError:
        pass


async def _read(reader: "StreamReader", answer: "Callable") -> tuple:
    """Read the request; what to answer."""
    head, body = await _head(reader)
    words = head.partition(b"\n")[0].split()
    if body is None:
        return 413, _TEXT, b"the request's head is too long"
    if len(words) != 3 or words[2][:5] != b"HTTP/":
        return 400, _TEXT, b"that is no request"

    def field(name: bytes) -> bytes:
        return head[_after(head.lower(), name) :].partition(b"\n")[0].strip()

    wanted = field(b"content-length") or b"0"
    if not wanted.isdigit() or field(b"transfer-encoding"):
        return 400, _TEXT, b"the length is wanted"
    if len(wanted) > 5 or int(wanted) > _BODY_BYTES:
        return 413, _TEXT, b"too much"
    while len(body) < int(wanted):
        piece = await reader.read(_PIECE_BYTES)
        if not piece:
            raise EOFError
        body += piece
    method, path = words[0].decode(), words[1].decode().split("?")[0]
    body = body[: int(wanted)]
    words = piece = None
    for _ in range(_TRIES):
        try:
            told = answer(method, path, field, body)
            if not isinstance(told, tuple):
                told = await told
            return told
        except MemoryError:  # what the charger itself is doing comes first
            gc.collect()
        await asyncio.sleep_ms(_ROOM_MS)
    return 503, _TEXT, b"the charger is busy: try again"


async def _head(reader: "StreamReader") -> "tuple[bytes, bytes | None]":
    """First line and the fields that matter, a line each; what came behind; None: too long."""
    kept = line = b""
    size = 0
    while True:
        piece = await reader.read(_PIECE_BYTES)
        if not piece:
            raise EOFError
        size += len(piece)
        line += piece
        while b"\n" in line:
            one, _, line = line.partition(b"\n")
            if not one.strip():
                return kept, line
            if not kept or one.partition(b":")[0].lower() in _FIELDS:
                kept += one.strip() + b"\n"
        if size > _HEAD_BYTES or len(line) > _LINE_BYTES or len(kept) > _KEPT_BYTES:
            return kept, None


def _after(head: bytes, name: bytes) -> int:
    """Where the value of a field begins; the end of the head where there is none."""
    at = head.find(b"\n" + name + b":")
    return at + len(name) + 2 if at >= 0 else len(head)


async def _send(writer: "StreamWriter", data: bytes) -> None:
    writer.write(data)
    await writer.drain()
