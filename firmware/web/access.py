"""Who may see and change more than the public screen. Loaded for one request.

The password (setting web_password) is stored stretched, see storage/password.py. A session is a
random number in a cookie that scripts and other sites cannot use; it ends after half an hour
without a request, and when the charger restarts. After five wrong passwords in a row nobody can
log in for five minutes; a restart ends that, too, but nobody can restart the charger from here
without a session.
"""

import asyncio
import json
import os
from binascii import hexlify

from micropython import const

from firmware.storage.password import matching, same

_SESSIONS = const(0)  # in `web.kept`
_FAILED = const(1)
_LOCKED = const(2)
_MOST = const(3)  # sessions; the oldest goes
_SESSION_S = const(1800)
_FAILURES = const(5)
_LOCKED_S = const(300)
_LONGEST = const(64)
_PAUSE_MS = const(1000)  # after a wrong password
_COOKIE = b"rivot="
_JSON = "application/json\r\nSet-Cookie: rivot=%s; Path=/; HttpOnly; SameSite=Strict"


def allowed(web: "Listener", field: "Callable", token_too: bool) -> bool:
    """Has the request a live session, or (`token_too`) the token of the setting web_token."""
    now_s = web.charger.clock.uptime_s()
    sessions = web.kept[_SESSIONS] = [row for row in web.kept[_SESSIONS] if row[1] > now_s]
    given = _token(field)
    for row in sessions:
        if same(row[0], given):
            row[1] = now_s + _SESSION_S
            return True
    wanted = web.charger.settings.web_token
    return (
        token_too and wanted != "" and same(b"Bearer " + wanted.encode(), field(b"authorization"))
    )


def _token(field: "Callable") -> bytes:
    return field(b"cookie").partition(_COOKIE)[2].split(b";")[0]


def answer(web: "Listener", what: str, field: "Callable", body: bytes) -> "tuple | Awaitable":
    """Log in (l) or out (o)."""
    if what == "l":
        return _log_in(web, body)
    given = _token(field)
    web.kept[_SESSIONS] = [row for row in web.kept[_SESSIONS] if not same(row[0], given)]
    return 200, _JSON % "", b"{}"


async def _log_in(web: "Listener", body: bytes) -> tuple:
    stored = web.charger.settings.web_password
    if not stored:
        return web.code.refuse(
            web, 403, "no password is set; at the console: charger.settings('web_password', '...')"
        )
    now_s = web.charger.clock.uptime_s()
    locked_s = web.kept[_LOCKED] - now_s
    if locked_s > 0:
        return web.code.refuse(web, 429, "too many wrong passwords: wait %d s" % locked_s)
    if web.checking:
        return web.code.refuse(web, 429, "another password is being checked: try again")
    try:
        password = json.loads(body)["password"].encode()
    except (ValueError, TypeError, LookupError, AttributeError):
        password = b""
    web.checking = True
    try:
        right = len(password) <= _LONGEST and await _matches(stored, password)
    finally:
        web.checking = False
    if not right:
        return await _wrong(web)
    token = hexlify(os.urandom(16))
    sessions = web.kept[_SESSIONS][1 - _MOST :]
    sessions.append([token, web.charger.clock.uptime_s() + _SESSION_S])
    web.kept[_SESSIONS] = sessions
    web.kept[_FAILED] = 0
    web.charger.log.info("web", "logged in")
    return 200, _JSON % token.decode(), b"{}"


async def _wrong(web: "Listener") -> tuple:
    web.kept[_FAILED] += 1
    if web.kept[_FAILED] >= _FAILURES:
        web.kept[_FAILED] = 0
        web.kept[_LOCKED] = web.charger.clock.uptime_s() + _LOCKED_S
    told = web.code.refuse(web, 401, "wrong password")
    await asyncio.sleep_ms(_PAUSE_MS)
    return told


async def _matches(stored: str, password: bytes) -> bool:
    """Compare; the control loop turns in between."""
    for result in matching(stored, password):
        if result is not None:
            return result
        await asyncio.sleep_ms(0)
    return False
