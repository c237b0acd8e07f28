"""The opening handshake of WebSocket (RFC 6455 section 4), client side, without a socket.

Makes the request, checks the answer. net/websocket_client.py calls it.
"""

from binascii import b2a_base64
from hashlib import sha1

from micropython import const

from firmware.errors import ChargerError

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_MAX_LINE = const(1024)
_MAX_HEADERS = const(50)


class HandshakeError(ChargerError):
    """The URL is wrong, or the server did not agree to talk WebSocket with us."""


def split_url(url: str) -> tuple:
    """(secure, host, port, path) of a ws:// or wss:// URL. Raises HandshakeError."""
    scheme, found, rest = url.partition("://")
    secure = scheme.lower() == "wss"
    if not found or not (secure or scheme.lower() == "ws"):
        raise HandshakeError("the URL must begin with ws:// or wss://")
    for char in rest:
        if not "!" <= char <= "~" or char in '#"<>\\':
            raise HandshakeError("the URL holds %r: percent-encode it" % char)
    cut = min(i for i in (rest.find("/"), rest.find("?"), len(rest)) if i >= 0)
    authority = rest[:cut]
    path = rest[cut:]
    if "@" in authority:
        raise HandshakeError("user and password do not belong in the URL: use their settings")
    if authority.startswith("["):
        host, found, port = authority[1:].partition("]")
        wrong = not found or port[:1] not in ("", ":") or ":" not in host
        port = port[1:]
    else:
        host, _, port = authority.partition(":")
        wrong = ":" in port
    number = int(port) if port and port.isdigit() else 443 if secure else 80
    if wrong or not host or (port and not port.isdigit()) or not 0 < number < 65536:
        raise HandshakeError("the URL's host or port is wrong")
    return secure, host.lower(), number, path if path.startswith("/") else "/" + path


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

    Raises HandshakeError where a value would break out of its line.
    """
    name = "[%s]" % host if ":" in host else host
    if port != (443 if secure else 80):
        name += ":%d" % port
    lines = [
        "GET %s HTTP/1.1" % path,
        "Host: " + name,
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: " + key,
        "Sec-WebSocket-Version: 13",
    ]
    if protocols:
        lines.append("Sec-WebSocket-Protocol: " + ", ".join(protocols))
    if auth:
        if ":" in auth[0]:  # RFC 7617 2
            raise HandshakeError("the user name holds a colon")
        secret = b2a_base64((auth[0] + ":" + auth[1]).encode())[:-1]
        lines.append("Authorization: Basic " + secret.decode())
    lines.extend(extra)
    for line in lines:
        if "\r" in line or "\n" in line:
            raise HandshakeError("line break in the request")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def accept(key: str) -> bytes:
    """What a server answers to Sec-WebSocket-Key (section 4.2.2)."""
    return b2a_base64(sha1(key.encode() + _GUID).digest())[:-1]


class Response:
    """Call `feed` until `done`; then `protocol` is the chosen one and `leftover` begins the frames."""

    def __init__(self, key: str, protocols: tuple, require_protocol: bool = True) -> None:
        self.done = False
        self.protocol = ""
        self.leftover = b""
        self._accept = accept(key)
        self._protocols = protocols
        self._required = require_protocol
        self._line = b""
        self._lines = 0
        self._seen = {}  # the headers that matter

    def feed(self, data: bytes) -> None:
        """Take bytes as they come. Raises HandshakeError as soon as something is wrong."""
        data = self._line + data
        start = 0
        while not self.done:
            end = data.find(b"\n", start)
            if (len(data) if end < 0 else end) - start > _MAX_LINE:
                raise HandshakeError("header line too long")
            if end < 0:
                self._line = data[start:]
                return
            line = data[start:end]
            start = end + 1
            self._take(line[:-1] if line.endswith(b"\r") else line)
        self.leftover = data[start:]

    def _take(self, line: bytes) -> None:
        self._lines += 1
        if self._lines == 1:
            _check_status(line)
        elif not line:
            self._check_headers()
            self.done = True
        elif self._lines > _MAX_HEADERS:
            raise HandshakeError("too many headers")
        else:
            name, colon, value = line.partition(b":")
            if not colon or not name or name.strip() != name:
                raise HandshakeError("malformed header")
            name = name.lower()
            if name in (b"upgrade", b"connection") or name.startswith(b"sec-websocket-"):
                before = self._seen.get(name)
                value = value.strip()
                self._seen[name] = value if before is None else before + b"," + value

    def _check_headers(self) -> None:
        seen = self._seen.get
        if b"websocket" not in _tokens(seen(b"upgrade")):
            raise HandshakeError("no Upgrade: websocket in the answer")
        if b"upgrade" not in _tokens(seen(b"connection")):
            raise HandshakeError("no Connection: Upgrade in the answer")
        if seen(b"sec-websocket-accept") != self._accept:
            raise HandshakeError("wrong Sec-WebSocket-Accept")
        if seen(b"sec-websocket-extensions"):
            raise HandshakeError("the server wants an extension that was not offered")
        chosen = seen(b"sec-websocket-protocol")
        if chosen is None:
            if self._required and self._protocols:
                raise HandshakeError("the server does not speak " + " or ".join(self._protocols))
            return
        for protocol in self._protocols:
            if chosen == protocol.encode():
                self.protocol = protocol
                return
        raise HandshakeError("the server chose a sub-protocol that was not offered")


def _check_status(line: bytes) -> None:
    words = line.split(None, 2)
    if len(words) < 2 or words[0] != b"HTTP/1.1" or len(words[1]) != 3 or not words[1].isdigit():
        raise HandshakeError("the answer is not HTTP/1.1")
    if words[1] != b"101":
        status = words[1].decode()
        hint = " (user or password wrong?)" if status in ("401", "403") else ""
        raise HandshakeError("the server answered %s%s" % (status, hint))


def _tokens(value: bytes | None) -> list:
    return [token.strip().lower() for token in (value or b"").split(b",")]
