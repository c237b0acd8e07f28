"""Uploads and downloads a file by FTP (RFC 959), binary and passive. Loaded on demand.

The location of an upload is a folder (OCPP 1.6 5.9), of a download the file. Data connections go
to the server's own address whatever its answer says: behind NAT it is wrong, and it could point
anywhere.
"""

from micropython import const

from firmware.on_demand import load

from .transfer import TransferError, decoded, hang_up, split, store

_CHUNK = const(512)
_CONNECT = "firmware.net.connect"
_LINES = const(50)


async def move(url: str, tls: "Callable", path: str, name: str, progress: dict) -> None:
    """Send the file at `path` as `name`, or store it at `path` where `name` is "".

    progress["limit"] bytes at most; progress["count"] grows with each piece. Raises OSError,
    EOFError, ValueError, ChargerError.
    """
    where = split(url)
    target = decoded(where[5])
    if name:
        target = target + name if target[-1:] == "/" else target + "/" + name
    await _transfer(where, ("STOR " if name else "RETR ") + target, path, progress)


async def _transfer(where: tuple, command: str, path: str, progress: dict) -> None:
    _, user, password, host, port, _ = where
    reader, writer = await load(_CONNECT).dial((host, port, None), [])
    data_writer = None
    try:
        await _answer(reader, "2")
        if await _ask(reader, writer, "USER " + (user or "anonymous"), "23") == "3":
            await _ask(reader, writer, "PASS " + (password or "anonymous@"), "2")
        await _ask(reader, writer, "TYPE I", "2")
        data_port = await _passive(reader, writer)
        data_reader, data_writer = await load(_CONNECT).dial((host, data_port, None), [])
        await _ask(reader, writer, command, "1")
        if command[:1] == "S":
            await _send(data_writer, path, progress)
        else:
            await store(data_reader, path, progress)
        hang_up(data_writer, True)
        data_writer = None
        await _answer(reader, "2")
        progress["count"] += 1
        writer.write(b"QUIT\r\n")
        await writer.drain()
    finally:
        if data_writer:
            hang_up(data_writer)
        hang_up(writer, True)


async def _send(writer: "StreamWriter", path: str, progress: dict) -> None:
    with open(path, "rb") as file:
        piece = file.read(_CHUNK)
        while piece:
            writer.write(piece)
            await writer.drain()
            progress["count"] += len(piece)
            piece = file.read(_CHUNK)


async def _passive(reader: "StreamReader", writer: "StreamWriter") -> int:
    """Port of the data connection; PASV where the server does not know EPSV (RFC 2428)."""
    writer.write(b"EPSV\r\n")
    await writer.drain()
    line = await _line(reader)
    if line[:1] == "2":
        return int(line.split("|")[3])
    writer.write(b"PASV\r\n")
    await writer.drain()
    line = await _line(reader)
    numbers = line[line.find("(") + 1 : line.find(")")].split(",")
    if line[:1] != "2" or len(numbers) != 6:
        raise TransferError(line)
    return int(numbers[4]) << 8 | int(numbers[5])


async def _ask(reader: "StreamReader", writer: "StreamWriter", command: str, good: str) -> str:
    writer.write(("%s\r\n" % command).encode())
    await writer.drain()
    return await _answer(reader, good)


async def _answer(reader: "StreamReader", good: str) -> str:
    """First digit of the answer, one of `good`. Raises TransferError."""
    line = await _line(reader)
    if line[:1] not in good:
        raise TransferError(line)
    return line[:1]


async def _line(reader: "StreamReader") -> str:
    """The last line of an answer, which may have several (RFC 959 4.2)."""
    for _ in range(_LINES):
        line = await reader.readline()
        if not line:
            raise EOFError("the server hung up")
        text = line.decode().strip()
        if len(text) < 4 or text[3] == " ":
            if text[:3].isdigit():
                return text
    raise ValueError("too long an answer")
