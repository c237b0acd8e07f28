"""Uploads and downloads a file by HTTP or HTTPS (RFC 9110). Loaded on demand.

HTTP/1.0 with Host, so that no answer comes in chunks; one request a connection. An upload is a
PUT, or a POST where the server does not take that. A URL that ends with "/" is a folder.
"""

from binascii import b2a_base64

from micropython import const

from firmware.on_demand import load

from .transfer import TransferError, hang_up, split, store

_CHUNK = const(512)
_CONNECT = "firmware.net.connect"
_LINE = const(1024)
_HEADERS = const(64)
_REDIRECTS = const(3)
_MOVED = (301, 302, 303, 307, 308)
_NO_PUT = (405, 501)


async def move(url: str, tls: "Callable", path: str, name: str, progress: dict) -> None:
    """Send the file at `path` as `name`, or store it at `path` where `name` is "".

    progress["limit"] bytes at most; progress["count"] grows with each piece. Raises OSError,
    EOFError, ValueError, ChargerError.
    """
    where = split(url)
    context = tls() if where[0] == "https" else None
    if not name:
        await _download(where, context, path, progress)
        return
    if where[5][-1:] == "/":
        where = where[:5] + (where[5] + name,)
    status = await _send(where, context, path, "PUT", progress)
    if status in _NO_PUT:
        status = await _send(where, context, path, "POST", progress)
    if not 200 <= status < 300:
        raise TransferError("the server answers %d" % status)


async def _download(where: tuple, tls: "SSLContext | None", path: str, progress: dict) -> None:
    for _ in range(_REDIRECTS):
        target = await _get(where, tls, path, progress)
        if not target:
            return
        if target[:1] == "/":
            where = where[:5] + (target,)
        else:
            where = split(target)
            if where[0] == "ftp" or (where[0] == "https") != (tls is not None):
                raise TransferError("redirected to another protocol")
    raise TransferError("redirected too often")


async def _send(
    where: tuple, tls: "SSLContext | None", path: str, method: str, progress: dict
) -> int:
    reader, writer = await load(_CONNECT).dial((where[3], where[4], tls), [])
    try:
        length = "Content-Length: %d\r\nContent-Type: text/plain\r\n" % progress["limit"]
        writer.write(_request(method, where, length))
        await writer.drain()
        with open(path, "rb") as file:
            piece = file.read(_CHUNK)
            while piece:
                writer.write(piece)
                await writer.drain()
                progress["count"] += len(piece)
                piece = file.read(_CHUNK)
        return (await _head(reader))[0]
    finally:
        hang_up(writer)


async def _get(where: tuple, tls: "SSLContext | None", path: str, progress: dict) -> str:
    """Where it has moved to, "" when it is stored."""
    reader, writer = await load(_CONNECT).dial((where[3], where[4], tls), [])
    try:
        writer.write(_request("GET", where, ""))
        await writer.drain()
        status, length, target = await _head(reader)
        if status in _MOVED and target:
            return target
        if status != 200:
            raise TransferError("the server answers %d" % status)
        if length > progress["limit"]:
            raise TransferError("%d bytes are too many, %d fit" % (length, progress["limit"]))
        got = await store(reader, path, progress)
        if got < length:
            raise EOFError("%d of %d bytes came" % (got, length))
        return ""
    finally:
        hang_up(writer)


def _request(method: str, where: tuple, more: str) -> bytes:
    _, user, password, host, port, path = where
    if user:
        token = b2a_base64(("%s:%s" % (user, password)).encode()).strip().decode()
        more += "Authorization: Basic " + token + "\r\n"
    text = "%s %s HTTP/1.0\r\nHost: %s:%d\r\n%s\r\n" % (method, path, host, port, more)
    return text.encode()


async def _head(reader: "StreamReader") -> "tuple[int, int, str]":
    """(status, Content-Length or 0, Location) of an answer."""
    line = await _line(reader)
    if line[:5] != b"HTTP/":
        raise ValueError("no HTTP")
    status = int(line.split(None, 2)[1])
    length = 0
    target = ""
    for _ in range(_HEADERS):
        line = (await _line(reader)).strip()
        if not line:
            return status, length, target
        name, _, value = line.partition(b":")
        name = name.lower()
        if name == b"content-length":
            length = int(value)
        elif name == b"location":
            target = value.strip().decode()
    raise ValueError("too many header lines")


async def _line(reader: "StreamReader") -> bytes:
    line = await reader.readline()
    if not line:
        raise EOFError("the server hung up")
    if len(line) > _LINE:
        raise ValueError("a header line is too long")
    return line
