"""The charge point between the charging core and the central system.

Turns the core's events into OCPP messages and OCPP commands into wishes for the core. It is the
*station* that the profile handlers talk to. It never touches an output: the core decides.
"""

import asyncio

from micropython import const

from firmware.charging import events
from firmware.charging.connector import STATES
from firmware.charging.readings import UNKNOWN_TEMPERATURE
from firmware.charging.supervisor import ERROR_CODE, FAULTS, NAME, TEXT
from firmware.ocpp import messages, rivot

_TURN_MS = const(50)
_CONNECTOR = const(1)
_HARD_RESET_S = const(5)
_SOFT_RESET_S = const(30)


class ChargePoint:
    """One connector as OCPP sees it. `link` is the central-system link, set by the app."""

    number_of_connectors = 1

    def __init__(
        self,
        core: "ChargingCore",
        control: "Control",
        transactions: "Transactions",
        authorization: "Authorization",
        keys: "Keys",
        settings: "Settings",
        clock: "Clock",
        log: "Log",
        restart: "Callable",
    ) -> None:
        self._core = core
        self._control = control
        self._transactions = transactions
        self._authorization = authorization
        self._keys = keys
        self._settings = settings
        self._clock = clock
        self._log = log
        self._restart = restart
        self._reset_at_s = -1
        self._wanted_operative = True
        self.link = None

    async def run(self) -> None:
        """Handle the core's events as they come, and what is due by time."""
        while True:
            self.turn()
            await asyncio.sleep_ms(_TURN_MS)

    def turn(self) -> None:
        """One round: button, events, samples, a reset that is due."""
        self._core.connection_timeout_ms = self._keys.get("ConnectionTimeOut") * 1000
        if self._control.button_pressed:
            self._control.button_pressed = False
            self._button()
        self._handle_events()
        self._transactions.sample()
        if self._transactions.take_news():
            self.link.wake()
        self._reset_when_due()

    # ---- the driver at the charger ----

    def present_tag(self, id_tag: str) -> None:
        """A tag was held to the reader: it starts, the same tag stops."""
        core = self._core
        if self._reset_at_s >= 0:
            return
        if core.session.open:
            if id_tag == core.session.id_tag:
                core.stop("Local", id_tag)
            else:
                self._log.info("tag", "another session is running")
        elif core.connector.authorized and core.id_tag == id_tag:
            core.deauthorize()
        else:
            self._authorization.ask(id_tag, self._permitted)

    def _button(self) -> None:
        id_tag = self._settings.button_id_tag
        if self._core.session.open:
            self._core.stop("Local")
        elif id_tag:
            self.present_tag(id_tag)

    def _permitted(self, id_tag: str, accepted: bool) -> None:
        if not accepted:
            self._log.info("tag", "refused")
        elif not self._core.authorize(id_tag):
            self._log.info("tag", "not now: the connector is %s", self._core.connector.state)

    # ---- the central system's commands (the station's contract) ----

    def remote_start(self, id_tag: str, connector_id: int, profile: "dict | None") -> bool:
        """Permit a start; the gun may still have to be plugged in (ConnectionTimeOut)."""
        core = self._core
        if connector_id != _CONNECTOR or self._reset_at_s >= 0:
            return False
        if core.session.open or core.connector.authorized:
            return False
        if core.connector.state not in ("Available", "Preparing", "Finishing", "Reserved"):
            return False
        if self._keys.get("AuthorizeRemoteTxRequests"):
            self._authorization.ask(id_tag, self._permitted)
            return True
        return core.authorize(id_tag)

    def remote_stop(self, transaction_id: int) -> bool:
        """End the session that the server knows under `transaction_id`."""
        if not self._transactions.is_running(transaction_id):
            return False
        return self._core.stop("Remote")

    def reset(self, kind: str) -> bool:
        """End the session and restart: Hard soon, Soft when the messages are delivered."""
        self._core.stop(kind + "Reset")
        delay_s = _HARD_RESET_S if kind == "Hard" else _SOFT_RESET_S
        self._reset_at_s = self._clock.uptime_s() + delay_s
        return True

    def change_availability(self, connector_id: int, operative: bool) -> str:
        """Into or out of service; Scheduled while a session runs (OCPP 1.6 5.2)."""
        if connector_id > _CONNECTOR:
            return "Rejected"
        self._wanted_operative = operative
        if self._core.session.open:
            return "Accepted" if operative else "Scheduled"
        self._core.set_operative(operative)
        return "Accepted"

    def clear_cache(self) -> bool:
        """There is no authorization cache yet."""
        return False

    def trigger(self, message: str, connector_id: int) -> bool:
        """Send a message on request; False when there is no such message or connector."""
        if connector_id > _CONNECTOR:
            return False
        if message == "StatusNotification":
            self._statuses(connector_id)
        elif message == "MeterValues":
            self.link.send(message, self._transactions.meter_values_now())
        elif message == "BootNotification":
            self.link.boot()
        elif message == "Heartbeat":
            self.link.send(message, "{}")
        else:
            return False
        return True

    def connected(self) -> None:
        """The central system has accepted us: tell it how things stand."""
        self._statuses(-1)

    def answered(self, action: str, txn: int, payload: dict) -> None:
        """An answer to a transaction message: the server may withdraw its permission."""
        if action != "StartTransaction":
            return
        info = payload.get("idTagInfo")
        status = info.get("status") if isinstance(info, dict) else None
        session = self._core.session
        if status == "Accepted" or not (session.open and session.txn == txn):
            return
        self._log.warn("ocpp", "the server does not accept the tag: %s", status)
        if self._keys.get("StopTransactionOnInvalidId"):
            self._core.stop("DeAuthorized")

    # ---- the core's events ----

    def _handle_events(self) -> None:
        ring = self._core.events
        while True:
            code = ring.pop()
            if code == events.NONE:
                break
            if code >= events.STATE:
                self._send_status(_CONNECTOR, STATES[code - events.STATE])
                self._transactions.finish_stop()
            elif code == events.VEHICLE_KNOWN:
                self._vehicle_info()
            elif code == events.START_READY:
                self._start()
            elif code == events.STOPPED:
                self._transactions.begin_stop()
                if self._core.connector.state == "Faulted":  # that status has gone out already
                    self._transactions.finish_stop()
            elif code == events.AUTHORIZATION_EXPIRED:
                self._log.info("charge", "no start within the connection time-out")
            elif code == events.FAULT_CHANGED:
                self._log_fault()
        self._apply_availability()

    def _start(self) -> None:
        core = self._core
        if not core.can_start():
            return
        txn = self._transactions.record_start(core.id_tag)
        if not txn:
            core.deauthorize()
        elif not core.start(txn):
            self._transactions.record_failed_start(txn)

    def _apply_availability(self) -> None:
        connector = self._core.connector
        if connector.operative != self._wanted_operative and not self._core.session.open:
            self._core.set_operative(self._wanted_operative)

    def _vehicle_info(self) -> None:
        core = self._core
        bms = core.bms
        temperature_c10 = bms.temperature_c10
        if temperature_c10 == UNKNOWN_TEMPERATURE:
            temperature_c10 = core.module.temperature_c10
            self._log.info("bms", "gives no temperature; VehicleInfo shows the power module's")
        voltage_mv = bms.voltage_mv if bms.voltage_mv >= 0 else core.module.terminal_mv
        data = rivot.vehicle_info(
            bms.soc_c100, bms.current_limit_ma, voltage_mv, bms.current_ma, temperature_c10
        )
        self.link.send("DataTransfer", data)

    def _log_fault(self) -> None:
        index = self._core.fault()
        if index < 0:
            self._log.info("fault", "cleared")
        else:
            self._log.error("fault", "%s: %s", FAULTS[index][NAME], FAULTS[index][TEXT])

    def _statuses(self, connector_id: int) -> None:
        connector = self._core.connector
        if connector_id < 1:
            self._send_status(0, "Available" if connector.operative else "Unavailable")
        if connector_id != 0:
            self._send_status(_CONNECTOR, connector.state)

    def _send_status(self, connector_id: int, status: str) -> None:
        error_code, info, vendor_code, vendor_id = "NoError", "", "", ""
        index = self._core.fault()
        if status == "Faulted" and index >= 0:
            row = FAULTS[index]
            error_code, info, vendor_code = row[ERROR_CODE], row[TEXT], row[NAME]
            vendor_id = rivot.VENDOR_ID
        unix_s = self._clock.unix_s()
        self.link.send(
            "StatusNotification",
            messages.status_notification(
                connector_id, error_code, status, unix_s, info, vendor_id, vendor_code
            ),
        )

    def _reset_when_due(self) -> None:
        if self._reset_at_s < 0 or self._core.sequence.state != "Off":
            return
        if self._clock.uptime_s() >= self._reset_at_s or self._transactions.all_delivered():
            self._reset_at_s = -1
            self._restart()
