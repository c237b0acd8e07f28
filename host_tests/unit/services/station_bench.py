"""A whole charge point without network or pins: real core and books, flash that can fail."""

import json

from firmware.ocpp.keys import Keys
from firmware.ocpp.outbox import Outbox
from firmware.services.charge_point import ChargePoint
from firmware.services.recovery import recover
from firmware.services.transactions import Transactions
from firmware.settings import defaults
from firmware.storage.journal import Journal
from firmware.storage.outbox_store import OutboxStore
from firmware.storage.register import EnergyRegister
from host_tests.unit.charging.plant import TICK_MS, Plant

T = 1_768_989_066  # 2026-01-21T09:51:06Z


class Clock:
    """Follows the plant's time; `unix_s` can be set apart from it."""

    def __init__(self, at_s=T):
        self.ms = 0
        self.known = True
        self.boot_unix_s = at_s

    def uptime(self):
        return divmod(self.ms, 1000)

    def uptime_s(self):
        return self.ms // 1000

    def unix_s(self):
        return self.boot_unix_s + self.uptime_s()


class Log:
    """Keeps (letter, line)."""

    def __init__(self):
        self.level = 1
        self.pending = False
        self.lines = []
        self.ring = bytearray(64)
        self.made = self.kept = 0
        self.file_level = 2

    def _keeper(letter):
        def keep(self, component, text, *args):
            self.lines.append((letter, text % args if args else text))

        return keep

    debug, info, warn, error = map(_keeper, "DIWE")

    def put(self, level, component, text):
        self.lines.append(("trace", text))

    def errors(self):
        return [line for letter, line in self.lines if letter == "E"]


class FailingJournal(Journal):
    """A journal whose flash can be full."""

    full = False

    def append(self, *texts):
        if self.full:
            raise OSError(28)
        super().append(*texts)


class Link:
    """The link to the central system, seen from the charge point."""

    def __init__(self):
        self.online = False
        self.sent = []
        self.callbacks = []
        self.woken = 0

    def send(self, action, payload, on_answer=None):
        self.sent.append((action, json.loads("".join(payload))))
        self.callbacks.append(on_answer)

    def wake(self):
        self.woken += 1

    def statuses(self):
        return [body["status"] for action, body in self.sent if action == "StatusNotification"]

    def actions(self):
        return [action for action, _ in self.sent]


class Button:
    """Of services/control.py what the charge point looks at."""

    button_pressed = False


class Station(Plant):
    """The charger from power-up, in the current folder as its flash."""

    def __init__(self, clock=None, resume=False):
        self.clock = clock or Clock()
        self.log = Log()
        self.control = Button()
        self.keys = Keys(lambda stored: None)
        self.keys.set("MeterValueSampleInterval", "10")
        self.settings = defaults()
        self.settings.resume_after_power_cut = resume
        self.register = EnergyRegister("register", self.clock)
        self.journal = FailingJournal("outbox")
        self.outbox = Outbox(self.journal, OutboxStore("outbox", 0), self.keys, self.log)
        self.restarts = 0
        self.point = None
        super().__init__()
        self.core.meter.wh, self.core.meter.mwh = self.register.load()
        self.transactions = Transactions(
            self.core, self.outbox, self.register, self.keys, self.clock, self.log
        )
        recover(self.transactions, self.settings.resume_after_power_cut)
        self.point = ChargePoint(self)
        self.link = self.point.link = Link()
        self.transactions.link = self.link

    def status(self):
        """Of charger.py what diagnostics show."""
        return {"connector": self.state}

    def restart(self, at_once=False):
        self.restarts += 1
        self.restarted_at_once = at_once

    def run(self, ms):
        """Plant, core and charge point in step."""
        if self.point is None:
            return super().run(ms)
        for _ in range(ms // TICK_MS):
            self._sense()
            self.core.tick(TICK_MS)
            self.clock.ms += TICK_MS
            self._act()
            self.point.turn()
        return self

    def begin(self, tag="TAG"):
        """Plug, wait for the vehicle, start by permission."""
        self.plug().run(1000)
        assert self.core.authorize(tag)
        self.run(200)
        assert self.core.session.open
        return self

    def deliver(self):
        """What the outbox still holds, as (action, payload); all of it is answered."""
        got = []
        while len(self.outbox):
            head = self.outbox.head(1 << 40)
            assert head, "the outbox holds something that it does not give"
            seq, action, payload, txn = head
            got.append((action, json.loads(joined(payload))))
            self.outbox.delivered(seq, 500 + txn if action == "StartTransaction" else None)
        return got


def joined(payload):
    """The text of a payload that may come in parts."""
    parts = [part if isinstance(part, str) else "".join(part) for part in payload]
    return "".join(parts)


def summary_of(messages):
    """The data of the one SessionSummary among the messages."""
    (data,) = [body["data"] for action, body in messages if action == "DataTransfer"]
    return json.loads(data)


def names(messages):
    """The actions, runs of samples as one."""
    shown = []
    for action, _ in messages:
        if action != "MeterValues" or shown[-1:] != ["MeterValues"]:
            shown.append(action)
    return shown
