"""One charger as the server sees it: what it said last, and the line it is connected by.

`Charger` outlives its connections; `Line` is one WebSocket, an `ocpp` ChargePoint whose
handlers store and answer. Nothing a charger sends ends more than its own answer.
"""

from __future__ import annotations

import asyncio
import json
import logging
import uuid
from collections import OrderedDict
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ocpp.messages import CallError
from ocpp.routing import on
from ocpp.v16 import ChargePoint, call_result
from ocpp.v16.enums import Action
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from tools.csms import schema
from tools.csms.events import iso

if TYPE_CHECKING:
    from tools.csms.central_system import CentralSystem

VENDOR = "RivotMotors"
_VEHICLE_INFO = ("soc", "maxCurrent", "voltage", "current", "temperature")
_SESSION_SUMMARY = ("finalSoc", "energyDelivered", "durationMinutes")
_REMEMBERED_IDS = 1000
_TAG_VALID = timedelta(days=365)
LOGGER = logging.getLogger("tools.csms.ocpp")
LOGGER.addHandler(logging.NullHandler())  # what goes wrong is in the conversation, marked
LOGGER.propagate = False


class NotConnected(Exception):
    """There is no charger of that identifier on the line, or the line broke while waiting."""


class CallFailed(Exception):
    """The charger answered with a CALLERROR, or not at all (`code` is then "Timeout")."""

    def __init__(self, code: str, description: str = "") -> None:
        super().__init__(f"{code}: {description}" if description else code)
        self.code = code
        self.description = description


@dataclass
class Charger:
    """The last known state of one charge box; `as_dict` is what `list` and a page show."""

    charge_box_id: str
    connected: bool = False
    last_seen: str = ""  # when its last message came
    boot: dict[str, Any] = field(default_factory=dict)
    statuses: dict[int, dict[str, str]] = field(default_factory=dict)
    transaction: dict[str, Any] | None = None
    vehicle: dict[str, float] | None = None
    meter: dict[str, str] = field(default_factory=dict)
    meter_timestamp: str = ""
    summary: dict[str, float] | None = None
    line: Line | None = field(default=None, repr=False)

    @property
    def status(self) -> str:
        """The charging connector's status, '' before the first word of it."""
        return self.statuses.get(1, {}).get("status", "")

    @property
    def phase(self) -> str:
        """Which of the guide's three screens is due, or the plain status."""
        if self.status in ("Faulted", "Unavailable"):
            return self.status
        if self.transaction:
            return "Charging Active"
        if self.summary:
            return "Session Complete"
        return "Vehicle Connected" if self.vehicle else self.status

    def as_dict(self) -> dict[str, Any]:
        """Everything but the line, ready for JSON."""
        data = {key: value for key, value in self.__dict__.items() if key != "line"}
        return {**data, "status": self.status, "phase": self.phase}


