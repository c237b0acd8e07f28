"""A scripted server on real sockets: each path of the URL is a script that sends raw bytes."""

import asyncio
import base64
import hashlib
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable
from typing import Self

from websockets.extensions import Extension
from websockets.frames import Frame
from websockets.streams import StreamReader as Buffer

_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
Script = Callable[["Peer"], Awaitable[None]]


class Peer:
    """The server's side of one connection, as a script sees it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.path = ""
        self.waited = False
        self.told = asyncio.Event()  # the client has done its part
        self.finished = asyncio.Event()
        self.ended: bool | None = None  # see `ends`
        self.request: dict[str, str] = {}
        self.seen: list[tuple[int, bytes]] = []  # frames of the client: opcode, payload
        self._buffer = Buffer()
        self._extensions: list[Extension] = []

    async def head(self) -> str:
        """Read the request; its path."""
        lines = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        self.request = dict(line.split(": ", 1) for line in lines[1:] if line)
        return lines[0].split(" ")[1]

    def answer(self, status: str = "101 Switching Protocols", extra: str = "") -> bytes:
        """The good answer to the request."""
        key = self.request["Sec-WebSocket-Key"] + _GUID
        accept = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
        return (
            f"HTTP/1.1 {status}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Protocol: ocpp1.6\r\n{extra}\r\n"
        ).encode()

    def send(self, data: bytes | str) -> None:
        """Raw bytes, or hex."""
        self.writer.write(bytes.fromhex(data) if isinstance(data, str) else data)

    async def frame(self) -> Frame:
        """The next frame of the client, which must be masked and well-formed."""
        parsing = Frame.parse(self._buffer.read_exact, mask=True, max_size=1 << 24)
        while True:
            try:
                next(parsing)
            except StopIteration as done:
                self.seen.append((int(done.value.opcode), bytes(done.value.data)))
                return done.value
            data = await self.reader.read(65536)
            if not data:
                raise EOFError
            self._buffer.feed_data(data)

    async def ends(self, limit_s: float = 3) -> None:
        """Note whether the client closes its socket within the time."""
        try:
            async with asyncio.timeout(limit_s):
                while await self.reader.read(65536):
                    pass
            self.ended = True
        except OSError as error:
            self.ended = not isinstance(error, TimeoutError)

    async def until_end(self) -> None:
        """Collect frames until the client's close frame or the end of TCP."""
        while (await self.frame()).opcode != 8:
            pass


class ThreadedServer:
    """An asyncio server in a thread of its own; subclasses have `_start() -> port`."""

    def __init__(self) -> None:
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self.port = asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _start(self) -> int:
        raise NotImplementedError

    async def _end(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class RawServer(ThreadedServer):
    """Runs scripts; `peers[path]` are the connections they had."""

    def __init__(
        self,
        scripts: dict[str, Script],
        context: ssl.SSLContext | None = None,
        narrow: bool = False,
    ) -> None:
        super().__init__()
        self._narrow = narrow  # whoever sends to it has to wait soon
        self._scripts = scripts
        self._context = context
        self.peers: dict[str, list[Peer]] = {}

    async def _start(self) -> int:
        listener = socket.socket()
        if self._narrow:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        listener.bind(("127.0.0.1", 0))
        server = await asyncio.start_server(
            self._serve, sock=listener, ssl=self._context, limit=1 << 16
        )
        return server.sockets[0].getsockname()[1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = Peer(reader, writer)
        try:
            path, _, query = (await peer.head()).partition("?")
            if query == "told":
                for first in self.peers.get(path, []):
                    first.told.set()
                    await first.finished.wait()
                return
            peer.path = path
            self.peers.setdefault(path, []).append(peer)
            await self._scripts[path](peer)
        except (EOFError, OSError):
            pass
        finally:
            peer.finished.set()
            writer.close()
