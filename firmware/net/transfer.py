"""What transfers by HTTP and FTP share: the URL, the file, closing. Loaded on demand."""

from micropython import const

from firmware.errors import ChargerError

_CHUNK = const(512)

_PORTS = {"ftp": 21, "http": 80, "https": 443}


class TransferError(ChargerError):
    """The server does not do it; the text says why."""


def split(url: str) -> "tuple[str, str, str, str, int, str]":
    """(scheme, user, password, host, port, path with query); ValueError when it is no such URL.

    User and password are decoded, the path is as it came and begins with "/".
    """
    scheme, found, rest = url.partition("://")
    scheme = scheme.lower()
    if not found or scheme not in _PORTS:
        raise ValueError("ftp, http or https wanted")
    authority, slash, path = rest.partition("/")
    who, at, where = authority.rpartition("@")
    user, _, password = who.partition(":")
    host, colon, port = where.rpartition(":")
    if not colon:
        host, port = port, str(_PORTS[scheme])
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError("host or port is wrong")
    return scheme, decoded(user), decoded(password), host, int(port), "/" + path


def decoded(text: str) -> str:
    """Percent-decoded; ValueError for what would break a line of a protocol."""
    if "%" not in text:
        return text
    parts = text.split("%")
    data = parts[0].encode()
    for part in parts[1:]:
        code = int(part[:2], 16)
        if len(part) < 2 or code < 32 or code == 127:
            raise ValueError("wrong escape in the URL")
        data += bytes([code]) + part[2:].encode()
    return data.decode()


def hang_up(writer: "StreamWriter", flush: bool = False) -> None:
    """Close the socket; `flush`: what was written still goes out."""
    if hasattr(writer, "transport"):
        if flush:
            writer.close()
        else:
            writer.transport.abort()
    else:  # MicroPython's stream has sent all when `drain` returns
        writer.s.close()


async def store(reader: "StreamReader", path: str, progress: dict) -> int:
    """Write what comes into the file, to the end; how much it was."""
    got = 0
    with open(path, "wb") as file:
        data = await reader.read(_CHUNK)
        while data:
            got += len(data)
            if got > progress["limit"]:
                raise TransferError("the file is too long")
            file.write(data)
            progress["count"] += len(data)
            data = await reader.read(_CHUNK)
    return got
