"""A small HTTP/1.1 server with a bound on everything: one request a connection.

`answer(method, path, field, body)` is asked once a request and gives (status, type, content), the
content as bytes or as an open file, which is sent in pieces and closed. `field(name)` is a field
of the request's head, all bytes and in lower case, b"" when it is not there.
"""

import asyncio
import gc

from micropython import const

_HEAD_BYTES = const(2048)
_BODY_BYTES = const(2048)
_PIECE_BYTES = const(512)
_MOST = const(3)  # connections at a time; a browser opens more than it needs
_TRIES = const(4)  # for want of memory
_ROOM_MS = const(300)
_SECONDS = const(10)  # for a whole request and its answer
_REASONS = {
    200: "OK", 204: "No Content", 400: "Bad Request", 403: "Forbidden", 404: "Not Found",
    405: "Method Not Allowed", 413: "Content Too Large", 503: "Service Unavailable",
}  # fmt: skip
_HEAD = (
    "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nConnection: close\r\nCache-Control: no-store\r\n"
    "X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n"
    "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; "
    "script-src 'unsafe-inline'; connect-src 'self'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'\r\n\r\n"
)


class HttpServer:
    """Listens from `start` to `close`; `requests` counts what was answered."""

    def __init__(self, answer: "Callable", log: "Log") -> None:
        self._answer = answer
        self._log = log
        self._server = None
        self._open = 0
        self.requests = 0

    async def start(self, host: str, port: int) -> None:
        """Take connections. OSError: the port is somebody else's."""
        self._server = await asyncio.start_server(self._serve, host, port)

    def close(self) -> None:
        """Take no more; what is under way ends by itself."""
        if self._server:
            self._server.close()
            self._server = None

    async def _serve(self, reader: "StreamReader", writer: "StreamWriter") -> None:
        self._open += 1
        try:
            if self._open <= _MOST:
                await asyncio.wait_for(self._talk(reader, writer), _SECONDS)
        except (OSError, EOFError, ValueError, asyncio.TimeoutError) as error:
            self._log.debug("web", "%r", error)
        except MemoryError:
            self._log.warn("web", "no memory for a page")
        finally:
            self._open -= 1
            writer.close()
            try:
                await writer.wait_closed()
            except OSError:
                pass

    async def _talk(self, reader: "StreamReader", writer: "StreamWriter") -> None:
        status, kind, content = await self._read(reader)
        self.requests += 1
        try:
            head = _HEAD % (status, _REASONS.get(status, ""), kind)
            await _send(writer, head.encode())
            if isinstance(content, bytes):
                await _send(writer, content)
                return
            while True:
                piece = content.read(_PIECE_BYTES)
                if not piece:
                    return
                await _send(writer, piece)
        finally:
            if not isinstance(content, bytes):
                content.close()

    async def _read(self, reader: "StreamReader") -> tuple:
        """Read the request; what to answer."""
        data = b""
        while b"\r\n\r\n" not in data:
            if len(data) > _HEAD_BYTES:
                return 413, "text/plain", b"the request's head is too long"
            piece = await reader.read(_PIECE_BYTES)
            if not piece:
                raise EOFError
            data += piece
        head, _, body = data.partition(b"\r\n\r\n")
        data = None
        words = head.split(b"\r\n", 1)[0].split()
        if len(words) != 3 or words[2][:5] != b"HTTP/":
            return 400, "text/plain", b"that is no request"
        fields = head.lower().split(b"\r\n")

        def field(name: bytes) -> bytes:
            for line in fields:
                key, colon, value = line.partition(b":")
                if colon and key == name:
                    return value.strip()
            return b""

        wanted = field(b"content-length") or b"0"
        if not wanted.isdigit() or field(b"transfer-encoding"):
            return 400, "text/plain", b"the length is wanted"
        if len(wanted) > 5 or int(wanted) > _BODY_BYTES:
            return 413, "text/plain", b"too much"
        while len(body) < int(wanted):
            piece = await reader.read(_PIECE_BYTES)
            if not piece:
                raise EOFError
            body += piece
        method, path = words[0].decode(), words[1].decode().split("?")[0]
        body = body[: int(wanted)]
        for _ in range(_TRIES):
            try:
                return self._answer(method, path, field, body)
            except MemoryError:  # what the charger itself is doing comes first
                gc.collect()
            await asyncio.sleep_ms(_ROOM_MS)
        return 503, "text/plain", b"the charger is busy: try again"


async def _send(writer: "StreamWriter", data: bytes) -> None:
    writer.write(data)
    await writer.drain()
