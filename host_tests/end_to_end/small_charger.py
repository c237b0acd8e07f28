"""A small charger on PyPI `ocpp` and `websockets`: what the server's own tests talk to.

It plays the guide's session with the guide's numbers and understands the few control commands that
`tools.run` gives to the virtual charger. `faults` makes it break the guide in a known way.
"""

import asyncio
import json
from datetime import UTC, datetime

from ocpp.routing import on
from ocpp.v16 import ChargePoint, call, call_result
from ocpp.v16.enums import Action
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

VEHICLE_INFO = '{"soc":87.00,"maxCurrent":90.0,"voltage":76.38,"current":0.0,"temperature":26.5}'
SESSION_SUMMARY = '{"finalSoc":87.18,"energyDelivered":3.39,"durationMinutes":1.50}'


def now() -> str:
    """The time as the guide writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class SmallCharger(ChargePoint):
    """One charger on one connection, opened by `connected`, ended by `close`."""

    def __init__(self, charge_box_id, connection, faults=(), sample_interval_s=0.02):
        super().__init__(charge_box_id, connection, response_timeout=5)
        self.connection = connection
        self.faults = faults
        self.sample_interval_s = sample_interval_s
        self.connector = "Available"
        self.transaction_id = 0
        self.commands = []
        self.alive = True
        self._tasks = set()

    @classmethod
    async def connected(cls, url, charge_box_id="RIVOT_100A_01", faults=(), **options):
        """Open the line; nothing is sent until `boot`."""
        connection = await connect(f"{url}/{charge_box_id}", subprotocols=["ocpp1.6"], **options)
        charger = cls(charge_box_id, connection, faults)
        charger._spawn(charger._serve())
        return charger

    async def close(self):
        """End everything."""
        for task in self._tasks:
            task.cancel()
        await self.connection.close()

    def _spawn(self, coroutine):
        task = asyncio.ensure_future(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self):
        try:
            await self.start()
        except ConnectionClosed:
            self.alive = False

    async def boot(self):
        """BootNotification and the two statuses."""
        answer = await self.call(call.BootNotification("Rivot Charger", "Rivot Motors"))
        await self.status("Available", connector_id=0)
        await self.status("Available")
        return answer

    async def status(self, status, connector_id=1):
        """StatusNotification."""
        if connector_id:
            self.connector = status
        if status in self.faults:
            return
        await self.call(call.StatusNotification(connector_id, "NoError", status, now()))

    async def data_transfer(self, message_id, data):
        """One of Rivot's messages."""
        if message_id not in self.faults:
            return await self.call(call.DataTransfer("RivotMotors", message_id, data))

    async def command(self, line):
        """What `tools.run` says to the control port."""
        self.commands.append(line)
        if line == "plug":
            self._spawn(self._plugged())
        elif line == "unplug":
            self._spawn(self.status("Available"))
        elif line == "state":
            return {"connector": self.connector, "queued": 0, "plant": {"wh_delivered": 3.39}}
        elif line.split()[0] not in ("bms", "tag"):
            return {"error": "unknown command"}
        return {"ok": True}

    async def _plugged(self):
        await self.status("Preparing")
        await self.data_transfer("VehicleInfo", VEHICLE_INFO)

    @on(Action.remote_start_transaction)
    def on_remote_start(self, id_tag, **_):
        self._spawn(self._charge(id_tag))
        return call_result.RemoteStartTransaction("Accepted")

    async def _charge(self, id_tag):
        started = await self.call(call.StartTransaction(1, id_tag, 0, now()))
        self.transaction_id = started.transaction_id
        await self.status("Charging")
        while self.transaction_id and "MeterValues" not in self.faults:
            await self.meter_values()
            await asyncio.sleep(self.sample_interval_s)

    async def meter_values(self):
        """The guide's sample."""
        rows = (
            ("0", "Energy.Active.Import.Register", "Wh"),
            ("142.00", "Power.Active.Import", "W"),
            ("87.07", "SoC", "Percent"),
            ("77.15", "Voltage", "V"),
            ("1.85", "Current.Import", "A"),
        )
        samples = [
            {"value": v, "context": "Sample.Periodic", "measurand": m, "unit": u}
            for v, m, u in rows
        ]
        value = [{"timestamp": now(), "sampledValue": samples}]
        await self.call(call.MeterValues(1, value, self.transaction_id))

    @on(Action.remote_stop_transaction)
    def on_remote_stop(self, transaction_id):
        if transaction_id != self.transaction_id:
            return call_result.RemoteStopTransaction("Rejected")
        self.transaction_id = 0
        self._spawn(self._finish(transaction_id))
        return call_result.RemoteStopTransaction("Accepted")

    async def _finish(self, transaction_id):
        steps = [
            lambda: self.data_transfer("SessionSummary", SESSION_SUMMARY),
            lambda: self.status("Finishing"),
            lambda: self.call(call.StopTransaction(3, now(), transaction_id, "Remote")),
        ]
        for step in reversed(steps) if "order" in self.faults else steps:
            await step()

    @on(Action.get_configuration)
    def on_get_configuration(self, key=None):
        known = [{"key": "HeartbeatInterval", "readonly": False, "value": "60"}]
        return call_result.GetConfiguration(known, [k for k in key or [] if k != known[0]["key"]])

    @on(Action.change_configuration)
    def on_change_configuration(self, key, value):
        if key == "Broken":
            raise RuntimeError("a handler that fails")
        return call_result.ChangeConfiguration("Accepted" if value else "Rejected")

    async def raw(self, text):
        """Send any text."""
        await self.connection.send(text if isinstance(text, (str, bytes)) else json.dumps(text))
