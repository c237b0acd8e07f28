"""A charger to be fuzzed: the real link, handlers, station and core, a line and a plant that are
not real, time that passes as the test wants.

`say` hands it texts; what it says goes through `_hear`, which knows what a server accepts.
"""

import asyncio
import json
import random
from decimal import Decimal

from firmware.net.websocket_client import ConnectionClosed
from firmware.services.central_system import CentralSystem
from host_tests.unit.charging.plant import TICK_MS
from host_tests.unit.ocpp.fuzz_inputs import Input, mutated
from host_tests.unit.services.link_bench import ACCEPTED, VirtualLoop
from host_tests.unit.services.station_bench import Clock, Station
from tools.sim.script import check_schema

CODES = {
    *("NotImplemented", "NotSupported", "InternalError", "ProtocolError", "SecurityError"),
    *("FormationViolation", "PropertyConstraintViolation", "OccurenceConstraintViolation"),
    *("TypeConstraintViolation", "GenericError"),
}
SECURITY = ("Certificate", "GetLog", "Signed", "Extended")  # requests of the extension
_ANSWERS = {
    "BootNotification": ACCEPTED,
    "Heartbeat": {"currentTime": ACCEPTED["currentTime"]},
    "StartTransaction": {"transactionId": 130, "idTagInfo": {"status": "Accepted"}},
    "StopTransaction": {"idTagInfo": {"status": "Accepted"}},
    "Authorize": {"idTagInfo": {"status": "Accepted"}},
    "DataTransfer": {"status": "Accepted"},
}
_DAMAGED_ANSWERS = 0.2


class FuzzClock(Clock):
    """One that the server can set."""

    def set_unix(self, unix_s):
        self.boot_unix_s = unix_s - self.uptime_s()

    def ticks(self):
        return self.ms


class Line:
    """The WebSocket client's interface; the other end is a `FuzzCharger`."""

    def __init__(self, owner):
        self._owner = owner
        self._incoming = asyncio.Queue()
        self.closed = True
        self.ping_interval_s = 0

    async def connect(self, url, protocols=(), user="", password="", tls=None):
        self.closed = False
        self._owner.line = self

    async def receive(self):
        item = await self._incoming.get()
        if isinstance(item, Exception):
            raise item
        return item

    async def send(self, text):
        if self.closed:
            raise ConnectionClosed(1006, "gone")
        self._owner.hear(text if isinstance(text, str) else "".join(map("".join, text)))

    async def close(self, code=1000, reason=""):
        self.abort()

    def abort(self):
        self.closed = True
        self._incoming.put_nowait(ConnectionClosed(1006, "aborted"))

    def push(self, text):
        self._incoming.put_nowait((True, text))


class FuzzStation(Station):
    """Remembers if an output was ever switched on, and if power was there without a session."""

    switched_on = False
    unasked_power = False

    def _act(self):
        super()._act()
        on = self.core.sequence.module_on or self.core.sequence.contactor
        self.switched_on |= on
        self.unasked_power |= self.power and not (self.core.session.open and self.core.gun)


