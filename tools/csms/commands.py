"""The commands that drive chargers, one line each, typed or sent by another program.

`Commands.execute` takes a line and answers with a dict; `ControlPort` offers that over
TCP, one line in, one JSON object a line out, as `tools.sim` does.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from tools.csms.central_system import CentralSystem
from tools.csms.charger import CallFailed, NotConnected

_MAX_LINE = 65536
Call = tuple[str, dict[str, Any]]


def _start(tag: str, connector: str = "1") -> Call:
    return "RemoteStartTransaction", {"connectorId": int(connector), "idTag": tag}


def _stop(transaction: str) -> Call:
    return "RemoteStopTransaction", {"transactionId": int(transaction)}


def _set(key: str, value: str) -> Call:
    return "ChangeConfiguration", {"key": key, "value": value}


def _get(*keys: str) -> Call:
    return "GetConfiguration", {"key": list(keys)} if keys else {}


def _reset(kind: str) -> Call:
    return "Reset", {"type": kind}


def _availability(kind: str, connector: str = "0") -> Call:
    return "ChangeAvailability", {"connectorId": int(connector), "type": kind}


def _trigger(message: str, connector: str = "") -> Call:
    payload: dict[str, Any] = {"requestedMessage": message}
    if connector:
        payload["connectorId"] = int(connector)
    return "TriggerMessage", payload


def _unlock(connector: str = "1") -> Call:
    return "UnlockConnector", {"connectorId": int(connector)}


def _call(action: str, payload: str = "{}") -> Call:
    return action, json.loads(payload)


# name: what follows the charger's id, what it does, how its words become a CALL, most words it
# takes (the last word keeps its spaces).
_COMMANDS: dict[str, tuple[str, str, Callable[..., Call], int]] = {
    "start": ("TAG [CONNECTOR]", "start charging", _start, 2),
    "stop": ("[TX]", "stop charging", _stop, 1),
    "set": ("KEY VALUE", "change a configuration key", _set, 2),
    "get": ("[KEY...]", "read configuration keys, or all", _get, 99),
    "reset": ("Hard|Soft", "restart the charger", _reset, 1),
    "availability": (
        "Operative|Inoperative [CONNECTOR]",
        "put in or out of service",
        _availability,
        2,
    ),
    "trigger": ("MESSAGE [CONNECTOR]", "ask for a message", _trigger, 2),
    "unlock": ("[CONNECTOR]", "unlock the connector", _unlock, 1),
    "call": ("ACTION [JSON]", "send any CALL", _call, 2),
}


class Commands:
    """Turns command lines into calls on the central system."""

    names = (*_COMMANDS, "list")

    def __init__(self, central: CentralSystem) -> None:
        self._central = central

    def help(self) -> str:
        """One line a command."""
        rows = [(f"{name} [ID] {usage}", what) for name, (usage, what, *_) in _COMMANDS.items()]
        rows.append(("list", "every charger and what is known of it"))
        lines = [f"  {left:<52} {right}" for left, right in rows]
        return "\n".join([*lines, "  ID may be left out when one charger is connected"])

    async def execute(self, line: str) -> dict[str, Any]:
        """Do one command: {"ok": true, ...} or {"error": "..."}; raises nothing."""
        name, _, rest = line.strip().partition(" ")
        if name == "list":
            return {"ok": True, "chargers": [c.as_dict() for c in self._central.chargers.values()]}
        if name not in _COMMANDS:
            return {"error": f"unknown command {name!r}; known: {', '.join(self.names)}"}
        most = _COMMANDS[name][3]
        try:
            charge_box_id, rest = self._whom(rest.strip())
        except LookupError as error:
            return {"error": str(error.args[0])}
        words = rest.split(None, most - 1) if most < 99 else rest.split()
        return await self.order(charge_box_id, name, words)

    async def order(self, charge_box_id: str, name: str, words: list[str]) -> dict[str, Any]:
        """Do the command `name` for one charger, its words already apart; as `execute` answers."""
        if name not in _COMMANDS:
            return {"error": f"unknown command {name!r}; known: {', '.join(self.names)}"}
        usage, _, build, _ = _COMMANDS[name]
        try:
            if name == "stop" and not words:
                words = [self._open_transaction(charge_box_id)]
            action, payload = build(*words)
        except LookupError as error:
            return {"error": str(error.args[0])}
        except (TypeError, ValueError):
            return {"error": f"usage: {name} ID {usage}"}
        return await self._send(charge_box_id, action, payload)

    async def _send(self, charge_box_id: str, action: str, payload: Any) -> dict[str, Any]:
        try:
            return {"ok": True, "answer": await self._central.call(charge_box_id, action, payload)}
        except CallFailed as error:
            return {"error": str(error), "code": error.code}
        except NotConnected as error:
            return {"error": str(error)}

    def _whom(self, rest: str) -> tuple[str, str]:
        """The charger meant, and the words after it. Raises LookupError."""
        first, _, after = rest.partition(" ")
        if first in self._central.chargers:
            return first, after.strip()
        connected = [c.charge_box_id for c in self._central.chargers.values() if c.connected]
        if len(connected) != 1:
            known = ", ".join(connected) or "none"
            raise LookupError(f"which charger? {first!r} is not known; connected: {known}")
        return connected[0], rest

    def _open_transaction(self, charge_box_id: str) -> str:
        charger = self._central.chargers.get(charge_box_id)
        transaction = charger.transaction if charger else None
        if transaction is None:
            raise LookupError(f"{charge_box_id} has no open transaction; name one")
        return str(transaction["transaction_id"])


class ControlPort:
    """The TCP side: `execute` may be `Commands.execute` or anything of the same shape."""

    def __init__(self, execute: Callable[[str], Any]) -> None:
        self._execute = execute
        self._server: asyncio.Server | None = None

    async def start(self, port: int, host: str = "127.0.0.1") -> int:
        """Listen on the loopback; the result is the port. Raises OSError."""
        self._server = await asyncio.start_server(self._serve, host, port, limit=_MAX_LINE)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Stop listening; open connections end with the process."""
        if self._server:
            self._server.close()
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                answer = await self._execute(line.decode("utf-8", "replace"))
                writer.write(json.dumps(answer).encode() + b"\n")
                await writer.drain()
        except ValueError:  # longer than the limit
            writer.write(b'{"error": "the line is too long"}\n')
        except OSError:
            pass
        finally:
            writer.close()
