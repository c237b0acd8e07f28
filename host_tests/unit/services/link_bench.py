"""A central-system link on a virtual clock, against a scripted server in the same event loop."""

import asyncio
import json

from firmware.errors import ChargerError
from firmware.net.websocket_client import ConnectionClosed, WebSocketError
from firmware.ocpp.keys import Keys
from firmware.services.central_system import CentralSystem

T = 1_768_989_066  # 2026-01-21T09:51:06Z
ACCEPTED = {"status": "Accepted", "currentTime": "2026-01-21T09:51:06.209Z", "interval": 14400}
SILENCE = "silence"  # instead of an answer
DROP = "drop"


class Error:
    """A CALLERROR instead of an answer."""

    def __init__(self, code="InternalError"):
        self.code = code


class VirtualLoop(asyncio.SelectorEventLoop):
    """Time passes only when there is nothing else to do, and then at once."""

    def __init__(self):
        self.now_s = 0.0
        super().__init__()
        self._selector.select = self._skip

    def time(self):
        return self.now_s

    def _skip(self, timeout):
        assert timeout is not None, "everything waits for ever"
        self.now_s += max(0, timeout)
        return []


class Clock:
    """The firmware's clock on the loop's time."""

    def __init__(self, loop):
        self._loop = loop
        self.set_to = []
        self.pause_ms = 0

    def uptime_s(self):
        return int(self._loop.time())

    def unix_s(self):
        return T + self.uptime_s()

    def set_unix(self, unix_s):
        self.set_to.append(unix_s)


class Settings:
    """The settings the link uses, at their defaults."""

    csms_url = "ws://host:8080/steve/"
    charge_box_id = "RIVOT 100A/01"
    boot_on_reconnect = True
    heartbeat_follows_boot = True
    authorization_key = ""
    charge_point_model = "Rivot Charger"
    charge_point_vendor = "Rivot Motors"
    firmware_version = ""
    serial_number = ""


class Log:
    """Keeps the lines."""

    def __init__(self):
        self.lines = []

    def _line(self, component, text, *args):
        self.lines.append(text % args if args else text)

    debug = info = warn = error = _line


class Outbox:
    """Durable records in a list, with the retry rule of one wait a failure."""

    def __init__(self):
        self.records = []
        self.last_seq = 0
        self.retry_at_s = 0
        self.retry_s = 60
        self.failures = []
        self.silences = []
        self.ids = {}

    def add(self, action, payload, txn=1):
        self.last_seq += 1
        self.records.append((self.last_seq, action, payload, txn))

    @property
    def oldest_seq(self):
        return self.records[0][0] if self.records else self.last_seq + 1

    def head(self, now_s):
        return self.records[0] if self.records and now_s >= self.retry_at_s else None

    def delivered(self, seq, transaction_id=None):
        assert self.records[0][0] == seq
        record = self.records.pop(0)
        if transaction_id is not None:
            self.ids[record[3]] = transaction_id

    def failed(self, seq, now_s, refused=True):
        assert self.records[0][0] == seq
        (self.failures if refused else self.silences).append((seq, now_s))
        self.retry_at_s = now_s + self.retry_s


class Station:
    """Sends its two statuses when connected, starts and stops nothing."""

    number_of_connectors = 1

    def __init__(self):
        self.link = None
        self.connections = 0
        self.answers = []
        self.fault = None
        self.faults = []  # each for one request
        self.room = 0  # so often a transfer can make room for one more try

    def commands(self):
        return self

    def make_room(self):
        room, self.room = self.room, max(self.room - 1, 0)
        return room > 0

    def connected(self):
        self.connections += 1
        self.link.send("StatusNotification", '{"connectorId":0}')
        self.link.send("StatusNotification", '{"connectorId":1}')

    def answered(self, action, txn, payload, sent):
        self.answers.append((action, txn, payload))

    def reset(self, kind):
        if self.faults:
            raise self.faults.pop(0)
        if self.fault:
            raise self.fault
        return True

    def trigger(self, message, connector_id):
        self.link.send(message, "{}")
        return True


