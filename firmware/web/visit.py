"""Answers one request: the page, its live connection; all else is loaded for the one request.

Loaded at the first visit, forgotten after the last. What changes something, or shows more than
the public screen, wants a session (access.py) or the token of the setting web_token.
"""

import sys

from micropython import const

from firmware.net.http_request import talk
from firmware.on_demand import load

_MOST = const(3)  # requests at a time, besides those who watch
_SECONDS = const(15)  # for a whole request and its answer
# Method and path, what is wanted (P public, S a session, T a session or the token), which module.
# A sign of its own tells what the module is to do.
_ROUTES = """
GET / P page
GET /live P live
POST /login P l
POST /logout S o
POST /start S a
POST /stop S z
POST /restart S r
GET /settings S g
POST /settings S s
GET /sessions S j
GET /sessions.csv S c
GET /log S e
GET /status.json T u
GET /metrics T m
"""


async def serve(
    web: "Listener", visit: list, reader: "StreamReader", writer: "StreamWriter"
) -> "Callable | None":
    """One connection, `visit` is its entry in `web.visits`; what goes on with it after this."""

    def answer(
        method: str, path: str, field: "Callable", body: bytes
    ) -> "tuple | Awaitable[tuple]":
        return _answer(web, method, path, field, body)

    if len(web.visits) - len(web.viewers) > _MOST:
        web.door.refused += 1
        return None
    visit[1] = _SECONDS
    return await talk(reader, writer, answer)


def refuse(web: "Listener", status: int, why: str) -> tuple:
    """The answer to what is not allowed, counted and logged; `why` holds nothing secret."""
    web.door.refused += 1
    web.charger.log.warn("web", "%d: %s", status, why)
    return status, "text/plain", why.encode()


def _answer(
    web: "Listener", method: str, path: str, field: "Callable", body: bytes
) -> "tuple | Awaitable":
    row = ""
    if " " not in path:
        row = _ROUTES.partition("\n%s %s " % (method, path))[2].partition("\n")[0]
    if not row:
        known = method in ("GET", "POST")
        return refuse(web, 404 if known else 405, "no such page: open /")
    if method == "POST" and not field(b"content-type").startswith(b"application/json"):
        return refuse(web, 403, "JSON wanted")
    if (method == "POST" or row == "P live") and not _same_site(field):
        return refuse(web, 403, "from another site")
    if row == "P page":
        return 200, "text/html; charset=utf-8\r\nContent-Encoding: gzip", open(_page(), "rb")
    if row == "P live":
        web.live = web.live or load("firmware.web.live")
        return web.live.accept(web, field)
    if row[0] != "P" and not load("firmware.web.access").allowed(web, field, row[0] == "T"):
        return refuse(web, 401, "log in first")
    return _private(web, row[2], field, body)


def _private(web: "Listener", what: str, field: "Callable", body: bytes) -> "tuple | Awaitable":
    if what in "lo":
        return load("firmware.web.access").answer(web, what, field, body)
    if what in "azr":
        return load("firmware.web.orders").answer(web, what)
    if what in "gs":
        return load("firmware.web.changes").answer(web, what, body)
    if what in "jce":
        return load("firmware.web.records").answer(web, what)
    return load("firmware.web.figures").answer(web, what)


def _page() -> str:
    return sys.modules["firmware"].__file__.rpartition("/")[0] + "/web/page.gz"


def _same_site(field: "Callable") -> bool:
    """Does the request come from a page of ours: Origin and Host must agree.

    The host must be an address or a local name: a stranger's name that leads here is no page of
    ours (DNS rebinding).
    """
    host = field(b"host")
    if field(b"origin") != b"http://" + host:
        return False
    name = host.split(b":")[0]
    return name.replace(b".", b"").isdigit() or b"." not in name or name[-6:] == b".local"
