"""The charge point between the charging core and the central system.

Turns the core's events into OCPP messages, and what the driver and the central system
(commands.py) want into wishes for the core. It never touches an output: the core decides.
"""

import asyncio

from micropython import const

from firmware.charging import events
from firmware.charging.connector import STATES
from firmware.charging.readings import UNKNOWN_TEMPERATURE
from firmware.charging.supervisor import ERROR_CODE, FAULTS, NAME
from firmware.ocpp import messages
from firmware.on_demand import load

_TURN_MS = const(50)
_CONNECTOR = const(1)
_VENDOR_ID = "RivotMotors"


def _text(fault: int) -> str:
    return load("firmware.charging.fault_texts").TEXTS[FAULTS[fault][NAME]]


class ChargePoint:
    """One connector as OCPP sees it. `link` is the central-system link, set by the app."""

    def __init__(self, charger: "Charger", authorization: "Authorization") -> None:
        self.core = charger.core
        self._control = charger.control
        self.transactions = charger.transactions
        self.authorization = authorization
        self.keys = charger.keys
        self._settings = charger.settings
        self.clock = charger.clock
        self._log = charger.log
        self._restart = charger.restart
        self.reset_at_s = -1  # uptime at which a reset is due, -1 = none
        self.wanted_operative = True
        self.link = None

    async def run(self) -> None:
        """Handle the core's events as they come, and what is due by time."""
        while True:
            self.turn()
            await asyncio.sleep_ms(_TURN_MS)

    def turn(self) -> None:
        """One round: button, events, samples, a reset that is due."""
        self.core.connection_timeout_ms = self.keys.get("ConnectionTimeOut") * 1000
        if self._control.button_pressed:
            self._control.button_pressed = False
            self._button()
        self._handle_events()
        self.transactions.turn()
        if self.transactions.take_news():
            self.link.wake()
        self._reset_when_due()

    # ---- the driver at the charger ----

    def present_tag(self, id_tag: str) -> None:
        """A tag was held to the reader: it starts, the same tag stops."""
        core = self.core
        if self.reset_at_s >= 0:
            return
        if core.session.open:
            if id_tag == core.session.id_tag:
                core.stop("Local", id_tag)
            else:
                self._log.info("tag", "another session is running")
        elif core.connector.authorized and core.id_tag == id_tag:
            core.deauthorize()
        else:
            self.authorization.ask(id_tag, self.permitted)

    def _button(self) -> None:
        id_tag = self._settings.button_id_tag
        if self.core.session.open:
            self.core.stop("Local")
        elif id_tag:
            self.present_tag(id_tag)

    def permitted(self, id_tag: str, accepted: bool) -> None:
        """The answer to `authorization.ask`."""
        if not accepted:
            self._log.info("tag", "refused")
        elif not self.core.authorize(id_tag):
            self._log.info("tag", "not now: the connector is %s", self.core.connector.state)

    # ---- the central system ----

    def commands(self) -> "Commands":
        """The station that a profile's handler commands, loaded for one request."""
        return load("firmware.services.commands").Commands(self)

    def connected(self) -> None:
        """The central system has accepted us: tell it how things stand."""
        self.statuses(-1)

    def answered(self, action: str, txn: int, payload: dict) -> None:
        """An answer to a transaction message: the server may withdraw its permission."""
        if action != "StartTransaction":
            return
        info = payload.get("idTagInfo")
        status = info.get("status") if isinstance(info, dict) else None
        session = self.core.session
        if status == "Accepted" or not (session.open and session.txn == txn):
            return
        self._log.warn("ocpp", "the server does not accept the tag: %s", status)
        if self.keys.get("StopTransactionOnInvalidId"):
            self.core.stop("DeAuthorized")

    # ---- the core's events ----

    def _handle_events(self) -> None:
        ring = self.core.events
        while True:
            code = ring.pop()
            if code == events.NONE:
                break
            if code >= events.STATE:
                self._send_status(_CONNECTOR, STATES[code - events.STATE])
                self.transactions.finish_stop()
            elif code == events.VEHICLE_KNOWN:
                self._vehicle_info()
            elif code == events.START_READY:
                self._start()
            elif code == events.STOPPED:
                self.transactions.begin_stop()
                if self.core.connector.state == "Faulted":  # that status has gone out already
                    self.transactions.finish_stop()
            elif code == events.AUTHORIZATION_EXPIRED:
                self._log.info("charge", "no start within the connection time-out")
            elif code == events.FAULT_CHANGED:
                self._log_fault()
        self._apply_availability()

    def _start(self) -> None:
        core = self.core
        if not core.can_start():
            return
        txn = self.transactions.record_start(core.id_tag)
        if not txn:
            core.deauthorize()
        elif not core.start(txn):
            self.transactions.record_failed_start(txn)

    def _apply_availability(self) -> None:
        connector = self.core.connector
        if connector.operative != self.wanted_operative and not self.core.session.open:
            self.core.set_operative(self.wanted_operative)

    def _vehicle_info(self) -> None:
        core = self.core
        bms = core.bms
        temperature_c10 = bms.temperature_c10
        if temperature_c10 == UNKNOWN_TEMPERATURE:
            temperature_c10 = core.module.temperature_c10
            self._log.info("bms", "gives no temperature; VehicleInfo shows the power module's")
        voltage_mv = bms.voltage_mv if bms.voltage_mv >= 0 else core.module.terminal_mv
        data = load("firmware.ocpp.rivot").vehicle_info(
            bms.soc_c100, bms.current_limit_ma, voltage_mv, bms.current_ma, temperature_c10
        )
        self.link.send("DataTransfer", data)

    def _log_fault(self) -> None:
        index = self.core.fault()
        if index < 0:
            self._log.info("fault", "cleared")
        else:
            self._log.error("fault", "%s: %s", FAULTS[index][NAME], _text(index))

    def statuses(self, connector_id: int) -> None:
        """Send StatusNotification of a connector, -1 = of all."""
        connector = self.core.connector
        if connector_id < 1:
            self._send_status(0, "Available" if connector.operative else "Unavailable")
        if connector_id != 0:
            self._send_status(_CONNECTOR, connector.state)

    def _send_status(self, connector_id: int, status: str) -> None:
        error_code, info, vendor_code, vendor_id = "NoError", "", "", ""
        index = self.core.fault()
        if status == "Faulted" and index >= 0:
            row = FAULTS[index]
            error_code, info, vendor_code = row[ERROR_CODE], _text(index), row[NAME]
            vendor_id = _VENDOR_ID
        unix_s = self.clock.unix_s()
        self.link.send(
            "StatusNotification",
            messages.status_notification(
                connector_id, error_code, status, unix_s, info, vendor_id, vendor_code
            ),
        )

    def _reset_when_due(self) -> None:
        if self.reset_at_s < 0 or self.core.sequence.state != "Off":
            return
        if self.clock.uptime_s() >= self.reset_at_s or self.transactions.all_delivered():
            self.reset_at_s = -1
            self._restart()
