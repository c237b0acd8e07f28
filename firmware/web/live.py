"""The live connection: a WebSocket (RFC 6455) that is sent the state once a second.

One text a second is made for all who watch. A viewer only listens; the browser's own frames
(ping, close) are answered, anything else ends the connection. Loaded while somebody watches.
"""

import asyncio
from binascii import b2a_base64
from hashlib import sha1

from micropython import const

from firmware.web.public import state

_MOST = const(4)
_SHORT = const(125)  # payload of a control frame, and of a frame with a one-byte length
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def accept(web: "Listener", field: "Callable") -> tuple:
    """The answer to the request for a WebSocket."""
    key = field(b"sec-websocket-key")
    wrong = field(b"upgrade").lower() != b"websocket" or len(key) != 24
    if wrong or field(b"sec-websocket-version") != b"13":
        return web.code.refuse(web, 400, "a WebSocket is wanted here")
    if len(web.viewers) >= _MOST:
        return web.code.refuse(web, 503, "4 are watching already")
    head = (
        b"HTTP/1.1 101 OK\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
    )
    return 101, head + b2a_base64(sha1(key + _GUID).digest())[:-1] + b"\r\n\r\n", watch


async def watch(web: "Listener", reader: "StreamReader", writer: "StreamWriter") -> None:
    """Until the browser leaves, or `tell` finds that it does not keep up."""
    viewer = asyncio.current_task(), writer
    web.viewers.append(viewer)
    try:
        while await _heard(reader, writer):
            pass
    finally:
        web.viewers.remove(viewer)


async def _heard(reader: "StreamReader", writer: "StreamWriter") -> bool:
    """One frame of the browser's; False: the connection is over."""
    first, size = await reader.readexactly(2)
    size ^= 0x80  # every frame of a client is masked
    if size > _SHORT:
        return False
    data = await reader.readexactly(4 + size)
    opcode = first & 15
    if opcode == 9:
        payload = bytes([data[4 + i] ^ data[i % 4] for i in range(size)])
        writer.write(bytes((0x8A, size)) + payload)
    elif opcode == 8:
        writer.write(b"\x88\x00")
    return opcode > 8  # ping and pong


def tell(web: "Listener") -> bool:
    """Send the state to all who watch; called once a second. False: no memory for it."""
    try:
        frame = _frame(state(web.charger).encode())
        for task, writer in web.viewers:
            _give(task, writer, frame)
        return True
    except MemoryError:
        return False


def _frame(data: bytes) -> bytes:
    """An unmasked text frame."""
    size = len(data)
    head = bytes((0x81, size)) if size <= _SHORT else b"\x81\x7e" + size.to_bytes(2, "big")
    return head + data


def _give(task: "Task", writer: "StreamWriter", frame: bytes) -> None:
    """Never waits: who has not taken the last text yet has gone, or cannot keep up."""
    try:
        if _behind(writer):
            task.cancel()
        else:
            writer.write(frame)
    except OSError:
        task.cancel()


def _behind(writer: "StreamWriter") -> bool:
    """MicroPython's stream keeps in `out_buf` what the socket has not taken."""
    transport = getattr(writer, "transport", None)
    if transport:
        return transport.get_write_buffer_size() > 0
    return bool(writer.out_buf)
