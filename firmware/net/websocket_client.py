"""A WebSocket client over asyncio: RFC 6455 whole, ws:// and wss://, on MicroPython and CPython.

It does not reconnect: services/central_system.py calls `connect` again after a pause.

One task of its own reads the socket, answers pings and hands a message over when `receive` asks
for it; a second one keeps the time. Whatever takes too long ends by dropping the connection, so
nothing here can hang. MicroPython's Stream loses data or hangs when two tasks use it, or when a
task that uses it is cancelled: there only the reading task touches the event loop's poller, and
writing is done by trying again. Callers may be cancelled at any await.
"""

import asyncio
import gc
import os
import sys
import time

from micropython import const

from firmware.errors import ChargerError
from firmware.ocpp import frames
from firmware.on_demand import load

_MICROPYTHON = sys.implementation.name == "micropython"
_STEP_MS = const(250)  # of the time-keeping task
_RETRY_MS = const(5)  # of a write that found the socket's buffer full
_LINGER_MS = const(5000)  # for the other side to end TCP after the closing handshake
_PONG = "waiting for a pong"
_ABNORMAL = const(1006)  # no close frame came (section 7.1.5)


class WebSocketError(ChargerError):
    """No connection could be made; the text says why."""


class ConnectionClosed(WebSocketError):
    """The connection is over. 1006: it broke; else `code` of the close frame (1005: had none)."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__("closed with %d %s" % (code, reason))
        self.code = code
        self.reason = reason


class WebSocketClient:
    """One connection at a time, used as often as one likes."""

    def __init__(
        self,
        max_message: int = 8192,
        ping_interval_s: int = 0,
        timeout_s: int = 30,
        log: "Log | None" = None,
    ) -> None:
        self.ping_interval_s = ping_interval_s  # may be changed at any time; 0 = off
        self.name_server = ""
        self.rtt_ms = -1  # of the last ping
        self.closed = True  # nothing can be sent; received messages may still be fetched
        self._max = max_message
        self._chunk = max(64, min(max_message >> 5, 16384))  # 256 bytes of 8 kB
        self._limit_ms = timeout_s * 1000
        self._log = log
        self._code = _ABNORMAL  # 0 while the connection lives
        self._reason = "not connected"
        self._known = []  # addresses, see dial()
        self._task = None
        self._writer = None
        self._lock = None  # round one frame
        self._changed = asyncio.Event()  # something below did; wakes whoever waits here
        self._pending = {}  # what must come to an end -> ms left for it
        self._wanted = False  # receive() is waiting
        self._item = None  # the message it gets
        self._ping = b""
        self._ping_ms = 0

    async def connect(
        self,
        url: str,
        protocols: tuple = ("ocpp1.6",),
        user: str = "",
        password: str = "",
        tls: "SSLContext | None" = None,
        require_protocol: bool = True,
    ) -> None:
        """Open a connection (an old one is dropped). `tls`: from net.tls, needed for wss://.

        Raises WebSocketError with a readable cause for whatever may go wrong.
        """
        self.abort()
        dial = load("firmware.net.dial")  # free again once the connection stands; see _run
        auth = (user, password) if user or password else None
        random = os.urandom(16)
        try:
            where, hello, answer = dial.prepare(
                url, protocols, auth, tls, require_protocol, random
            )
        except ChargerError as error:
            raise WebSocketError(str(error))
        if where[2] and not where[2].verify_mode and self._log:
            self._log.warn("ws", "insecure: the server's certificate is not checked")
        gc.collect()  # TLS and the message buffers want large pieces
        self._code = 0
        self._lock = asyncio.Lock()
        self._pending = {"connecting": self._limit_ms}
        self._wanted = False
        self._item = None
        self._task = asyncio.create_task(self._run(dial.dial, where, hello, answer))
        asyncio.create_task(self._watch(self._task))
        try:
            while self.closed and self._task:
                await self._change()
        finally:
            if self.closed:  # failed, or our caller was cancelled
                self.abort()
                self._known.clear()
        if self.closed:
            raise WebSocketError(self._reason)

    async def receive(self) -> tuple:
        """The next message: (is_text, str or bytes). Raises ConnectionClosed.

        For one task, which should be back here within the time limit: the message after the next
        one, and the pongs behind it, are not read before.
        """
        while self._item is None:
            if self.closed:
                raise ConnectionClosed(self._code, self._reason)
            self._wanted = True
            self._changed.set()
            await self._change()
        item = self._item
        self._item = None
        return item

    async def send(self, message: "str | bytes | list[str]") -> None:
        """Send one message, text or binary, as one frame. Raises ConnectionClosed.

        A text that may be too long for one piece of memory comes as a list of texts.
        """
        if isinstance(message, list):
            await self._write(frames.encode_parts(frames.TEXT, message, os.urandom(4)))
        elif isinstance(message, str):
            await self._send(frames.TEXT, message.encode())
        else:
            await self._send(frames.BINARY, message)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Closing handshake, as far as the other side joins in; then the socket is closed."""
        if not self.closed:
            self._end(code, reason)
            try:
                await self._write(frames.encode_close(code, reason, os.urandom(4)))
            except ConnectionClosed:
                pass
        while self._task:
            await self._change()

    def abort(self) -> None:
        """Close the socket now, without a word to the other side. Callable at any time."""
        self._drop("aborted")

    # --- the reading task ---

    async def _run(self, dial: "Callable", where: tuple, hello: bytes, answer: "Response") -> None:
        try:
            reader, self._writer = await dial(where, self._known, self.name_server)
            await self._write(hello)
            while not answer.done:
                answer.feed(await _read(reader, self._chunk))
            data = answer.leftover
            dial = hello = answer = None  # or they and their code stay in memory
            self._pending.clear()
            self.closed = False
            self._changed.set()
            await self._pump(reader, data)
            reason = ""  # the closing handshake told it
        except (OSError, EOFError, ValueError, MemoryError, ChargerError) as error:
            reason = self._explain(error)
        self._task = None
        self._drop(reason)

    def _explain(self, error: Exception) -> str:
        if isinstance(error, ChargerError):
            return str(error)
        text = "%s %s" % (type(error).__name__, str(error).strip())
        if "connecting" in self._pending and not isinstance(error, ValueError):
            # With TLS 1.3 a refused client certificate shows itself only after the handshake.
            text += " (before any answer: client certificate or password refused?)"
        return text

    async def _pump(self, reader: "asyncio.StreamReader", data: bytes) -> None:
        parser = frames.FrameParser(self._max)
        parser.feed(data)
        try:
            while True:
                event = parser.next_event()
                if event is None:
                    parser.feed(await _read(reader, self._chunk))
                elif event[0] == "close":
                    code, reason = event[1:]
                    break
                else:
                    await self._take(event[0], event[1])
        except frames.FrameError as error:
            code = error.code
            reason = str(error)
        await self._turn()  # first the messages that came before it are dealt with
        if not self.closed:
            self._end(code, reason)
            await self._write(frames.encode_close(code, "", os.urandom(4)))
        # The server is to end TCP (section 7.1.1); hanging up first could eat our close frame.
        while await reader.read(self._chunk):
            pass

    async def _take(self, kind: str, data: bytes) -> None:
        if kind == "ping":
            if not self.closed:
                await self._write(frames.encode(frames.PONG, data, os.urandom(4)))
        elif kind == "pong":
            if data == self._ping and self._pending.pop(_PONG, None):
                self.rtt_ms = time.ticks_diff(time.ticks_ms(), self._ping_ms)
        else:
            await self._turn()
            if not self.closed:
                self._wanted = False
                self._item = (kind == "text", data)
                self._changed.set()

    async def _turn(self) -> None:
        """Wait until receive() asks for more, which also holds back a sender that is too fast."""
        while not self._wanted and not self.closed:
            await self._change()

    # --- sending ---

    async def _send(self, opcode: int, payload: bytes) -> None:
        if self.closed:
            raise ConnectionClosed(self._code, self._reason)
        await self._write(frames.encode(opcode, payload, os.urandom(4)))

    async def _write(self, data: "bytes | Iterator") -> None:
        async with self._lock:
            writer = self._writer
            pending = self._pending
            if writer:
                pending["sending"] = self._limit_ms
                reason = "a frame was cut short"  # by a caller that was cancelled
                try:
                    if isinstance(data, (bytes, bytearray)):
                        await self._push(writer, data)
                    else:
                        for piece in data:
                            await self._push(writer, piece)
                    reason = ""
                except (OSError, ValueError) as error:
                    reason = self._explain(error)
                finally:
                    pending.pop("sending", None)
                    if reason and self._writer is writer:
                        self._drop(reason)
            if not writer or self._writer is not writer:
                raise ConnectionClosed(self._code, self._reason)

    async def _push(self, writer: "asyncio.StreamWriter", data: bytes) -> None:
        if not _MICROPYTHON:
            writer.write(data)
            await writer.drain()
            return
        at = 0
        while at < len(data) and self._writer is writer:
            count = writer.s.write(memoryview(data)[at:] if at else data)
            if count:
                at += count
            else:
                await asyncio.sleep_ms(_RETRY_MS)
        await asyncio.sleep_ms(0)  # a loop of sends must not starve the others

    async def _send_ping(self) -> None:
        self._ping = os.urandom(4)
        self._ping_ms = time.ticks_ms()
        try:
            await self._send(frames.PING, self._ping)
        except ConnectionClosed:
            pass

    # --- time and the end ---

    async def _watch(self, task: "asyncio.Task") -> None:
        idle_ms = 0
        while True:
            await asyncio.sleep_ms(_STEP_MS)
            if self._task is not task:
                return
            for what in self._pending:
                self._pending[what] -= _STEP_MS
                if self._pending[what] <= 0:
                    if "connecting" in self._pending:
                        what = "connecting"  # which sends, too
                    self._drop("time-out: " + what)
                    return
            idle_ms += _STEP_MS
            if not self.closed and 0 < self.ping_interval_s * 1000 <= idle_ms:
                idle_ms = 0
                if _PONG not in self._pending:
                    self._pending[_PONG] = self._limit_ms
                    # Not awaited: a write may block, and nobody watches this task.
                    asyncio.create_task(self._send_ping())

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()

    def _end(self, code: int, reason: str) -> None:
        """From now on nothing is sent or delivered; the socket has a few seconds left."""
        if not self.closed:
            self._code = code
            self._reason = reason
            self.closed = True
        self._pending.pop(_PONG, None)
        self._pending["closing"] = min(_LINGER_MS, self._limit_ms)
        self._changed.set()

    def _drop(self, reason: str) -> None:
        """Close the socket; whoever waits for something gets to know."""
        if not self._code:
            self._code = _ABNORMAL
            self._reason = reason
        self.closed = True
        self._pending.clear()
        task = self._task
        self._task = None
        writer = self._writer
        self._writer = None
        if task:
            try:
                task.cancel()  # before the socket goes: this takes it out of the poller
            except RuntimeError:
                pass  # MicroPython: a task cannot cancel itself; it is about to end anyway
        if writer:
            if _MICROPYTHON:
                writer.s.close()
            else:
                writer.transport.abort()
        self._changed.set()


async def _read(reader: "asyncio.StreamReader", size: int) -> bytes:
    data = await reader.read(size)
    if not data:
        raise EOFError("the other side hung up")
    return data
