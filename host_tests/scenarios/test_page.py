"""The charger's page in the chip's memory: what it serves, whom, and what it never lets happen."""

import json
import random

import pytest

from host_tests.scenarios.conftest import booted
from host_tests.scenarios.steps import (
    calls,
    current_flows,
    expect_status,
    plug,
    remote_stop,
    session_ends,
)
from tools.sim.bench import Bench
from tools.sim.page_visits import (
    HERE,
    JSON,
    LIVE,
    PAGE,
    PASSWORD,
    TAG,
    TOKEN,
    ask,
    figures,
    log_in,
    post,
    states,
    watch,
)

CHIP = pytest.mark.parametrize("interpreter", ["micropython32"], indirect=True)
BEARER = {"Authorization": f"Bearer {TOKEN}"}
SESSION_S = 1800


@pytest.fixture
def bench(start) -> Bench:
    bench = start(PAGE)
    booted(bench)
    bench.run(5)
    return bench


@CHIP
def test_page_status_and_metrics(bench: Bench) -> None:
    answer = ask(bench, "GET", "/")
    assert answer.status == 200 and b"Vehicle Connected" in answer.body
    assert answer.headers["content-encoding"] == "gzip"
    assert "default-src 'none'" in answer.headers["content-security-policy"]

    status = json.loads(ask(bench, "GET", "/status.json", headers=BEARER).body)
    assert status["public"]["state"] == "Available" and status["server"]["online"] == 1
    assert status["heap"]["free"] > 0 and status["module"]["mv"] >= 0
    values = figures(bench)
    assert values["rivot_online"] == 1 and values["rivot_charging"] == 0
    assert values["rivot_uptime_seconds"] == pytest.approx(status["uptime_s"], abs=30)
    bench.run(10)
    assert bench.state()["heap_free"] > 12_000 and bench.charger.starts == 1


REFUSED = [
    ("GET", "/settings", b"", {}, 401),
    ("GET", "/sessions", b"", {}, 401),
    ("GET", "/sessions.csv", b"", {}, 401),
    ("GET", "/log", b"", {}, 401),
    ("GET", "/metrics", b"", {}, 401),
    ("GET", "/status.json", b"", {"Authorization": "Bearer wrong"}, 401),
    ("GET", "/settings", b"", BEARER, 401),  # the token is for figures
    ("GET", "/log", b"", {"Cookie": "rivot=" + "0" * 32}, 401),
    ("POST", "/start", b"{}", JSON, 401),
    ("POST", "/login", b"{}", {"Content-Type": "application/json"}, 403),  # no Origin
    ("POST", "/start", b"{}", {**JSON, "Origin": "http://evil.test"}, 403),
    ("POST", "/login", b"password=x", {**HERE, "Content-Type": "text/plain"}, 403),
    ("GET", "/live", b"", {**LIVE, "Origin": "http://evil.test"}, 403),
    ("GET", "/live", b"", HERE, 400),
    ("GET", "/../settings.json", b"", {}, 404),
    ("GET", "/..%2fsettings.json", b"", {}, 404),
    ("GET", "//settings.json", b"", {}, 404),
    ("GET", "/web/../../ocpp.json", b"", {}, 404),
    ("DELETE", "/", b"", {}, 405),
]  # fmt: skip


@CHIP
def test_what_is_not_allowed_is_refused_logged_and_counted(bench: Bench) -> None:
    before = {name: bench.files.read(name) for name in bench.files.names() if ".json" in name}
    counted = figures(bench)["rivot_web_refused_total"]
    for method, path, body, headers, status in REFUSED:
        answer = ask(bench, method, path, body, headers)
        assert answer.status == status, (method, path, headers, answer)
    assert figures(bench)["rivot_web_refused_total"] >= counted + len(REFUSED)
    for status in (401, 403, 404, 405):
        assert f"web: {status}" in bench.output or f"web {status}" in bench.output
    assert TOKEN not in bench.output and PASSWORD not in bench.output
    assert {name: bench.files.read(name) for name in before} == before


@CHIP
def test_ten_megabytes_are_not_taken(bench: Bench) -> None:
    """Refused by the head alone; whoever sends all the same is cut off."""
    head = b"POST /login HTTP/1.1\r\nHost: 192.168.4.1\r\nContent-Length: 10485760\r\n\r\n"
    visitor = bench.visitors.visit(80, head + b"x" * 10_485_760)
    bench.run_until(lambda: visitor.over, 60, "an end")
    assert visitor.response().status in (0, 413)
    told = bench.http("POST", "/login", b"", {"Content-Length": "10485760"})
    assert told.status == 413
    bench.run(5)
    assert figures(bench)["rivot_online"] == 1 and bench.charger.starts == 1


@CHIP
def test_wrong_passwords_lock(bench: Bench) -> None:
    assert PASSWORD.encode() not in bench.files.read("settings.json")
    for number in range(5):
        answer = post(bench, "/login", {"password": f"guess {number}"})
        assert answer.status == 401
    told = post(bench, "/login", {"password": PASSWORD})
    assert told.status == 429 and b"wait" in told.body
    # How long, and what ends it: host_tests/unit/web/test_access.py.