class FuzzCharger:
    """`plugged`, `allowed` (by the vehicle), `charging`: how it stands when it is switched on."""

    def __init__(self, dice: random.Random, plugged=False, allowed=True, charging=False):
        self.seen = dict.fromkeys(["answered", "refused", "malformed", "asked"], 0)
        self.dice = dice
        self._standing = plugged, allowed, charging
        self.boots = 0
        self._texts = ""  # of the present batch
        self._asked: dict[str, list[str]] = {}  # its CALLs without an answer: id -> actions
        self._wrong: list[tuple[str, Exception]] = []
        self.line = None
        self.loop = VirtualLoop()
        asyncio.set_event_loop(self.loop)
        self._task = None
        self.boot()

    def boot(self):
        """Switch it on, on the flash as it is, and bring it to where the test begins."""
        self._stop()
        plugged, allowed, charging = self._standing
        self.boots += 1
        self.station = station = FuzzStation(FuzzClock())
        station.bms_allowed = allowed
        station.log.lines = Lines()
        self.link = CentralSystem(
            station.settings, station.keys, station.clock, station.outbox, station.point,
            lambda: Line(self), station.log, self.dice.randbytes,
        )  # fmt: skip
        station.link = station.point.link = self.link
        self._task = self.loop.create_task(self.link.run())
        self.advance(1000)
        if plugged or charging:
            self._in_loop(station.plug)
            self.advance(1000)
        if charging:
            station.core.authorize("0A1B2C3D4E")
            self.advance(3000)

    def close(self):
        """End all tasks."""
        self._stop()
        self.loop.close()
        asyncio.set_event_loop(None)

    def _stop(self):
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        for _ in range(3):
            self.loop.run_until_complete(asyncio.sleep(0))

    def advance(self, ms):
        """Let time pass, for the link and for the plant; a restart is carried out."""
        self.loop.run_until_complete(asyncio.sleep(ms / 1000))
        self._in_loop(self.station.run, ms // TICK_MS * TICK_MS)
        self.loop.run_until_complete(asyncio.sleep(0))
        if self._task.done():
            self._task.result()
            raise AssertionError("the link's task has ended")

    def _in_loop(self, function, *arguments):
        """Call it where it may start tasks."""

        async def run():
            function(*arguments)

        self.loop.run_until_complete(run())

    # --- what is said ---

    def say(self, batch: "list[Input]"):
        """Some inputs at once; all that must be answered are."""
        self._asked.clear()
        self._texts = "\n".join(item.text for item in batch)
        for item in batch:
            if item.action:
                self._asked.setdefault(item.id, []).append(item.action)
        if self.line.closed:
            self.link.network_changed(True)  # do not wait before the next attempt
            self.advance(2000)
        line = self.line
        for item in batch:
            line.push(item.text)
        self.advance(100)
        if self._wrong:
            text, error = self._wrong[0]
            raise AssertionError(f"{error!r} at {text[:500]}") from error
        if line is self.line and not line.closed:  # a new password ends a connection
            left = {id for id, actions in self._asked.items() if actions}
            assert not left, [item.text for item in batch if item.id in left]
        if self.station.restarts:
            self.boot()

    def hear(self, text: str):
        """What the charger says; what is wrong with it is raised by the next `say`."""
        try:
            self._check(text)
        except Exception as error:
            self._wrong.append((text, error))

    def _check(self, text: str):
        """As a strict server takes it."""
        message = json.loads(text, parse_float=Decimal)
        kind, id = message[:2]
        if kind == 2:
            _, _, action, payload = message
            self.seen["asked"] += 1
            check_schema(action, payload)
            self._answer(action, id)
            return
        actions = self._asked.get(id)
        action = actions.pop(0) if actions else ""
        if kind == 4:
            _, _, code, description, details = message
            assert code in CODES and len(description) <= 255 and details == {}, text
            assert code != "InternalError", (text, self.station.log.lines[-3:])
            if not action:  # to what was no CALL, but had an id
                assert id in self._texts or json.dumps(id)[1:-1] in self._texts, text
            self.seen["refused" if action else "malformed"] += 1
            return
        assert kind == 3 and len(message) == 3, text
        assert action, f"nobody asked: {text}"
        self.seen["answered"] += 1
        check_schema(action + "Response", message[2])

    def _answer(self, action: str, id: str):
        payload = _ANSWERS.get(action, {})
        if self.dice.random() < _DAMAGED_ANSWERS and action != "BootNotification":
            payload = mutated(payload, self.dice)
            if self.dice.random() < 0.05:
                self.line.push(json.dumps([4, id, payload]))
                return
        self.line.push(json.dumps([3, id, payload]))


class Lines(list):
    """Log lines, of which only the last few are kept."""

    def append(self, line):
        super().append(line)
        if len(self) > 50:
            del self[:25]
