"""The link to the central system: connect, register, deliver, answer, reconnect; for ever.

One connection at a time. `run` makes it and sends (the pump); one reader task a connection answers
the server's requests at once, also while our own CALL waits, and takes the answers to ours; a
ticker wakes the pump once a second, so that every wait is bounded without `wait_for`.

Order. A transaction message waits in the outbox on flash, anything else (`send`) in a short queue
in RAM that lives no longer than the connection. Each message of the queue remembers the newest
outbox record of its moment and goes when that is delivered, so both leave in the order in which
they were made. Where the outbox backs off after a failure, the queue does not wait for it. What
somebody waits for (a tag, the server's trigger, the statuses after a connection) goes at once:
behind it there may be the messages of a thousand offline sessions.
"""

import asyncio
import gc

from micropython import const

from firmware.errors import ChargerError
from firmware.ocpp import rpc
from firmware.ocpp.errors import OcppError
from firmware.on_demand import load

_TICK_MS = const(1000)
_HANDSHAKE_MS = const(1000)  # longer than usual the control loop may stand still meanwhile
_ROOM_MS = const(200)  # so long it takes at most until a transfer has left the memory
_QUEUE = const(16)  # messages that wait
_QUEUE_CHARACTERS = const(2048)  # and all of them together: a slow server must not fill the heap
_RETRY_BOOT_S = const(60)  # where the answer's interval is 0 or missing (OCPP 1.6 4.2)
_MAX_BACKOFF_S = const(60)
_STABLE_S = const(60)  # a connection that lived this long resets the back-off
_MAX_TIMEOUTS = const(2)  # CALLs in a row without an answer, then the line counts as dead
_BOOT = "BootNotification"
_REGISTRATION = "firmware.services.registration"

# All that a broken line, a full heap, full flash or a hostile message may raise.
_SURVIVED = (
    ChargerError,
    OSError,
    EOFError,
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    ArithmeticError,
    RuntimeError,
    MemoryError,
)

# What is queued or waits for its answer is a tuple. AFTER: the outbox record that must have gone
# first. SEQ and TXN: the message's own record and local transaction, 0 for what is not recorded.
_ACTION = const(0)
_PAYLOAD = const(1)
_ON_ANSWER = const(2)
_AFTER = const(3)
_SEQ = const(4)
_TXN = const(5)


def _size(message: tuple) -> int:
    """Characters of its payload, which is a text or its pieces."""
    payload = message[_PAYLOAD]
    return len(payload) if isinstance(payload, str) else sum(map(len, payload))


