"""The WebSocket server: who may connect, which line belongs to which charger, calls to them.

Prints nothing and reads no keyboard: subscribe to its events for that. Used by
`python -m tools.csms`, `python -m tools.run` and by tests in their own process.
"""

from __future__ import annotations

import hmac
import logging
import sqlite3
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import InvalidHeader
from websockets.headers import build_www_authenticate_basic, parse_authorization_basic
from websockets.http11 import Request, Response

from tools.csms.charger import Charger, Line, NotConnected
from tools.csms.events import Event, Feed, Listener, iso, utc_now
from tools.csms.store import Store

PATH = "/steve/websocket/CentralSystemService"
_SUBPROTOCOL = "ocpp1.6"
_MAX_ID = 50  # the guide's charge_box_id column
_MAX_CHARGERS = 1000
_MAX_MESSAGE = 1 << 20
LOGGER = logging.getLogger("tools.csms.websockets")
LOGGER.addHandler(logging.NullHandler())
LOGGER.propagate = False


class CentralSystem:
    """A central system for the bench.

    `passwords` maps charge box ids to Basic auth passwords; with any, nobody else gets in.
    """

    def __init__(
        self,
        store: Store | None = None,
        passwords: dict[str, str] | None = None,
        interval_s: int = 14400,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self.store = store or Store()
        self.passwords = passwords or {}
        self.interval_s = interval_s
        self.now = now
        self.chargers: dict[str, Charger] = {}
        self.events = Feed()
        self._server: Server | None = None

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Hear every event from now on; call the result to stop hearing."""
        return self.events.subscribe(listener)

    def publish(self, kind: str, charge_box_id: str, data: dict[str, Any]) -> None:
        """Store a message and tell the listeners about any event."""
        event = Event(kind, charge_box_id, self.now(), data)
        if kind == "message":
            try:
                self.store.message(iso(event.at), charge_box_id, data)
            except (sqlite3.Error, ValueError):
                LOGGER.exception("a message could not be stored")  # the line lives on
        self.events.publish(event)

    async def start(self, host: str = "127.0.0.1", port: int = 9000) -> int:
        """Listen; the result is the port (`port` 0: any free one). Raises OSError."""
        self._server = await serve(
            self._serve,
            host,
            port,
            subprotocols=[_SUBPROTOCOL],  # type: ignore[list-item]
            process_request=self._admit,
            compression=None,
            max_size=_MAX_MESSAGE,
            close_timeout=2,
            logger=LOGGER,
        )
        return int(next(iter(self._server.sockets)).getsockname()[1])

    async def stop(self) -> None:
        """Close every line (1001) and stop listening; the store stays open."""
        if self._server:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    async def call(
        self, charge_box_id: str, action: str, payload: Any = None, timeout_s: float = 30
    ) -> Any:
        """Send a CALL and give back the answer's payload. Raises NotConnected, CallFailed."""
        return await self._line(charge_box_id).request(action, payload or {}, timeout_s)

    async def send_raw(self, charge_box_id: str, text: str) -> None:
        """Send any text as a message, to see how a charger takes it. Raises NotConnected."""
        await self._line(charge_box_id).send(text)

    def _line(self, charge_box_id: str) -> Line:
        charger = self.chargers.get(charge_box_id)
        if charger is None or charger.line is None:
            raise NotConnected(f"{charge_box_id} is not connected")
        return charger.line

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        """Refuse a wrong path, identifier or password before the WebSocket opens."""
        charge_box_id = _charge_box_id(request.path)
        if charge_box_id is None:
            return self._refuse(connection, HTTPStatus.NOT_FOUND, f"the path is {PATH}/{{id}}")
        if charge_box_id not in self.chargers and len(self.chargers) >= _MAX_CHARGERS:
            return self._refuse(connection, HTTPStatus.SERVICE_UNAVAILABLE, "too many chargers")
        if self.passwords and not self._authorized(charge_box_id, request):
            response = self._refuse(connection, HTTPStatus.UNAUTHORIZED, "wrong id or password")
            response.headers["WWW-Authenticate"] = build_www_authenticate_basic("OCPP")
            return response
        return None

    def _refuse(self, connection: ServerConnection, status: HTTPStatus, why: str) -> Response:
        path = connection.request.path if connection.request else ""
        self.publish("refused", _charge_box_id(path) or "?", {"status": int(status), "why": why})
        return connection.respond(status, why + "\n")

    def _authorized(self, charge_box_id: str, request: Request) -> bool:
        """OCPP-J 1.6 6.2: the user name is the charge point's identifier."""
        try:
            user, password = parse_authorization_basic(request.headers.get("Authorization", ""))
        except InvalidHeader:
            return False
        expected = self.passwords.get(charge_box_id, "")
        right = hmac.compare_digest(password.encode(), expected.encode())
        return right and user == charge_box_id and charge_box_id in self.passwords

    async def _serve(self, connection: ServerConnection) -> None:
        charge_box_id = (
            _charge_box_id(connection.request.path if connection.request else "") or "?"
        )
        charger = self.chargers.setdefault(charge_box_id, Charger(charge_box_id))
        old, line = charger.line, Line(self, charger, connection)
        charger.line, charger.connected = line, True
        address = "{}:{}".format(*(connection.remote_address or ("?", 0))[:2])
        self.publish("connected", charge_box_id, {"address": address})
        if old:  # the charger lost its line before we noticed
            await old.connection.close(1001, "replaced by a newer connection")
        try:
            await line.serve()
        finally:
            replaced = charger.line is not line
            if not replaced:
                charger.line, charger.connected = None, False
            self.publish(
                "disconnected",
                charge_box_id,
                {
                    "code": connection.close_code,
                    "reason": connection.close_reason,
                    "replaced": replaced,
                },
            )


def _charge_box_id(path: str) -> str | None:
    """The identifier at the end of the request's path, or None when the path is another one."""
    head, _, last = path.partition("?")[0].rpartition("/")
    charge_box_id = unquote(last, errors="replace")
    fits = 0 < len(charge_box_id) <= _MAX_ID and charge_box_id.isprintable()
    return charge_box_id if head == PATH and fits else None
