"""The web server of the central system's page over real sockets: files, tables, who is refused."""

import asyncio
import contextlib
import csv
import functools
import http.client
import io
import json
import os
import pty
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from host_tests.end_to_end.small_charger import SmallCharger
from tools.csms import PATH, CentralSystem
from tools.csms import __main__ as program
from tools.csms.web import Page

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT / "firmware" / "web" / "page"
ID = "RIVOT_100A_01"
LIMIT_S = 10


@contextlib.asynccontextmanager
async def server():
    """A central system with its page: the page's address, and where chargers connect."""
    central = CentralSystem()
    port = await central.start(port=0)
    page = Page(central)
    address = await page.start(port=0)
    try:
        yield central, address, f"ws://127.0.0.1:{port}{PATH}"
    finally:
        await page.stop()
        await central.stop()
        central.store.close()


def within_limit(test):
    """Run an async test to its end, or fail it."""

    @functools.wraps(test)
    def run(*arguments, **named):
        asyncio.run(asyncio.wait_for(test(*arguments, **named), LIMIT_S))

    return run


async def fetch(address, path, **headers):
    """Status, headers and body of a GET."""

    def get():
        request = urllib.request.Request(address.rstrip("/") + path, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=LIMIT_S) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()

    return await asyncio.to_thread(get)


def live(address, **options):
    """The page's WebSocket, opened as its own script opens it."""
    options = {"origin": address.rstrip("/"), **options}
    return connect(address.replace("http", "ws") + "live", **options)


async def ask(line, number, order, charger="", *words):
    """The answer to an order; what is told meanwhile is dropped."""
    wanted = {"id": number, "order": order, "charger": charger, "words": words}
    await line.send(json.dumps(wanted))
    while (item := json.loads(await line.recv())).get("id") != number:
        pass
    return item


async def until(condition):
    while not condition():
        await asyncio.sleep(0.005)


@within_limit
async def test_the_files_of_the_page_and_those_it_shares_with_the_chargers():
    async with server() as (_, address, _):
        status, headers, body = await fetch(address, "/")
        assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
        policy = headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy and "frame-ancestors 'none'" in policy
        html = body.decode()
        assert "<script>" not in html and "//" not in html
        files = re.findall(r'(?:src|href)="([^":]+\.(?:js|css))"', html)
        assert {"style.css", "phases.js", "chart.js", "app.js"} <= set(files)
        for name in files:
            status, _, body = await fetch(address, f"/{name}")
            assert status == 200, name
            if name in ("style.css", "phases.js", "chart.js"):
                assert body == (SHARED / name).read_bytes()
        words = json.loads((await fetch(address, "/words.json"))[2])
    assert words["en"]["phase.complete"] == "Session Complete ✓"
    assert words["en"].keys() == words["hi"].keys()
    named = set(re.findall(r'data-text="(\w+)"', html))
    assert all({name, f"csms.{name}"} & words["en"].keys() for name in named)


@pytest.mark.parametrize(
    "path",
    [
        "/nothing", "/../web.py", "/%2e%2e/web.py", "//etc/passwd", "/page/", "/en.json", "/live/",
        "/samples.csv", "/samples.csv?transaction=x", "/samples.csv?transaction=-1",
    ],
)  # fmt: skip
@within_limit
async def test_what_is_not_there(path):
    async with server() as (_, address, _):
        assert (await fetch(address, path))[0] == 404


@within_limit
async def test_only_get_is_served():
    async with server() as (_, address, _):

        def post():
            line = http.client.HTTPConnection(address[7:-1], timeout=LIMIT_S)
            line.request("POST", "/", b"x" * 10_000)
            try:
                return line.getresponse().status
            except (OSError, http.client.HTTPException):
                return 0  # hung up on
            finally:
                line.close()

        assert await asyncio.to_thread(post) not in range(200, 400)


@pytest.mark.parametrize("name", ["evil.example", "127.0.0.1.evil.example", "", "a b", "[::1"])
@within_limit
async def test_a_name_that_was_made_to_lead_here_is_refused(name):
    async with server() as (_, address, _):
        assert (await fetch(address, "/", Host=name))[0] in (400, 421)


@pytest.mark.parametrize(
    "origin", [None, "null", "http://evil.example", "http://127.0.0.1:1", "https://{}"]
)
@within_limit
async def test_the_page_of_another_site_cannot_order_anything(origin):
    async with server() as (_, address, _):
        host = address[7:-1]
        with pytest.raises(InvalidStatus) as refused:
            await live(address, origin=origin and origin.format(host))
        assert refused.value.response.status_code == 403


@within_limit
async def test_no_more_than_sixteen_pages_at_once():
    async with server() as (_, address, _):
        lines = [await live(address) for _ in range(16)]
        for line in lines:
            await line.recv()
        with pytest.raises(InvalidStatus) as refused:
            await live(address)
        assert refused.value.response.status_code == 503
        for line in lines:
            await line.close()
        await (await live(address)).close()