class Line(ChargePoint):  # type: ignore[misc]
    """One connection of one charger; `serve` runs until it ends."""

    def __init__(
        self, central: CentralSystem, charger: Charger, connection: ServerConnection
    ) -> None:
        super().__init__(charger.charge_box_id, self, logger=LOGGER)
        self.central = central
        self.charger = charger
        self.connection = connection
        self._asked: OrderedDict[str, str] = OrderedDict()  # their message ids -> action
        self._asking: OrderedDict[str, str] = OrderedDict()  # ours, still without an answer
        self._waiting: dict[str, asyncio.Future[schema.Frame]] = {}
        self._one_call = asyncio.Lock()  # OCPP-J 4.1.1: one CALL of ours at a time

    async def serve(self) -> None:
        """Take every message in its turn; returns when the connection is closed."""
        try:
            async for raw in self.connection:
                await self._receive(raw)
        except ConnectionClosed:
            pass
        finally:
            for future in self._waiting.values():
                if not future.done():
                    future.set_exception(NotConnected(f"{self.id} went away"))

    async def send(self, text: str) -> None:
        """Send one message and record it; `ocpp` sends its answers through here as well."""
        self._record("out", schema.read(text, lambda unique_id: self._asked.get(unique_id, "")))
        await self.connection.send(text)

    async def request(self, action: str, payload: Any, timeout_s: float) -> Any:
        """Send a CALL and give back its answer's payload, valid or not (the console marks it).

        Raises CallFailed, NotConnected.
        """
        unique_id = str(uuid.uuid4())
        text = json.dumps([schema.CALL, unique_id, action, payload], separators=(",", ":"))
        async with self._one_call:
            future: asyncio.Future[schema.Frame] = asyncio.get_running_loop().create_future()
            self._waiting[unique_id] = future
            self._asking[unique_id] = action
            try:
                await self.send(text)
                async with asyncio.timeout(timeout_s):
                    frame = await future
            except TimeoutError:
                raise CallFailed("Timeout", f"no answer within {timeout_s:g} s") from None
            except ConnectionClosed:
                raise NotConnected(f"{self.id} went away") from None
            finally:
                del self._waiting[unique_id]
                self._asking.pop(unique_id, None)
        if frame.type == schema.ERROR:
            error = frame.payload or {"code": "GenericError", "description": frame.problem}
            raise CallFailed(str(error["code"]), str(error["description"]))
        return frame.payload

    async def _receive(self, raw: str | bytes) -> None:
        self.charger.last_seen = iso(self.central.now())
        frame = schema.read(raw, lambda unique_id: self._asking.get(unique_id, ""))
        if frame.type == schema.CALL and frame.unique_id in self._asked:
            frame.problem = frame.problem or "this message id was used before"
        self._record("in", frame)
        if frame.type == schema.CALL:
            self._remember(frame)
            await self._answer(frame)
        elif frame.unique_id in self._waiting and not self._waiting[frame.unique_id].done():
            self._waiting[frame.unique_id].set_result(frame)

    def _remember(self, frame: schema.Frame) -> None:
        self._asked[frame.unique_id] = frame.action or "?"
        if len(self._asked) > _REMEMBERED_IDS:
            self._asked.popitem(last=False)

    async def _answer(self, frame: schema.Frame) -> None:
        """Let `ocpp` route a CALL that is right; refuse any other that has an id."""
        if not frame.code:
            await self.route_message(frame.raw)
        elif frame.unique_id:
            await self.send(CallError(frame.unique_id, frame.code, frame.problem, {}).to_json())

    def _record(self, direction: str, frame: schema.Frame) -> None:
        self.central.publish("message", self.id, {"direction": direction, **asdict(frame)})

    def _tell(self, kind: str, data: dict[str, Any]) -> None:
        self.central.publish(kind, self.id, data)

    def _tag_info(self) -> dict[str, str]:
        return {"status": "Accepted", "expiryDate": iso(self.central.now() + _TAG_VALID)}

    @on(Action.boot_notification)
    def on_boot_notification(self, **boot: Any) -> call_result.BootNotification:
        """Accepted, with the interval of the guide's example."""
        self.charger.boot = boot
        self._tell("boot", boot)
        return call_result.BootNotification(
            current_time=iso(self.central.now()),
            interval=self.central.interval_s,
            status="Accepted",
        )

    @on(Action.heartbeat)
    def on_heartbeat(self) -> call_result.Heartbeat:
        """The time."""
        return call_result.Heartbeat(current_time=iso(self.central.now()))

    @on(Action.status_notification)
    def on_status_notification(
        self, connector_id: int, error_code: str, status: str, **rest: Any
    ) -> call_result.StatusNotification:
        """Kept; a new vehicle or none ends what was shown of the last session."""
        at = rest.get("timestamp") or iso(self.central.now())
        data = {"status": status, "error_code": error_code, "info": rest.get("info") or ""}
        more = {"vendor_error_code": rest.get("vendor_error_code") or "", "timestamp": at}
        self.charger.statuses[connector_id] = {**data, **more}
        if connector_id and status in ("Available", "Preparing"):
            self.charger.summary, self.charger.meter = None, {}
            if status == "Available":
                self.charger.vehicle = None
        self.central.store.status(self.id, connector_id, at, data)
        self._tell("status", {"connector_id": connector_id, "timestamp": at, **data})
        return call_result.StatusNotification()

    @on(Action.authorize)
    def on_authorize(self, id_tag: str) -> call_result.Authorize:
        """Every tag is good."""
        return call_result.Authorize(id_tag_info=self._tag_info())

    @on(Action.start_transaction)
    def on_start_transaction(
        self, connector_id: int, id_tag: str, meter_start: int, timestamp: str, **_: Any
    ) -> call_result.StartTransaction:
        """A number of its own for each transaction; the same start again gets the same number."""
        number = self.central.store.start_transaction(
            self.id, connector_id, id_tag, timestamp, meter_start
        )
        self.charger.transaction = {
            "transaction_id": number,
            "connector_id": connector_id,
            "id_tag": id_tag,
            "meter_start": meter_start,
            "timestamp": timestamp,
        }
        self.charger.summary, self.charger.meter = None, {}
        self._tell("started", dict(self.charger.transaction))
        return call_result.StartTransaction(transaction_id=number, id_tag_info=self._tag_info())

    @on(Action.stop_transaction)
    def on_stop_transaction(
        self, meter_stop: int, timestamp: str, transaction_id: int, **rest: Any
    ) -> call_result.StopTransaction:
        """Always taken (OCPP 1.6 4.10: a server cannot prevent a stop)."""
        reason = rest.get("reason") or "Local"
        self.central.store.stop_transaction(self.id, transaction_id, timestamp, meter_stop, reason)
        self._store_samples(0, transaction_id, rest.get("transaction_data") or [])
        started, self.charger.transaction = self.charger.transaction, None
        connector_id = started["connector_id"] if started else 1
        self._tell(
            "stopped",
            {
                "transaction_id": transaction_id,
                "connector_id": connector_id,
                "meter_stop": meter_stop,
                "timestamp": timestamp,
                "reason": reason,
            },
        )
        return call_result.StopTransaction()

    @on(Action.meter_values)
    def on_meter_values(
        self,
        connector_id: int,
        meter_value: list[dict[str, Any]],
        transaction_id: int | None = None,
    ) -> call_result.MeterValues:
        """Kept one row a value; the newest are what the charging screen shows."""
        if transaction_id is not None and self.charger.transaction is None:
            # This server was started again in the middle of the session.
            self.charger.transaction = self.central.store.open_transaction(self.id, transaction_id)
        newest = self._store_samples(connector_id, transaction_id, meter_value)
        self.charger.meter = {**self.charger.meter, **newest}
        self.charger.meter_timestamp = meter_value[-1]["timestamp"] if meter_value else ""
        self._tell(
            "meter_values",
            {
                "connector_id": connector_id,
                "transaction_id": transaction_id,
                "timestamp": self.charger.meter_timestamp,
                "values": newest,
            },
        )
        return call_result.MeterValues()

    def _store_samples(
        self, connector_id: int, transaction_id: int | None, groups: list[dict[str, Any]]
    ) -> dict[str, str]:
        """Store every sample; the result is the newest value of each measurand."""
        newest = {}
        for group in groups:
            for sample in group["sampled_value"]:
                self.central.store.meter_value(
                    self.id, connector_id, transaction_id, group["timestamp"], sample
                )
                newest[sample.get("measurand", "Energy.Active.Import.Register")] = sample["value"]
        return newest

    @on(Action.data_transfer)
    def on_data_transfer(
        self, vendor_id: str, message_id: str = "", data: str = ""
    ) -> call_result.DataTransfer:
        """The guide's two messages; data that cannot be read is Rejected."""
        if vendor_id != VENDOR:
            return call_result.DataTransfer(status="UnknownVendorId")
        if message_id not in ("VehicleInfo", "SessionSummary"):
            return call_result.DataTransfer(status="UnknownMessageId")
        try:
            if message_id == "VehicleInfo":
                self._vehicle_info(_numbers(data, _VEHICLE_INFO))
            else:
                self._session_summary(_numbers(data, _SESSION_SUMMARY))
        except (ValueError, RecursionError) as error:
            self._tell("problem", {"what": f"{message_id}: {error}"})
            return call_result.DataTransfer(status="Rejected")
        return call_result.DataTransfer(status="Accepted")

    def _vehicle_info(self, data: dict[str, float]) -> None:
        self.charger.vehicle = data
        self.central.store.vehicle_info(self.id, 1, iso(self.central.now()), data)
        self._tell("vehicle_info", data)

    def _session_summary(self, data: dict[str, float]) -> None:
        newest = self.central.store.newest_transaction(self.id)
        number = newest["id"] if newest else None
        self.charger.summary = data
        self.central.store.session_summary(self.id, number, iso(self.central.now()), data)
        self._tell("session_summary", {"transaction_id": number, **data})

    @on(Action.firmware_status_notification)
    def on_firmware_status_notification(self, **_: Any) -> call_result.FirmwareStatusNotification:
        """Noted in the conversation."""
        return call_result.FirmwareStatusNotification()

    @on(Action.diagnostics_status_notification)
    def on_diagnostics_status_notification(
        self, **_: Any
    ) -> call_result.DiagnosticsStatusNotification:
        """Noted in the conversation."""
        return call_result.DiagnosticsStatusNotification()

    @on(Action.log_status_notification)
    def on_log_status_notification(self, **_: Any) -> call_result.LogStatusNotification:
        """Noted in the conversation."""
        return call_result.LogStatusNotification()

    @on(Action.security_event_notification)
    def on_security_event_notification(self, **_: Any) -> call_result.SecurityEventNotification:
        """Noted in the conversation."""
        return call_result.SecurityEventNotification()

    @on(Action.signed_firmware_status_notification)
    def on_signed_firmware_status_notification(
        self, **_: Any
    ) -> call_result.SignedFirmwareStatusNotification:
        """Noted in the conversation."""
        return call_result.SignedFirmwareStatusNotification()

    @on(Action.sign_certificate)
    def on_sign_certificate(self, **_: Any) -> call_result.SignCertificate:
        """Taken; the bench has no certificate authority, so no CertificateSigned follows."""
        return call_result.SignCertificate(status="Accepted")


def _numbers(text: str, names: tuple[str, ...]) -> dict[str, float]:
    """The named numbers of a `data` string; ValueError says which one is wrong."""
    data = json.loads(text)
    if not isinstance(data, dict):
        raise ValueError("data is not an object")
    for name in names:
        if isinstance(data.get(name), bool) or not isinstance(data.get(name), (int, float)):
            raise ValueError(f"{name} is not a number")
    return {name: float(data[name]) for name in names}