class CentralSystem:
    """`client_factory()` makes a WebSocketClient; `tls()`, for wss://, its TLS context."""

    def __init__(
        self,
        settings: "Settings",
        keys: "Keys",
        clock: "Clock",
        outbox: "Outbox",
        station: "Station",
        client_factory: "Callable",
        log: "Log",
        random_bytes: "Callable",
        tls: "Callable | None" = None,
    ) -> None:
        self.online = False  # registration is Accepted on the present connection
        self._settings = settings
        self._keys = keys
        self._clock = clock
        self._outbox = outbox
        self._station = station
        self._client_factory = client_factory
        self._log = log
        self._random_bytes = random_bytes
        self.tls = tls
        self._wake = asyncio.Event()
        self._client = None
        self._rpc = None
        self._queue = []
        self._waiting = None  # the message whose answer is outstanding
        self._broken = False  # the reader has ended
        self._timeouts = 0
        self._registered = False  # ever Accepted since power-up
        self._pending = False  # registration is Pending: only what is triggered may be sent
        self._triggering = False  # a TriggerMessage is being handled
        self._urgent = False  # what is sent now waits for no record
        self._boot_due_s = -1  # uptime of the next BootNotification, -1: at the next connection
        self._boot_interval_s = 0  # of the last Accepted answer
        self._heartbeat_s = 0  # uptime of the last one
        self._key = ""  # AuthorizationKey of this connection
        self._hurry = False  # do not wait out the back-off

    # ---- for the rest of the charger ----

    def send(
        self, action: str, payload: "str | list[str]", on_answer: "Callable | None" = None
    ) -> None:
        """Queue a message that need not outlive the connection; dropped at once when offline.

        `on_answer(payload)` is called once, with None when there was no good answer.
        """
        urgent = self._urgent or self._triggering or action == "Authorize"
        after = 0 if urgent else self._outbox.last_seq
        message = (action, payload, on_answer, after, 0, 0)
        if not self.online and not (self._pending and self._triggering):
            self._tell(message, None)
            return
        queue = self._queue
        queue.append(message)
        while len(queue) > _QUEUE or len(queue) > 1 and sum(map(_size, queue)) > _QUEUE_CHARACTERS:
            self._drop(action)
        self._wake.set()

    def _drop(self, action: str) -> None:
        """The queue is too long: the oldest message of the newest one's action goes, or of all."""
        index = 0
        while self._queue[index][_ACTION] != action:
            index += 1
        if index == len(self._queue) - 1:
            index = 0
        message = self._queue.pop(index)
        self._log.warn("ocpp", "queue full, %s dropped", message[_ACTION])
        self._tell(message, None)

    def boot(self) -> None:
        """Send BootNotification (again), as TriggerMessage asks for it."""
        self._boot_due_s = self._clock.uptime_s()
        self._wake.set()

    def wake(self) -> None:
        """There is something new in the outbox."""
        self._wake.set()

    def network_changed(self, up: bool) -> None:
        """The network came (connect now) or went (the connection cannot live)."""
        self._hurry = up
        if self._client and not up:
            self._client.abort()

    def make_room(self) -> None:
        """End the making of a connection, which takes much memory; it is tried again later."""
        if self._client and self._client.closed:
            self._client.abort()

    async def run(self) -> None:
        """Connect, serve, reconnect with back-off; never ends."""
        backoff_s = 1
        while True:
            since_s = self._clock.uptime_s()
            try:
                await self._connection()
            except _SURVIVED as error:
                self._log.warn("ocpp", "no connection: %s", str(error) or repr(error))
                if isinstance(error, MemoryError):
                    self._station.make_room()
            self._forget()
            gc.collect()
            if self._clock.uptime_s() - since_s >= _STABLE_S:
                backoff_s = 1
            jitter = self._random_bytes(1)[0]
            delay_ms = backoff_s * (750 + jitter * 500 // 255)  # 75 % to 125 %
            self._log.info("ocpp", "next connection in %d ms", delay_ms)
            backoff_s = min(2 * backoff_s, _MAX_BACKOFF_S)
            self._hurry = False
            while delay_ms > 0 and not self._hurry:
                await asyncio.sleep_ms(min(delay_ms, _TICK_MS))
                delay_ms -= _TICK_MS

    # ---- one connection ----

    async def _connection(self) -> None:
        gc.collect()
        self._client = client = self._client_factory()
        self._key = self._keys.get("AuthorizationKey")
        url, user, password = load(_REGISTRATION).address(self._settings, self._key)
        self._log.info("ocpp", "connecting to %s", url)
        tls = self.tls() if self.tls and url[:4] == "wss:" else None
        if tls:
            self._clock.pause_ms = _HANDSHAKE_MS
        try:
            await client.connect(url, user=user, password=password, tls=tls)
        finally:
            self._clock.pause_ms = 0
        self._rpc = rpc.Rpc(self._random_bytes)
        self._broken = False
        self._timeouts = 0
        if self._registered and not self._settings.boot_on_reconnect:
            self._accept()
        elif self._boot_due_s < 0:  # else a Pending or Rejected answer's interval is running
            self._boot_due_s = self._clock.uptime_s()
        reader = asyncio.create_task(self._read(client))
        ticker = asyncio.create_task(self._tick())
        try:
            await self._pump(client)
        finally:
            ticker.cancel()
            reader.cancel()
            client.abort()

    def _accept(self) -> None:
        self._boot_due_s = -1
        if not self.online:
            self.online = self._registered = True
            self._heartbeat_s = self._clock.uptime_s()
            self._urgent = True
            try:
                self._station.connected()
            finally:
                self._urgent = False

    def _forget(self) -> None:
        """The connection is over: nobody answers what was queued or under way."""
        self._client = None
        waiting = self._waiting
        self._waiting = None
        self.online = False  # first: who is told decides by it
        if waiting:
            self._tell(waiting, None)
            if waiting[_ACTION] == _BOOT:
                self._boot_due_s = -1
        self._go_offline()

    def _go_offline(self) -> None:
        self.online = self._pending = False
        dropped, self._queue = self._queue, []
        for message in dropped:
            self._tell(message, None)

    def _tell(self, message: tuple, payload: "dict | None") -> None:
        if message[_ON_ANSWER]:
            message[_ON_ANSWER](payload)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep_ms(_TICK_MS)
            self._wake.set()

    # ---- sending ----

    async def _pump(self, client: "WebSocketClient") -> None:
        """Send what is due, as long as the connection lives and the password is the same."""
        while not self._broken:
            now_s = self._clock.uptime_s()
            if self._rpc.timed_out(now_s):
                self._timeouts += 1
                message = self._waiting
                self._fail("no answer", False)
                if message[_ACTION] == _BOOT:
                    self._boot_due_s = now_s
                if self._timeouts >= _MAX_TIMEOUTS:
                    return
            if not self._rpc.busy():
                if self._key != self._keys.get("AuthorizationKey"):
                    return
                client.ping_interval_s = self._keys.get("WebSocketPingInterval")
                message = self._next(now_s)
                if message:
                    self._log.debug("ocpp", "> %s", message[_ACTION])
                    self._waiting = message
                    await client.send(self._rpc.call(message[_ACTION], message[_PAYLOAD], now_s))
                    continue
            self._wake.clear()
            await self._wake.wait()

    def _next(self, now_s: int) -> "tuple | None":
        """The message whose turn it is; a queued one leaves the queue."""
        if 0 <= self._boot_due_s <= now_s:
            return self._boot_message()
        queue = self._queue
        outbox = self._outbox
        for index, message in enumerate(queue):
            if message[_AFTER] < outbox.oldest_seq:
                return queue.pop(index)
        if not self.online:
            return None
        head = outbox.head(now_s)
        if head:
            return head[1], head[2], None, 0, head[0], head[3]
        if queue:  # the outbox backs off
            return queue.pop(0)
        interval_s = self._keys.get("HeartbeatInterval")
        if self._settings.heartbeat_follows_boot and self._boot_interval_s:
            interval_s = min(interval_s, self._boot_interval_s)
        if now_s - self._heartbeat_s < interval_s:
            return None
        self._heartbeat_s = now_s
        return "Heartbeat", "{}", self._set_clock, 0, 0, 0

    def _boot_message(self) -> tuple:
        self._boot_due_s = -1
        payload = load(_REGISTRATION).boot_message(self._settings)
        return (_BOOT, payload, self._boot_answered, 0, 0, 0)

    def _fail(self, why: str, refused: bool = True) -> None:
        """The CALL under way has failed; `refused`: the server has said so."""
        message = self._waiting
        self._waiting = None
        self._log.warn("ocpp", "%s: %s", message[_ACTION], why)
        if message[_SEQ]:
            self._outbox.failed(message[_SEQ], self._clock.uptime_s(), refused)
        self._tell(message, None)

    # ---- receiving ----

    async def _read(self, client: "WebSocketClient") -> None:
        """The one reader of a connection: everything the server says, until the line ends."""
        try:
            while True:
                await self._read_one(client)
        except _SURVIVED as error:
            self._log.warn("ocpp", "connection lost: %s", str(error) or repr(error))
        finally:
            if self._client is client:
                self._broken = True
                self._wake.set()

    async def _read_one(self, client: "WebSocketClient") -> None:
        """One message. Its frame ends with it: `_read`'s would hold it, and an answer's code."""
        is_text, data = await client.receive()
        try:
            event = self._rpc.receive(data) if is_text else None
        except MemoryError:
            if not self._station.make_room():
                raise
            await asyncio.sleep_ms(_ROOM_MS)
            event = self._rpc.receive(data)
        data = None  # a handler may need its room
        reply = self._handle(event)
        if reply is None:
            await asyncio.sleep_ms(_ROOM_MS)
            reply = self._handle(event)
            if reply is None:
                reply = rpc.error(event[1], "InternalError", "")
        event = None
        if reply:
            await client.send(reply)

    def _handle(self, event: "tuple | None") -> "str | list[str] | None":
        """Work on what a message means; the text to answer with, "" when there is none.

        None: a transfer is making room for it, so it is to be handled again.
        """
        if event is None:
            self._log.warn("ocpp", "a message was ignored")
            return ""
        if event[0] == "reply":
            self._log.warn("ocpp", "malformed: %s", event[1])
            return event[1]
        if event[0] == "call":
            return self._answer(event[1], event[2], event[3])
        self._timeouts = 0
        if event[0] == "error":
            self._fail("%s %s" % event[1:])
        else:
            self._answered(event[1])
        self._wake.set()
        return ""

    def _answer(self, call_id: str, action: str, payload: dict) -> "str | list[str] | None":
        self._log.debug("ocpp", "< %s", action)
        self._triggering = action == "TriggerMessage"
        try:
            handler = load(load("firmware.ocpp.profiles").module_of(action))
            answer = handler.answer(action, payload, self._station.commands(), self._keys)
            return rpc.answer(call_id, answer)
        except OcppError as error:
            self._log.warn("ocpp", "%s refused: %s, %s", action, error.code, error)
            return rpc.error(call_id, error.code, str(error))
        except _SURVIVED as error:
            gc.collect()
            if isinstance(error, MemoryError) and self._station.make_room():
                return None
            self._log.error("ocpp", "%s failed: %r", action, error)
            return rpc.error(call_id, "InternalError", "")
        finally:
            self._triggering = False

    def _answered(self, payload: dict) -> None:
        message = self._waiting
        if message[_SEQ]:
            transaction_id = None
            if message[_ACTION] == "StartTransaction":
                transaction_id = payload.get("transactionId")
                if type(transaction_id) is not int:
                    self._fail("answered without transactionId")
                    return
            self._outbox.delivered(message[_SEQ], transaction_id)
            self._station.answered(message[_ACTION], message[_TXN], payload, message[_PAYLOAD])
        self._waiting = None
        self._tell(message, payload)

    def _boot_answered(self, payload: "dict | None") -> None:
        payload = payload or {}  # an error; after a time-out or a broken line it is due at once
        self._set_clock(payload)
        status, interval_s = load(_REGISTRATION).answer(payload, self._log)
        if status != "Accepted":
            self._go_offline()
            self._pending = status == "Pending"
            self._boot_due_s = self._clock.uptime_s() + (interval_s or _RETRY_BOOT_S)
            return
        self._pending = False
        self._boot_interval_s = interval_s
        if interval_s and not self._settings.heartbeat_follows_boot:
            self._keys.set("HeartbeatInterval", str(interval_s))
        self._accept()

    def _set_clock(self, payload: "dict | None") -> None:
        load(_REGISTRATION).set_clock(payload, self._clock, self._log)
