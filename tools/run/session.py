"""Plays the integration guide's session with a virtual charger and checks it against the guide.

`GuideSession` owns the server's side and checks the ten steps; `LocalSession` has somebody else's
server and can only watch the charger. Every wait ends: `SessionFailed` says what was missing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

from tools.csms import schema
from tools.csms.central_system import CentralSystem
from tools.csms.charger import CallFailed, NotConnected
from tools.csms.console import Console
from tools.csms.events import Event
from tools.run import screens
from tools.run.charger import ChargerGone

TAG = "TEST_TAG"  # the guide's
LOCAL_TAG = "0A1B2C3D4E"
SAMPLES = 3
_SETTLED_MS = 2000
# The guide's numbers: when plugged in, while charging, and when the state of charge has risen.
AT_PLUG_IN = "bms soc=87.00 voltage=76.38 current_limit=90 temperature=26.5"
AT_CHARGING = "bms soc=87.07 voltage=77.15 current_limit=1.85"
AT_THE_END = "bms soc=87.18"
VEHICLE_INFO = '{"soc":87.00,"maxCurrent":90.0,"voltage":76.38,"current":0.0,"temperature":26.5}'
STEPS = (
    "StatusNotification (Preparing)",
    "DataTransfer (VehicleInfo)",
    "RemoteStartTransaction",
    "StartTransaction",
    "StatusNotification (Charging)",
    "MeterValues",
    "RemoteStopTransaction",
    "DataTransfer (SessionSummary)",
    "StatusNotification (Finishing)",
    "StopTransaction",
)


class SessionFailed(Exception):
    """The session did not come to its end; the text says what was missing."""


class PlayedCharger(Protocol):
    """What a session needs of a charger."""

    @property
    def alive(self) -> bool:
        """The process runs."""

    async def command(self, line: str) -> dict[str, Any]:
        """One control command."""


async def tell(charger: PlayedCharger, line: str) -> dict[str, Any]:
    """A control command that must succeed. Raises SessionFailed."""
    try:
        answer = await charger.command(line)
    except ChargerGone as error:
        raise SessionFailed(str(error)) from None
    if "error" in answer:
        raise SessionFailed(f"the virtual charger refused `{line}`: {answer['error']}")
    return answer


async def settle(charger: PlayedCharger) -> None:
    """Wait until the charger has been up for a while: a gun that is in before counts as plugged at
    power-up, and then the guide has no VehicleInfo. Raises SessionFailed."""
    uptime_ms = (await tell(charger, "state")).get("uptime_ms")
    if uptime_ms is not None:
        await asyncio.sleep(max(0, _SETTLED_MS - uptime_ms) / 1000)


def step(event: Event) -> str:
    """The event's name among the guide's ten steps, or '' when it is none of them."""
    data = event.data
    if event.kind != "message" or data["type"] != schema.CALL or data["problem"]:
        return ""
    action, payload = data["action"], data["payload"]
    if action == "StatusNotification":
        return f"{action} ({payload['status']})" if payload["connectorId"] == 1 else ""
    if action == "DataTransfer":
        return f"{action} ({payload.get('messageId')})"
    return action if action in STEPS else ""


class GuideSession:
    """One session, started and stopped by the server in this process."""

    def __init__(
        self,
        central: CentralSystem,
        charge_box_id: str,
        charger: PlayedCharger,
        console: Console,
        patience: float = 1,
    ) -> None:
        self._central = central
        self._id = charge_box_id
        self._charger = charger
        self._console = console
        self._patience = patience  # every time-out is multiplied by it
        self._events: list[Event] = []
        self._phase = 0  # where the phase's events begin
        self._changed = asyncio.Event()
        self._unsubscribe = central.subscribe(self._hear)

    async def play(self) -> bool:
        """The whole session; True when all of it was as the guide says. Raises SessionFailed."""
        try:
            await self._boot()
            plugged = await self._connect_vehicle()
            await self._charge()
            await self._finish()
            checks = self._checks(plugged)
            await self._leave()
        finally:
            self._unsubscribe()
        return self._report(checks)

    async def _boot(self) -> None:
        self._say("waiting for the charger to start and to say BootNotification")
        await self._until("BootNotification", lambda e: e.kind == "boot", 60)
        await self._until_status("Available", 30)

    async def _connect_vehicle(self) -> int:
        """Plug in; the result is where in the events that was."""
        await settle(self._charger)
        await tell(self._charger, AT_PLUG_IN)
        start = self._next_phase()
        self._say("1  plugging the vehicle in; waiting for Preparing and VehicleInfo")
        await tell(self._charger, "plug")
        await self._until_status("Preparing", 20)
        vehicle = await self._until("VehicleInfo", lambda e: e.kind == "vehicle_info", 20)
        self._draw(screens.vehicle_connected(vehicle.data))
        return start

    async def _charge(self) -> None:
        self._next_phase()
        await tell(self._charger, AT_CHARGING)
        self._say(f"2  the server starts the session (RemoteStartTransaction, {TAG})")
        await self._call("RemoteStartTransaction", {"connectorId": 1, "idTag": TAG})
        await self._until("StartTransaction", lambda e: e.kind == "started", 30)
        await self._until_status("Charging", 30)
        self._say(f"   waiting for {SAMPLES} MeterValues, MeterValueSampleInterval apart (10 s)")
        for sample in range(1, SAMPLES + 1):
            what = f"MeterValues {sample} of {SAMPLES}"
            await self._until(what, lambda e: e.kind == "meter_values", 40, sample)
            if sample == SAMPLES - 1:
                await tell(self._charger, AT_THE_END)
        charger = self._central.chargers[self._id]
        self._draw(screens.charging_active(charger, (charger.vehicle or {}).get("soc", 0)))

    async def _finish(self) -> None:
        self._next_phase()
        self._say("3  the server stops the session (RemoteStopTransaction)")
        transaction = self._central.chargers[self._id].transaction or {}
        number = transaction.get("transaction_id", 0)
        await self._call("RemoteStopTransaction", {"transactionId": number})
        kinds = (lambda e: e.kind == "session_summary", lambda e: e.kind == "stopped")
        summary = await self._until("SessionSummary", kinds[0], 20)
        await self._until_status("Finishing", 20)
        await self._until("StopTransaction", kinds[1], 20)
        self._draw(screens.session_complete(summary.data))

    async def _leave(self) -> None:
        self._next_phase()
        self._say("   unplugging; waiting for Available")
        await tell(self._charger, "unplug")
        await self._until_status("Available", 20)

    def _checks(self, start: int) -> list[tuple[bool, str]]:
        """What the guide promises, each with whether it was so."""
        seen: list[str] = []
        events = self._events[start:]
        for name in filter(None, map(step, events)):
            if name != "MeterValues" or seen[-1:] != [name]:
                seen.append(name)
        checks = [
            (number < len(seen) and seen[number] == name, f"{number + 1:2} {name}")
            for number, name in enumerate(STEPS)
        ]
        if seen != list(STEPS):
            checks.append((False, "the order was: " + ", ".join(seen)))
        if any(event.data.get("replaced") for event in self._events):
            checks.append((False, f"a second charger that calls itself {self._id} took the line"))
        messages = [event for event in self._events if event.kind == "message"]
        wrong = sum(bool(e.data["problem"]) or e.data["type"] == schema.ERROR for e in messages)
        checks.append((not wrong, f"{len(messages)} messages, {wrong} against the OCPP schemas"))
        texts = [e.data["payload"].get("data") for e in messages if step(e) == STEPS[1]]
        checks.append((texts == [VEHICLE_INFO], "VehicleInfo's data is the guide's, to the byte"))
        return checks

    def _report(self, checks: list[tuple[bool, str]]) -> bool:
        self._say("the session, step by step:")
        for right, text in checks:
            self._console.line(
                f"  {'✓' if right else '✗'} {text}", "green" if right else "bold red"
            )
        return all(right for right, _ in checks)

    async def _call(self, action: str, payload: dict[str, Any]) -> None:
        try:
            answer = await self._central.call(self._id, action, payload)
        except (CallFailed, NotConnected) as error:
            raise SessionFailed(f"{action}: {error}") from None
        status = answer.get("status") if isinstance(answer, dict) else answer
        if status != "Accepted":
            raise SessionFailed(f"the charger answered {action} with {status}")

    async def _until_status(self, status: str, timeout_s: float) -> Event:
        return await self._until(
            f"StatusNotification ({status}) of connector 1",
            lambda e: (
                e.kind == "status" and e.data["connector_id"] == 1 and e.data["status"] == status
            ),
            timeout_s,
        )

    async def _until(
        self, what: str, fits: Callable[[Event], bool], timeout_s: float, count: int = 1
    ) -> Event:
        """The `count`-th event of this phase that fits, come or still to come."""
        timeout_s *= self._patience
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    found = [event for event in self._events[self._phase :] if fits(event)]
                    if len(found) >= count:
                        return found[count - 1]
                    self._changed.clear()
                    await self._wake()
        except TimeoutError:
            state = self._central.chargers.get(self._id)
            seen = f"connected, {state.status or 'no status yet'}" if state else "never connected"
            raise SessionFailed(
                f"waited {timeout_s:g} s for {what}; it did not come (the charger is: {seen})"
            ) from None

    async def _wake(self) -> None:
        """Until an event comes; looks every half second whether the charger still lives."""
        while not self._changed.is_set():
            if not self._charger.alive:
                raise SessionFailed("the virtual charger has ended")
            try:
                async with asyncio.timeout(0.5):
                    await self._changed.wait()
            except TimeoutError:
                continue

    def _hear(self, event: Event) -> None:
        if event.charge_box_id == self._id:
            self._events.append(event)
            self._changed.set()

    def _next_phase(self) -> int:
        self._phase = len(self._events)
        return self._phase

    def _say(self, text: str) -> None:
        self._console.line(f"== {text}", "bold")

    def _draw(self, screen: str) -> None:
        self._console.line(screen, "bold cyan")


class LocalSession:
    """One session with a server that is not ours: started and stopped by a tag."""

    def __init__(self, charger: PlayedCharger, console: Console, charge_s: float = 30) -> None:
        self._charger = charger
        self._console = console
        self._charge_s = charge_s

    async def play(self) -> bool:
        """The whole session as the charger's own state shows it. Raises SessionFailed."""
        self._say("waiting for the server to accept the charger (state: online)")
        await self._until("online", lambda s: s.get("online"), 90)
        await settle(self._charger)
        await tell(self._charger, AT_PLUG_IN)
        await self._step("plug", "plugging the vehicle in", "Preparing")
        await tell(self._charger, AT_CHARGING)
        await self._step(f"tag {LOCAL_TAG}", f"presenting tag {LOCAL_TAG}", "Charging")
        self._say(f"charging for {self._charge_s:g} s")
        await asyncio.sleep(self._charge_s)
        await tell(self._charger, AT_THE_END)
        await self._step(f"tag {LOCAL_TAG}", "presenting the tag again", "Finishing")
        state = await self._until("all messages delivered", lambda s: s.get("queued") == 0, 60)
        await self._step("unplug", "unplugging", "Available")
        self._console.line(
            f"  ✓ {state['plant'].get('wh_delivered', 0):.2f} Wh delivered", "green"
        )
        return True

    async def _step(self, command: str, what: str, connector: str) -> None:
        self._say(f"{what}; waiting for {connector}")
        await tell(self._charger, command)
        await self._until(connector, lambda s: s.get("connector") == connector, 30)

    async def _until(
        self, what: str, fits: Callable[[dict[str, Any]], Any], timeout_s: float
    ) -> dict[str, Any]:
        state: dict[str, Any] = {}
        try:
            async with asyncio.timeout(timeout_s):
                while not fits(state := await tell(self._charger, "state")):
                    await asyncio.sleep(0.2)
        except TimeoutError:
            raise SessionFailed(f"waited {timeout_s:g} s for {what}; state: {state}") from None
        return state

    def _say(self, text: str) -> None:
        self._console.line(f"== {text}", "bold")
