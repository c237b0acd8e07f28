"""Steps with the charger's own page: requests, log-in, a live connection."""

import base64
import json
from collections.abc import Iterator
from typing import Any

from tools.sim.bench import Bench
from tools.sim.visitors import Response, Visitor

HOST = "192.168.4.1"
HERE = {"Origin": f"http://{HOST}"}
JSON = {"Content-Type": "application/json", **HERE}
PASSWORD = "open sesame"
TOKEN = "for-prometheus"
TAG = "0A1B2C3D4E"
PAGE = {"web_port": 80, "web_password": PASSWORD, "web_token": TOKEN, "web_tag": TAG}
LIVE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": base64.b64encode(b"0123456789abcdef").decode(),
    **HERE,
}
_TRIES = 6


def ask(
    bench: Bench,
    method: str,
    path: str,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
    cookie: str = "",
) -> Response:
    """A request; as the page does, it comes again while the charger needs its memory."""
    told = {**(headers or {}), **({"Cookie": cookie} if cookie else {})}
    for _ in range(_TRIES):
        answer = bench.http(method, path, body, told)
        if answer.status not in (0, 503):
            return answer
        bench.run(float(answer.headers.get("retry-after", "5")))
    raise AssertionError(f"{method} {path}: the charger is always busy")


def post(bench: Bench, path: str, values: Any = None, cookie: str = "") -> Response:
    """A POST as the page sends it."""
    return ask(bench, "POST", path, json.dumps(values or {}).encode(), JSON, cookie)


def log_in(bench: Bench, password: str = PASSWORD) -> str:
    """The cookie of a new session."""
    answer = post(bench, "/login", {"password": password})
    assert answer.status == 200, answer.body
    return answer.headers["set-cookie"].split(";")[0]


def figures(bench: Bench) -> dict[str, float]:
    """/metrics, by name."""
    answer = ask(bench, "GET", "/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status == 200, answer.body
    rows = (line.split() for line in answer.body.decode().splitlines() if line[0] != "#")
    return {name: float(value) for name, value in rows}


def watch(bench: Bench) -> Visitor:
    """A live connection that has begun."""
    lines = [f"GET /live HTTP/1.1\r\nHost: {HOST}", *(f"{k}: {v}" for k, v in LIVE.items())]
    visitor: Visitor

    def answered() -> bool:
        return visitor.over or bool(visitor.response().status)

    for _ in range(_TRIES):
        visitor = bench.visitors.visit(80, ("\r\n".join(lines) + "\r\n\r\n").encode())
        bench.run_until(answered, 20, "an upgrade")
        if visitor.response().status == 101:
            return visitor
        bench.run(5)
    raise AssertionError(f"no live connection: {visitor.response()}")


def states(visitor: Visitor) -> Iterator[dict]:
    """The texts a live connection has been sent."""
    data = bytes(visitor.received).partition(b"\r\n\r\n")[2]
    while data:
        size, at = data[1], 2
        if size == 126:
            size, at = int.from_bytes(data[2:4], "big"), 4
        if len(data) < at + size:
            return
        if data[0] == 0x81:
            yield json.loads(data[at : at + size])
        data = data[at + size :]