@within_limit
async def test_an_oversized_order_closes_the_line():
    async with server() as (_, address, _), live(address) as line:
        with pytest.raises(ConnectionClosed):
            await ask(line, 1, "get", "x" * 20_000)


@within_limit
async def test_a_session_driven_from_the_page_is_in_the_tables():
    async with server() as (central, address, url), live(address) as line:
        assert json.loads(await line.recv()) == {"kind": "chargers", "chargers": []}
        charger = await SmallCharger.connected(url)
        await charger.boot()
        await charger.command("plug")
        await until(lambda: central.chargers[ID].vehicle)
        answer = await ask(line, 1, "start", ID, "=TAG")
        assert answer["answer"] == {"status": "Accepted"}
        await until(lambda: len(central.chargers[ID].meter) == 5)
        assert (await ask(line, 2, "stop", ID))["answer"] == {"status": "Accepted"}
        await until(lambda: central.chargers[ID].summary and not central.chargers[ID].transaction)
        assert "NotImplemented" in (await ask(line, 3, "reset", ID, "Hard"))["error"]
        (session,) = (await ask(line, 4, "sessions", ID))["sessions"]
        assert session["final_soc"] == 87.18
        points = (await ask(line, 5, "points", ID, "130"))["points"]
        assert points[0]["power"] == 142.0
        status, headers, body = await fetch(address, "/sessions.csv?charger=" + ID)
        assert status == 200 and "attachment" in headers["Content-Disposition"]
        (row,) = csv.DictReader(io.StringIO(body.decode()))
        assert (row["transaction_id"], row["id_tag"], row["stop_reason"]) == (
            "130", "'=TAG", "Remote",
        )  # fmt: skip
        assert len((await fetch(address, "/sessions.csv?charger=X"))[2].splitlines()) == 1
        samples = (await fetch(address, "/samples.csv?transaction=130"))[2].decode()
        assert "Power.Active.Import" in samples
        await charger.close()
        connected = True
        while connected:
            item = json.loads(await line.recv())
            connected = item["kind"] != "charger" or item["charger"]["connected"]


@within_limit
async def test_a_server_that_starts_anew_takes_a_running_session_up_again():
    async with server() as (central, _, url):
        number = central.store.start_transaction(ID, 1, "TAG", "2026-01-21T09:52:20Z", 0)
        async with connect(f"{url}/{ID}", subprotocols=["ocpp1.6"]) as line:
            sample = {"timestamp": "2026-01-21T09:52:30Z", "sampledValue": [{"value": "7"}]}
            for transaction in (number + 1, number):
                payload = {"connectorId": 1, "transactionId": transaction, "meterValue": [sample]}
                await line.send(json.dumps([2, str(transaction), "MeterValues", payload]))
                await line.recv()
                taken_up = central.chargers[ID].transaction
                assert (taken_up is not None) == (transaction == number)
        assert taken_up["id_tag"] == "TAG"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("9080", ("127.0.0.1", 9080)),
        ("0.0.0.0:80", ("0.0.0.0", 80)),
        ("[::1]:0", ("::1", 0)),
    ],
)
def test_where_the_page_listens(text, address):
    assert program.arguments(["--page", text]).page == address


@pytest.mark.parametrize("text", ["", "x", "70000", "127.0.0.1", "127.0.0.1:"])
def test_a_page_address_that_is_none(text, capsys):
    with pytest.raises(SystemExit):
        program.arguments(["--page", text])
    assert "--page" in capsys.readouterr().err


def test_the_program_says_where_its_page_is(tmp_path):
    words = ["--db", str(tmp_path / "x.sqlite"), "--port", "0", "--page", "0"]
    with subprocess.Popen(
        [sys.executable, "-m", "tools.csms", *words], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        process.stdout.readline()
        address = process.stdout.readline().removeprefix("page on ").strip()
        assert address.startswith("http://127.0.0.1:")
        assert urllib.request.urlopen(address, timeout=LIMIT_S).status == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(LIMIT_S) == 0


def test_make_run_has_the_page_where_somebody_is_at_the_terminal():
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "tools.run", "--on", "cpython"]
    with subprocess.Popen(command, cwd=ROOT, stdin=theirs, stdout=theirs) as process:
        os.close(theirs)
        shown = b""
        while not (found := re.search(rb"its page.*: (http\S+/)", shown)):
            shown += os.read(ours, 4096)
        assert urllib.request.urlopen(found[1].decode(), timeout=LIMIT_S).status == 200
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(OSError):  # the terminal is gone
            while os.read(ours, 4096):
                pass
        assert process.wait(LIMIT_S) == 128 + signal.SIGTERM
    os.close(ours)