class Client:
    """The WebSocket client's interface; its other end is the server."""

    def __init__(self, server):
        self._server = server
        self._incoming = asyncio.Queue()
        self.closed = True
        self.ping_interval_s = 0

    async def connect(self, url, protocols=("ocpp1.6",), user="", password="", tls=None):
        self._server.attempts.append((self._server.loop.time(), url, user, password, tls))
        await asyncio.sleep(0)
        self._server.watch()
        if self._server.refusals:
            raise self._server.refusals.pop(0)
        self.closed = False
        self._server.opened(self)

    async def receive(self):
        item = await self._incoming.get()
        if isinstance(item, Exception):
            raise item
        return item

    async def send(self, text):
        if self.closed:
            raise ConnectionClosed(1006, "gone")
        await asyncio.sleep(0)
        self._server.received(self, "".join(map("".join, text)))

    async def close(self, code=1000, reason=""):
        self.abort()

    def abort(self):
        self.closed = True
        self._incoming.put_nowait(ConnectionClosed(1006, "aborted"))

    def push(self, item):
        self._incoming.put_nowait(item)


class Server:
    """Answers CALLs by `answers` (payload, function of the payload, SILENCE, DROP or Error)."""

    def __init__(self, loop):
        self.loop = loop
        self.attempts = []
        self.refusals = []
        self.clients = []
        self.log = []  # (time, action or kind, payload) of everything received
        self.replies = []  # answers to our own CALLs
        self.ids = set()
        self.answers = {"BootNotification": ACCEPTED, "StartTransaction": {"transactionId": 130}}
        self.greeting = ""
        self.watch = lambda: None  # called while a connection is being made
        self.drop_after = None  # messages until the line is cut, before they are answered

    def opened(self, client):
        self.clients.append(client)
        if self.greeting:
            client.push((True, self.greeting))

    def received(self, client, text):
        message = json.loads(text)
        if message[0] != 2:
            self.replies.append(message)
            return
        assert message[1] not in self.ids, "a message id was repeated"
        self.ids.add(message[1])
        action, payload = message[2], message[3]
        self.log.append((self.loop.time(), action, payload))
        if self.drop_after is not None:
            self.drop_after -= 1
            if self.drop_after <= 0:
                self.drop_after = None
                self.drop()
                return
        answer = self.answers.get(action, {})
        answer = answer(payload) if callable(answer) else answer
        if answer == DROP:
            self.drop()
        elif isinstance(answer, Error):
            client.push((True, json.dumps([4, message[1], answer.code, "no", {}])))
        elif answer != SILENCE:
            client.push((True, json.dumps([3, message[1], answer])))

    def drop(self):
        self.clients[-1].closed = True
        self.clients[-1].push(ConnectionClosed(1006, "dropped"))

    def push(self, item):
        """A text of any kind, or an error, to the charger."""
        self.clients[-1].push((True, item) if isinstance(item, str) else item)

    def call(self, action, payload, call_id="s1"):
        self.push(json.dumps([2, call_id, action, payload]))

    def actions(self):
        return [entry[1] for entry in self.log]

    def times(self, action):
        return [round(entry[0]) for entry in self.log if entry[1] == action]


class Bench:
    """Everything put together; `link` runs once `advance` is called."""

    def __init__(self, **settings):
        self.loop = VirtualLoop()
        asyncio.set_event_loop(self.loop)
        self.server = Server(self.loop)
        self.clock = Clock(self.loop)
        self.keys = Keys(lambda values: None)
        self.outbox = Outbox()
        self.station = Station()
        self.log = Log()
        self.settings = Settings()
        for key, value in settings.items():
            setattr(self.settings, key, value)
        self.random = 0
        self.jitter = b"\x80"
        self.link = CentralSystem(
            self.settings,
            self.keys,
            self.clock,
            self.outbox,
            self.station,
            lambda: Client(self.server),
            self.log,
            self._random_bytes,
            lambda: "tls context",
        )
        self.station.link = self.link
        self._task = None

    def _random_bytes(self, size):
        self.random += 1
        return self.random.to_bytes(16, "big")[-size:] if size > 1 else self.jitter

    def advance(self, seconds):
        """Let `seconds` pass; the link must not end."""
        if self._task is None:
            self._task = self.loop.create_task(self.link.run())
        self.loop.run_until_complete(asyncio.sleep(seconds))
        if self._task.done():
            self._task.result()
            raise AssertionError("run() has ended")

    def close(self):
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        self.loop.run_until_complete(asyncio.sleep(0))
        self.loop.run_until_complete(asyncio.sleep(0))
        self.loop.close()
        asyncio.set_event_loop(None)


__all__ = ["ACCEPTED", "DROP", "SILENCE", "Bench", "ChargerError", "Error", "WebSocketError"]
