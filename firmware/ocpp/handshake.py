"""The opening handshake of WebSocket (RFC 6455 section 4), client side, without a socket.

Makes the request, checks the answer. net/websocket_client.py calls it.
"""

from binascii import b2a_base64
from hashlib import sha1

from micropython import const

from firmware.errors import ChargerError

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_MAX_HEAD = const(4096)  # bytes of all headers together
_MAX_LINE = const(1024)
_MAX_LINES = const(64)


class HandshakeError(ChargerError):
    """The URL is wrong, or the server did not agree to talk WebSocket with us."""


def split_url(url: str) -> tuple:
    """(secure, host, port, path) of a ws:// or wss:// URL. Raises HandshakeError."""
    scheme, _, rest = url.partition("://")
    scheme = scheme.lower()
    if scheme not in ("ws", "wss"):
        raise HandshakeError("the URL must begin with ws:// or wss://")
    for char in rest:
        if not "!" <= char <= "~" or char == "#":  # no fragments: section 3
            raise HandshakeError("the URL holds %r: percent-encode it" % char)
    host, slash, path = rest.partition("/")
    host, query, more = host.partition("?")
    path = "/" + query + more + slash + path if query else "/" + path
    if "@" in host:
        raise HandshakeError("user and password do not belong in the URL: use their settings")
    colon = host.rfind(":")
    port = 443 if scheme == "wss" else 80
    if colon > host.rfind("]"):
        port = host[colon + 1 :]
        port = int(port) if port.isdigit() else 0
        host = host[:colon]
    bare = host[1:-1] if host[:1] == "[" and host[-1:] == "]" else host  # IPv6
    if not bare or "[" in bare or "]" in bare or (":" in bare) != (bare != host):
        port = 0
    if not 0 < port < 65536:
        raise HandshakeError("the URL's host or port is wrong")
    return scheme == "wss", bare.lower(), port, path


def request(
    host: str,
    port: int,
    secure: bool,
    path: str,
    key: str,
    protocols: tuple,
    auth: tuple | None,
    extra: tuple = (),
) -> bytes:
    """The GET request. `auth`: (user, password) or None; `extra`: more header lines.

    Raises HandshakeError for a user name that Basic authentication cannot carry.
    """
    name = "[%s]" % host if ":" in host else host
    if port != (443 if secure else 80):
        name += ":%d" % port
    lines = [
        "GET %s HTTP/1.1\r\nHost: %s" % (path, name),
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: " + key,
    ]
    if protocols:
        lines.append("Sec-WebSocket-Protocol: " + ", ".join(protocols))
    if auth:
        if ":" in auth[0]:  # RFC 7617 2
            raise HandshakeError("the user name holds a colon")
        lines.append("Authorization: Basic " + _base64((auth[0] + ":" + auth[1]).encode()))
    lines.extend(extra)
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def new_key(random: bytes) -> str:
    """Sec-WebSocket-Key of 16 random bytes."""
    return _base64(random)


def _base64(data: bytes) -> str:
    return b2a_base64(data)[:-1].decode()


class Response:
    """Call `feed` until `done`; `leftover` then is the beginning of the frames."""

    def __init__(self, key: str, protocols: tuple, require_protocol: bool = True) -> None:
        self.done = False
        self.leftover = b""
        self._accept = _base64(sha1(key.encode() + _GUID).digest()).encode()
        self._protocols = protocols
        self._required = require_protocol

    def feed(self, data: bytes) -> None:
        """Take bytes as they come. Raises HandshakeError."""
        data = self.leftover + data
        self.leftover = data
        end = data.find(b"\r\n\r\n")
        lines = data[: end if end >= 0 else len(data)].split(b"\r\n")
        longest = max(len(line) for line in lines)
        if len(lines) > _MAX_LINES or longest > _MAX_LINE or end < 0 and len(data) > _MAX_HEAD:
            raise HandshakeError("the answer's headers are too long")
        if end >= 0:
            self._check(lines)
            self.leftover = data[end + 4 :]
            self.done = True

    def _check(self, lines: list) -> None:
        words = lines[0].split(None, 2)
        if len(words) < 2 or words[0] != b"HTTP/1.1" or not words[1].isdigit():
            raise HandshakeError("the answer is not HTTP/1.1")
        if words[1] != b"101":
            hint = " (password wrong?)" if words[1] == b"401" else ""
            raise HandshakeError("the server answered %s%s" % (words[1].decode(), hint))
        headers = {}
        for line in lines[1:]:
            name, colon, value = line.partition(b":")
            if not colon or name.strip() != name:
                raise HandshakeError("malformed header")
            name = name.lower()
            value = value.strip()
            headers[name] = headers[name] + b"," + value if name in headers else value
        wrong = ""
        if not _names(headers, b"upgrade", b"websocket"):
            wrong = "Upgrade"
        elif not _names(headers, b"connection", b"upgrade"):
            wrong = "Connection"
        elif headers.get(b"sec-websocket-accept") != self._accept:
            wrong = "Sec-WebSocket-Accept"
        elif headers.get(b"sec-websocket-extensions"):
            wrong = "Sec-WebSocket-Extensions"
        else:
            chosen = headers.get(b"sec-websocket-protocol")
            offered = [protocol.encode() for protocol in self._protocols]
            if chosen not in offered and (chosen is not None or self._required and offered):
                wrong = "Sec-WebSocket-Protocol"
        if wrong:
            raise HandshakeError("wrong or missing %s in the answer" % wrong)


def _names(headers: dict, name: bytes, token: bytes) -> bool:
    return token in [t.strip().lower() for t in headers.get(name, b"").split(b",")]
