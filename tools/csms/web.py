"""The page of the central system: a small web server beside it, on the loopback unless told.

GET gives the page's files and the history as CSV; everything live goes over one WebSocket at
`/live` (web_viewer.py). It has no password: who may connect may start, stop and configure.
Requests of other sites' pages are refused by Host and Origin.
"""

from __future__ import annotations

import ipaddress
import json
import logging
import sqlite3
from http import HTTPStatus
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from tools.csms import web_csv
from tools.csms.central_system import CentralSystem
from tools.csms.commands import Commands
from tools.csms.web_board import Board
from tools.csms.web_viewer import Viewer

_OWN = Path(__file__).resolve().parent / "page"
_SHARED = Path(__file__).resolve().parents[2] / "firmware" / "web" / "page"
_TYPES = {
    ".htm": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
}
_FILES = {
    "/": _OWN / "index.htm",
    **{f"/{name}": _SHARED / name for name in ("style.css", "phases.js", "chart.js")},
    **{
        f"/{name}": _OWN / name
        for name in (
            "csms.css",
            "base.js",
            "line.js",
            "orders.js",
            "talk.js",
            "history.js",
            "app.js",
        )
    },
}
_LANGUAGES = ("en", "hi")
_ALL = 1_000_000  # rows of a CSV file
_MAX_VIEWERS = 16
_MAX_ORDER = 16384  # bytes
LOGGER = logging.getLogger("tools.csms.web")
LOGGER.addHandler(logging.NullHandler())
LOGGER.propagate = False


class Page:
    """Serves the page of one central system."""

    def __init__(self, central: CentralSystem) -> None:
        self._board = Board(central)
        self._commands = Commands(central)
        self._server: Server | None = None
        self._host = ""

    async def start(self, host: str = "127.0.0.1", port: int = 9080) -> str:
        """Listen; the result is the page's address (`port` 0: any free one). Raises OSError."""
        self._host = host
        self._server = await serve(
            self._serve,
            host,
            port,
            process_request=self._answer,
            compression=None,
            max_size=_MAX_ORDER,
            close_timeout=2,
            logger=LOGGER,
        )
        port = next(iter(self._server.sockets)).getsockname()[1]
        return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"

    async def stop(self) -> None:
        """Close every line and stop listening."""
        self._board.close()
        if self._server:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    async def _serve(self, connection: ServerConnection) -> None:
        viewer = Viewer(self._board, self._commands, connection)
        self._board.viewers.add(viewer)
        try:
            await viewer.serve()
        finally:
            self._board.viewers.discard(viewer)

    def _answer(self, connection: ServerConnection, request: Request) -> Response | None:
        """A response, or None: this request opens a WebSocket."""
        host = request.headers.get_all("Host")
        if len(host) != 1 or not self._is_ours(host[0]):
            return _response(HTTPStatus.MISDIRECTED_REQUEST, "not the name of this server\n")
        address = urlsplit(request.path)
        if address.path == "/live":
            if request.headers.get_all("Origin") != [f"http://{host[0]}"]:
                return _response(HTTPStatus.FORBIDDEN, "only this server's own page may\n")
            if len(self._board.viewers) >= _MAX_VIEWERS:
                return _response(HTTPStatus.SERVICE_UNAVAILABLE, "too many open pages\n")
            return None
        if address.path in _FILES:
            path = _FILES[address.path]
            return _response(HTTPStatus.OK, path.read_bytes(), _TYPES[path.suffix])
        if address.path == "/words.json":
            return _response(HTTPStatus.OK, words(), "application/json")
        return self._table(address.path, parse_qs(address.query))

    def _is_ours(self, host: str) -> bool:
        """Another site may have its name resolved to this machine; it cannot take an address."""
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        if name in ("localhost", self._host.lower()):
            return bool(name)
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True

    def _table(self, path: str, query: dict[str, list[str]]) -> Response:
        """The history as a file."""
        store = self._board.store
        charge_box_id = query.get("charger", [""])[0]
        number = query.get("transaction", [""])[0]
        try:
            if path == "/sessions.csv":
                text = web_csv.table(store.sessions(charge_box_id, _ALL), web_csv.SESSIONS)
                return _csv("sessions", text)
            if path == "/samples.csv" and number.isdecimal() and len(number) < 19:
                text = web_csv.table(store.samples(int(number), _ALL), web_csv.SAMPLES)
                return _csv(f"samples-{int(number)}", text)
        except sqlite3.Error as error:
            return _response(HTTPStatus.INTERNAL_SERVER_ERROR, f"the database: {error}\n")
        return _response(HTTPStatus.NOT_FOUND, "there is no such page\n")


def words() -> bytes:
    """The words of the page by language: those of the charger's page, and its own."""
    tables = {}
    for language in _LANGUAGES:
        files = (_SHARED / f"{language}.json", _OWN / f"{language}.json")
        theirs, own = (json.loads(path.read_text(encoding="utf-8")) for path in files)
        tables[language] = {**theirs, **own}
    return json.dumps(tables, ensure_ascii=False).encode()


def _csv(name: str, text: str) -> Response:
    response = _response(HTTPStatus.OK, text, "text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def _response(status: HTTPStatus, body: str | bytes, kind: str = "text/plain") -> Response:
    data = body.encode("utf-8", "replace") if isinstance(body, str) else body
    headers = Headers(
        {
            "Content-Type": kind,
            "Content-Length": str(len(data)),
            "Connection": "close",
            "Cache-Control": "no-store",
            "Content-Security-Policy": "default-src 'self'; img-src data:; base-uri 'none';"
            " form-action 'none'; frame-ancestors 'none'",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        }
    )
    return Response(status.value, status.phrase, headers, data)
