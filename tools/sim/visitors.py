"""Browsers of the bench: one HTTP request each to the firmware's own server, in virtual time."""

import gzip
import socket
from dataclasses import dataclass, field

from tools.ports import free_port

_MOST = 65536


@dataclass
class Response:
    """What the server answered; `status` 0: nothing, it closed the connection."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class Visitor:
    """One connection: sends its bytes as they fit, reads until the server closes."""

    def __init__(self, port: int, data: bytes) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=5)
        self._socket.setblocking(False)
        self._to_send = bytearray(data)
        self.received = bytearray()
        self.over = False
        self._new = True

    def send(self, data: bytes) -> None:
        """More bytes, when it suits."""
        self._to_send += data

    def service(self) -> bool:
        """Send and read what can be; True when the firmware has something to look at."""
        busy, self._new = self._new, False
        try:
            if self._to_send and not self.over:
                del self._to_send[: self._socket.send(self._to_send)]
                busy = True
            while not self.over:
                data = self._socket.recv(_MOST)
                self.received += data
                busy, self.over = True, not data
        except BlockingIOError:
            pass
        except OSError:
            self.over = busy = True
        return busy

    def close(self) -> None:
        """Hang up."""
        self.over = True
        self._socket.close()

    def response(self) -> Response:
        """What has come, taken apart; EOFError: a gzipped body is not whole."""
        head, _, body = bytes(self.received).partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        if not lines[0].startswith("HTTP/"):
            return Response()
        headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:])}
        if headers.get("content-encoding") == "gzip" and self.over:
            body = gzip.decompress(body)
        return Response(int(lines[0].split()[1]), headers, body)


class Visitors:
    """All of them, and the port where the firmware listens."""

    def __init__(self) -> None:
        self.ports: dict[int, int] = {}  # the firmware's port -> on 127.0.0.1
        self._open: list[Visitor] = []

    def listening(self, port: int) -> int:
        """Where on 127.0.0.1 the firmware is to listen: always the same free port."""
        if port not in self.ports:
            self.ports[port] = free_port()
        return self.ports[port]

    def visit(self, port: int, data: bytes) -> Visitor:
        """Connect and begin to send. OSError: nobody listens."""
        if port not in self.ports:
            raise ConnectionRefusedError(f"nobody has listened on port {port}")
        visitor = Visitor(self.ports[port], data)
        self._open.append(visitor)
        return visitor

    def service(self) -> bool:
        """Serve them all; True when the firmware has something to look at."""
        busy = False
        for visitor in list(self._open):
            busy |= visitor.service()
            if visitor.over:
                visitor.close()
                self._open.remove(visitor)
        return busy

    def shut_down(self) -> None:
        """Hang up on everybody."""
        for visitor in self._open:
            visitor.close()
        self._open = []


def request(
    method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
) -> bytes:
    """The bytes of a request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 192.168.4.1"]
    lines += [f"{key}: {value}" for key, value in (headers or {}).items()]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body
