"""The charge point between the charging core and the central system.

Turns the core's events into OCPP messages, and what the driver and the central system
(commands.py) want into wishes for the core. It never touches an output: the core decides.
"""

import asyncio

from micropython import const

from firmware.charging.events import NONE, START_READY, STATE, STOPPED
from firmware.on_demand import load

_TURN_MS = const(50)
_TURNS_SHORT = const(40)  # without the memory for them, one after the other
_TURNS_WITH_LINK = const(10)  # then the making of a connection has to wait, which takes much
_HEARD = const(8)
_TAG_COMMANDS = ("clear_cache", "list_version", "update_list")
_RESET_AGAIN_S = const(10)
_AUTHORIZATION = "firmware.services.authorization"
_COMMANDS = "firmware.services.commands"
_STATUSES = "firmware.services.statuses"
_TAG_KEEPER = "firmware.services.tag_keeper"
_STANDING = "firmware.services.standing"
_TRANSFERS = "firmware.services.transfers"
_LOG_KEEPER = "firmware.storage.log_keeper"


class ChargePoint:
    """One connector as OCPP sees it. `link` is the central-system link, set by the app."""

    def __init__(self, charger: "Charger") -> None:
        self.core = charger.core
        self._control = charger.control
        self.transactions = charger.transactions
        self.keys = charger.keys
        self.settings = charger.settings
        self.status = charger.status
        self.clock = charger.clock
        self.log = charger.log
        self._restart = charger.restart
        self.asking = None  # (idTag, does it stop a session): what Authorize is under way for
        self.to_ask = ""  # tag of a remote start, to be asked for in the next round
        self.heard = []  # what answers told of tags: (module, function, arguments ...)
        self.parent = "", ""  # the last tag with a permission, and its parent
        self.reset_at_s = -1  # uptime at which a reset is due, -1 = none
        self._resets = 0  # how often it was asked for
        self.out_of_service = 0  # wanted: 1 the connector, 2 the whole charge point
        self.reservation = None
        self.look_at_s = 0  # uptime at which the reservation is looked at again
        self.smart = load("firmware.services.smart_charging").SmartCharging(self, 0)
        self._event = NONE  # of the core: the one that is being dealt with
        self.told = ["Available", "Available"]  # see statuses.py
        self.waiting = {}
        self.tell_at_s = 0  # uptime at which `waiting` is looked at again
        self.transfers = {}  # see transfers.py
        self.fault_name = ""  # of the last fault, and the uptime when it began
        self.fault_s = 0
        self.web = None  # the page's door, while it is open
        self.page_aside = 0  # how many need the page's port or its memory
        self.link = None

    async def run(self) -> None:
        """Handle the core's events as they come, and what is due by time."""
        failed = 0
        while True:
            try:
                self.turn()
                failed = 0
            except MemoryError:  # what was due is due again in the next turn
                failed += 1
                if failed > _TURNS_SHORT:
                    raise
                if not self.make_room() and failed == _TURNS_WITH_LINK:
                    self.link.make_room()
                if failed % _TURNS_WITH_LINK == 1:
                    self.log.error("memory", "too little of it, or in pieces")
            await asyncio.sleep_ms(_TURN_MS)

    def turn(self) -> None:
        """One round: button, events, samples, a reset that is due."""
        keys = self.keys
        self.core.connection_timeout_ms = keys.get("ConnectionTimeOut") * 1000
        self.core.stop_on_unplug = keys.get("StopTransactionOnEVSideDisconnect")
        if self._control.button_pressed:
            self._control.button_pressed = False
            load(_AUTHORIZATION).button(self, self.settings.button_id_tag)
        if self.to_ask or self.heard:
            self._follow_tags()
        self._handle_events()
        now_s = self.clock.uptime_s()
        if self.reservation and now_s >= self.look_at_s:
            load(_STANDING).look_at_reservation(self)
        if self.waiting and now_s >= self.tell_at_s:
            load(_STATUSES).look(self)
        if self.transfers and now_s >= self.transfers["due_s"]:
            load(_TRANSFERS).look(self)
        if self.log.pending and now_s >= self.log.due_s:
            load(_LOG_KEEPER).turn(self.log, self.clock, self.core.session.open)
        self.transactions.turn()
        if self.smart:
            self.smart.turn()
        if self.transactions.take_news():
            self.link.wake()
        self._reset_when_due()

    # ---- the driver at the charger ----

    def asked(self, payload: "dict | None") -> None:
        """The answer to Authorize."""
        id_tag, stops = self.asking
        self.asking = None
        self.hear(_AUTHORIZATION, "told", id_tag, stops, payload)

    def hear(self, *what: "Any") -> None:
        """An answer tells of a tag; where too much waits, the oldest goes."""
        self.heard = self.heard[1 - _HEARD :]
        self.heard.append(what)

    def _follow_tags(self) -> None:
        """Only now, when the message that brought it is no longer in memory."""
        id_tag, self.to_ask = self.to_ask, ""
        what = (_AUTHORIZATION, "ask", id_tag) if id_tag else self.heard.pop(0)
        try:
            getattr(load(what[0]), what[1])(self, *what[2:])
        except MemoryError as error:
            self.log.error("tag", "not followed: %s", error)
            if self.make_room():
                self.heard.insert(0, what)

    def keeps_out(self, id_tag: str, parent: "str | None") -> bool:
        """Is the connector reserved for somebody else; `parent` None: not known yet."""
        if not (self.reservation and self.core.connector.reserved):
            return False
        return load(_STANDING).keeps_out(self.reservation, id_tag, parent)

    # ---- the central system ----

    def make_room(self) -> bool:
        """End what can wait: visits of the page, else the transfer; False when there is none."""
        if self.web and self.web.drop():
            return True
        task = self.transfers.pop("task", None)
        return bool(task) and task.cancel()

    def commands(self) -> "CommandLoader":
        """The station that a profile's handler commands."""
        if self.web and self.web.in_the_way():
            raise MemoryError  # `make_room` sends them away, and it is asked again
        return CommandLoader(self)

    def connected(self) -> None:
        """The central system has accepted us: tell it how things stand."""
        self.look_at_s = 0  # the clock may have been set
        self.statuses(-1)
        if self.transfers:
            load(_TRANSFERS).connected(self)

    def statuses(self, connector_id: int) -> None:
        """Send StatusNotification of a connector, -1 = of all."""
        load(_STATUSES).tell(self, connector_id)

    def answered(self, action: str, txn: int, payload: dict, sent: "str | list[str]" = "") -> None:
        """The answer to the transaction message `sent`: what the server says of its tag."""
        if action == "StartTransaction" or "idTagInfo" in payload:
            load("firmware.services.tag_answers").answered(self, action, txn, payload, sent)

    # ---- the core's events ----

    def _handle_events(self) -> None:
        ring = self.core.events
        if self._event or not ring.empty():
            while self._event or not ring.empty():
                self._event = code = self._event or ring.pop()
                if self.web and code in (START_READY, STOPPED) and self.web.make_way():
                    return  # in the next turn
                if code in (START_READY, STOPPED):  # never twice, whatever fails
                    self._event = NONE
                self._handle(code)
                self._event = NONE
            load(_STATUSES).look(self)
        operative = not self.out_of_service
        if self.core.connector.operative != operative and not self.core.session.open:
            self.core.set_operative(operative)

    def _handle(self, code: int) -> None:
        """One event; what deals with it is loaded when the books are not, and the other way."""
        if code == START_READY:
            load("firmware.services.session_start").start(self)
            return
        if code == STOPPED:  # the stop is recorded after its status; that of a fault has gone out
            self.transactions.begin_stop(self.core.connector.state == "Faulted")
        else:
            load("firmware.services.core_events").handle(self, code)
        if code >= STATE:
            self.transactions.finish_stop()
            self.transactions.close()  # before the next status

    def _reset_when_due(self) -> None:
        """Restart; still alive after that, ResetRetries more times, then without the tasks."""
        if self.reset_at_s < 0 or self.core.sequence.state != "Off":
            return
        now_s = self.clock.uptime_s()
        if now_s < self.reset_at_s and (self._resets or not self.transactions.all_delivered()):
            return
        self.reset_at_s = now_s + _RESET_AGAIN_S
        self._restart(self._resets > self.keys.get("ResetRetries"))
        self._resets += 1


class CommandLoader:
    """Loads for each command what carries it out: many a request needs none."""

    number_of_connectors = 1

    def __init__(self, point: ChargePoint) -> None:
        self._point = point

    def __getattr__(self, name: str) -> "Any":
        module = _TAG_KEEPER if name in _TAG_COMMANDS else _COMMANDS
        return getattr(load(module).Commands(self._point), name)