@CHIP
def test_no_secret_is_shown(bench: Bench) -> None:
    cookie = log_in(bench)
    shown = ask(bench, "GET", "/settings", cookie=cookie)
    assert shown.status == 200
    rows = {row[0]: row[2] for row in json.loads(shown.body)}
    assert rows["web_password"] is True and rows["web_tag"] == TAG
    assert TOKEN.encode() not in shown.body and b"$" not in shown.body
    assert post(bench, "/logout", cookie=cookie).status == 200
    assert ask(bench, "GET", "/log", cookie=cookie).status == 401


@CHIP
@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_stolen_cookie_is_worth_nothing_later(bench: Bench) -> None:
    """As host_tests/unit/web/test_access.py, but in the whole charger."""
    cookie = log_in(bench)
    bench.run(SESSION_S - 60)
    assert ask(bench, "GET", "/log", cookie=cookie).status == 200  # in use: it goes on
    bench.run(SESSION_S + 1)
    assert ask(bench, "GET", "/log", cookie=cookie).status == 401


@CHIP
def test_a_session_from_the_page(bench: Bench) -> None:
    """As the page does it: it does not watch while it asks for something."""
    viewer = watch(bench)
    plug(bench)
    bench.run(2)
    assert list(states(viewer))[-1]["vehicle"]["limit_ma"] == 90_000
    viewer.close()
    cookie = log_in(bench)
    assert post(bench, "/start", cookie=cookie).status == 200
    bench.expect("StartTransaction", within_s=20, idTag=TAG)
    expect_status(bench, "Charging")
    current_flows(bench)
    viewer = watch(bench)
    bench.run(10)
    now = list(states(viewer))[-1]
    viewer.close()
    assert now["state"] == "Charging" and now["session"]["power_mw"] > 100_000
    assert post(bench, "/stop", cookie=cookie).status == 200
    session_ends(bench, "Local")
    bench.run(5)
    rows = json.loads(ask(bench, "GET", "/sessions", cookie=cookie).body)
    assert [row[5] for row in rows] == ["Local"]
    csv = ask(bench, "GET", "/sessions.csv", cookie=cookie).body.decode().splitlines()
    assert csv[0].startswith("number,start,seconds") and len(csv) == 2


@CHIP
def test_four_watch_and_a_fifth_is_refused(bench: Bench) -> None:
    viewers = [watch(bench) for _ in range(4)]
    lines = {**LIVE}
    assert bench.http("GET", "/live", b"", lines).status == 503
    seen = [len(list(states(v))) for v in viewers]
    bench.run(10)
    assert all(len(list(states(v))) >= n + 8 for v, n in zip(viewers, seen, strict=True))
    for viewer in viewers:
        viewer.close()
    bench.run(15)
    assert bench.state()["heap_free"] > 12_000


@CHIP
def test_the_server_starts_and_stops_a_session_whoever_watches(bench: Bench) -> None:
    """Viewers may be sent away for a moment; the server is never told that it cannot be done."""
    plug(bench)
    bench.run(10)
    viewers = [watch(bench) for _ in range(4)]
    answer = bench.call("RemoteStartTransaction", {"connectorId": 1, "idTag": "TEST_TAG"})
    assert answer["status"] == "Accepted"
    expect_status(bench, "Charging", within_s=20)
    if any(viewer.over for viewer in viewers):
        watch(bench)
    remote_stop(bench)


def drips(bench: Bench) -> None:
    """A byte at a time: the charger ends it after its time."""
    visitor = bench.visitors.visit(80, b"G")
    for byte in b"ET / HTTP/1.1\r\nHost: x\r\n":
        if visitor.over:
            return
        bench.run(0.4)
        visitor.send(bytes((byte,)))


@CHIP
@pytest.mark.timeout(240)
def test_a_minute_of_slow_half_open_oversized_and_malformed_requests(bench: Bench) -> None:
    """A session goes on, its MeterValues come in time, and the memory is what it was."""
    plug(bench)
    bench.call("RemoteStartTransaction", {"connectorId": 1, "idTag": "TEST_TAG"})
    expect_status(bench, "Charging", within_s=20)
    current_flows(bench)
    bench.run(15)
    heap = bench.state()["heap_free"]
    begin_s, values = bench.now_s, len(calls(bench, "MeterValues"))
    shapes = random.Random(7)
    while bench.now_s < begin_s + 60:
        for data in (
            b"",
            b"POST /login HTTP/1.1\r\nContent-Length: 10485760\r\n\r\n" + bytes(100_000),
            shapes.randbytes(300) + b"\r\n\r\n",
            b"GET /" + b"a" * 9000,
        ):
            bench.visitors.visit(80, data)
        drips(bench)
    assert bench.state()["tick_max_ms"] <= 100
    assert len(calls(bench, "MeterValues")) - values >= (bench.now_s - begin_s) // 10 - 1
    bench.run(30)
    assert bench.state()["heap_free"] > heap - 1_000
    assert bench.charger.starts == 1
    bench.call("TriggerMessage", {"requestedMessage": "Heartbeat"})
    bench.expect("Heartbeat")
    assert ask(bench, "GET", "/").status == 200
