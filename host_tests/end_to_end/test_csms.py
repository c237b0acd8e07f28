"""The bench central system over real sockets, with a charger not of this project."""

import asyncio
import contextlib
import functools
import json
import os
import pty
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from ocpp.v16 import call
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.headers import build_authorization_basic

from host_tests.end_to_end.small_charger import SESSION_SUMMARY, VEHICLE_INFO, SmallCharger
from tools.csms import PATH, CallFailed, CentralSystem, NotConnected

ROOT = Path(__file__).resolve().parents[2]
ID = "RIVOT_100A_01"
LIMIT_S = 10


@contextlib.asynccontextmanager
async def server(**options):
    """A central system, its base URL and the events it tells."""
    central = CentralSystem(**options)
    events = []
    central.subscribe(events.append)
    port = await central.start(port=0)
    try:
        yield central, f"ws://127.0.0.1:{port}{PATH}", events
    finally:
        await central.stop()


def within_limit(test):
    """Run an async test to its end, or fail it."""

    @functools.wraps(test)
    def run(*arguments, **named):
        asyncio.run(asyncio.wait_for(test(*arguments, **named), LIMIT_S))

    return run


async def until(condition):
    """Wait for something that other tasks bring about."""
    while not condition():
        await asyncio.sleep(0.005)


def of_kind(events, kind):
    return [event.data for event in events if event.kind == kind]


@within_limit
async def test_a_whole_session_fills_the_tables():
    async with server() as (central, url, events):
        charger = await SmallCharger.connected(url)
        boot = await charger.boot()
        assert (boot.status, boot.interval) == ("Accepted", 14400)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", boot.current_time)
        await charger.command("plug")
        await until(lambda: of_kind(events, "vehicle_info"))
        assert central.chargers[ID].phase == "Vehicle Connected"
        started = {"connectorId": 1, "idTag": "TEST_TAG"}
        answer = await central.call(ID, "RemoteStartTransaction", started)
        assert answer == {"status": "Accepted"}
        await until(lambda: len(of_kind(events, "meter_values")) >= 2)
        assert central.chargers[ID].phase == "Charging Active"
        assert central.chargers[ID].meter["Power.Active.Import"] == "142.00"
        await central.call(ID, "RemoteStopTransaction", {"transactionId": 130})
        await until(lambda: of_kind(events, "stopped"))
        assert central.chargers[ID].phase == "Session Complete"
        await charger.close()
        await until(lambda: of_kind(events, "disconnected"))
        store = central.store
    assert not [data["problem"] for data in of_kind(events, "message") if data["problem"]]
    assert store.rows("vehicle_info")[0]["max_current"] == 90.0
    assert store.rows("session_summary")[0]["transaction_id"] == 130
    transaction = store.rows("transactions")[0]
    assert (transaction["id"], transaction["id_tag"], transaction["meter_stop"]) == (
        130,
        "TEST_TAG",
        3,
    )
    assert {row["measurand"] for row in store.rows("meter_values")} >= {"SoC", "Voltage"}
    assert [row["status"] for row in store.rows("status")][-2:] == ["Charging", "Finishing"]
    assert len(store.rows("messages")) == len(of_kind(events, "message"))


@within_limit
async def test_every_message_a_charger_may_send_is_answered():
    samples = {
        "Authorize": {"idTag": "0A1B2C3D4E"},
        "BootNotification": {"chargePointModel": "M", "chargePointVendor": "V"},
        "DataTransfer": {
            "vendorId": "RivotMotors",
            "messageId": "VehicleInfo",
            "data": VEHICLE_INFO,
        },
        "DiagnosticsStatusNotification": {"status": "Idle"},
        "FirmwareStatusNotification": {"status": "Idle"},
        "Heartbeat": {},
        "LogStatusNotification": {"status": "Idle"},
        "MeterValues": {
            "connectorId": 0,
            "meterValue": [
                {"timestamp": "2026-01-21T09:52:30Z", "sampledValue": [{"value": "1"}]}
            ],
        },
        "SecurityEventNotification": {"type": "x", "timestamp": "2026-01-21T09:52:30Z"},
        "SignCertificate": {"csr": "x"},
        "SignedFirmwareStatusNotification": {"status": "Idle"},
        "StartTransaction": {
            "connectorId": 1,
            "idTag": "T",
            "meterStart": 0,
            "timestamp": "2026-01-21T09:52:20Z",
        },
        "StatusNotification": {"connectorId": 1, "errorCode": "NoError", "status": "Faulted"},
        "StopTransaction": {
            "transactionId": 2**40,
            "meterStop": 3,
            "timestamp": "2026-01-21T09:53:50Z",
            "transactionData": [
                {"timestamp": "2026-01-21T09:53:50Z", "sampledValue": [{"value": "3"}]}
            ],
        },
    }
    async with server() as (_, url, events):
        async with connect(f"{url}/{ID}", subprotocols=["ocpp1.6"]) as line:
            for action, payload in samples.items():
                await line.send(json.dumps([2, action, action, payload]))
                answer = json.loads(await line.recv())
                assert answer[:2] == [3, action], answer
        messages = of_kind(events, "message")
    assert len(messages) == 2 * len(samples)
    assert not [m for m in messages if m["problem"]]


@pytest.mark.parametrize(
    ("vendor", "name", "data", "status"),
    [
        ("RivotMotors", "VehicleInfo", VEHICLE_INFO, "Accepted"),
        ("RivotMotors", "SessionSummary", SESSION_SUMMARY, "Accepted"),
        ("RivotMotors", "Weather", "{}", "UnknownMessageId"),
        ("SomebodyElse", "VehicleInfo", VEHICLE_INFO, "UnknownVendorId"),
        ("RivotMotors", "VehicleInfo", "{}", "Rejected"),
        ("RivotMotors", "VehicleInfo", VEHICLE_INFO.replace("87.00", '"87"'), "Rejected"),
        ("RivotMotors", "SessionSummary", "[1", "Rejected"),
        ("RivotMotors", "SessionSummary", "[" * 50_000, "Rejected"),
        ("RivotMotors", "SessionSummary", None, "Rejected"),
    ],
)
@within_limit
async def test_data_transfer(vendor, name, data, status):
    async with server() as (central, url, _):
        charger = await SmallCharger.connected(url)
        answer = await charger.call(call.DataTransfer(vendor, name, data))
        assert answer.status == status
        rows = central.store.rows("vehicle_info") + central.store.rows("session_summary")
        assert len(rows) == (status == "Accepted")
        await charger.close()


@within_limit
async def test_garbage_is_marked_and_the_line_lives_on():
    async with server() as (_, url, events):
        async with connect(f"{url}/{ID}", subprotocols=["ocpp1.6"]) as line:
            answers = {
                '[2,"a","Brew",{}]': [4, "a", "NotSupported"],
                '[2,"b","Reset",{"type":"Hard"}]': [4, "b", "NotImplemented"],
                '[2,"c","Authorize",{}]': [4, "c", "OccurenceConstraintViolation"],
                '[2,"d","Heartbeat"]': [4, "d", "FormationViolation"],
                '[2,"e","Heartbeat",null]': [4, "e", "TypeConstraintViolation"],
            }
            for garbage in (
                "{",
                "",
                "[]",
                "{}",
                "null",
                b"\xff\x00",
                '[3,"x",{}]',
                '[4,"x"]',
                "[" * 10**5,
            ):
                await line.send(garbage)
            for text, answer in answers.items():
                await line.send(text)
                assert json.loads(await line.recv())[:3] == answer
            huge = '{"meterStop":%d,"timestamp":"x","transactionId":1}' % 10**40
            await line.send(f'[2,"f","StopTransaction",{huge}]')
            assert json.loads(await line.recv())[:3] == [4, "f", "InternalError"]
            await line.send('[2,"g","Heartbeat",{}]')
            assert json.loads(await line.recv())[:2] == [3, "g"]
        problems = [m["raw"] for m in of_kind(events, "message") if m["problem"]]
    # A Reset is valid, only not a charger's to send.
    assert len(problems) == 9 + len(answers) - 1


@within_limit
async def test_a_message_id_used_twice_is_marked_and_answered():
    async with server() as (_, url, events):
        async with connect(f"{url}/{ID}", subprotocols=["ocpp1.6"]) as line:
            for _ in range(2):
                await line.send('[2,"same","Heartbeat",{}]')
                assert json.loads(await line.recv())[:2] == [3, "same"]
        problems = [m["problem"] for m in of_kind(events, "message") if m["direction"] == "in"]
    assert problems == ["", "this message id was used before"]


@within_limit
async def test_calls_to_a_charger():
    async with server() as (central, url, events):
        with pytest.raises(NotConnected):
            await central.call(ID, "Reset", {"type": "Hard"})
        charger = await SmallCharger.connected(url)
        await charger.boot()
        configuration = await central.call(ID, "GetConfiguration")
        assert configuration["configurationKey"][0]["key"] == "HeartbeatInterval"
        with pytest.raises(CallFailed) as failed:
            await central.call(ID, "Reset", {"type": "Hard"})
        assert failed.value.code == "NotImplemented"
        with pytest.raises(CallFailed) as failed:
            await central.call(ID, "ChangeConfiguration", {"key": "Broken", "value": "1"})
        assert failed.value.code == "InternalError"
        await central.send_raw(ID, "[2")
        assert of_kind(events, "message")[-1]["problem"].startswith("not JSON")
        await charger.close()


@within_limit
async def test_a_charger_that_is_silent_or_leaves_ends_the_call():
    async with server() as (central, url, _):
        async with connect(f"{url}/{ID}", subprotocols=["ocpp1.6"]) as line:
            await until(lambda: ID in central.chargers)
            with pytest.raises(CallFailed) as failed:
                await central.call(ID, "Reset", {"type": "Hard"}, timeout_s=0.05)
            assert failed.value.code == "Timeout"
            waiting = asyncio.ensure_future(central.call(ID, "Reset", {"type": "Soft"}))
            await line.recv()
            await line.recv()
        with pytest.raises(NotConnected):
            await waiting


@within_limit
async def test_two_calls_at_once_go_one_after_the_other():
    async with server() as (central, url, _):  # noqa: SIM117
        async with connect(f"{url}/{ID}", subprotocols=["ocpp1.6"]) as line:
            await until(lambda: ID in central.chargers)
            calls = [asyncio.ensure_future(central.call(ID, "ClearCache")) for _ in range(2)]
            first = json.loads(await line.recv())
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(line.recv(), 0.05)
            await line.send(json.dumps([3, first[1], {"status": "Accepted"}]))
            second = json.loads(await line.recv())
            await line.send(json.dumps([3, second[1], {"status": "Rejected"}]))
            assert [(await c)["status"] for c in calls] == ["Accepted", "Rejected"]


@pytest.mark.parametrize(
    ("path", "protocols", "status"),
    [
        (f"{PATH}/{ID}", ["ocpp2.0.1"], 400),
        (f"{PATH}/{ID}", None, 400),
        (f"/elsewhere/{ID}", ["ocpp1.6"], 404),
        (f"{PATH}/", ["ocpp1.6"], 404),
        (f"{PATH}/{'x' * 51}", ["ocpp1.6"], 404),
        (f"{PATH}/a%0Ab", ["ocpp1.6"], 404),
    ],
)
@within_limit
async def test_who_is_refused(path, protocols, status):
    async with server() as (central, url, _):
        with pytest.raises(InvalidStatus) as refused:
            await connect(url.replace(PATH, path), subprotocols=protocols)
        assert refused.value.response.status_code == status
        assert central.chargers == {}


@within_limit
async def test_an_identifier_is_percent_decoded_and_a_query_ignored():
    async with server() as (central, url, _):
        async with connect(f"{url}/A%20B%2F1?x=1", subprotocols=["ocpp1.6"]):
            await until(lambda: central.chargers)
        assert list(central.chargers) == ["A B/1"]


@pytest.mark.parametrize(
    ("user", "password", "admitted"),
    [
        (ID, "secret:with colon", True),
        (ID, "wrong", False),
        (ID, "", False),
        ("OTHER", "secret:with colon", False),
        (None, None, False),
    ],
)
@within_limit
async def test_basic_auth(user, password, admitted):
    headers = {"Authorization": build_authorization_basic(user, password)} if user else {}
    async with server(passwords={ID: "secret:with colon"}) as (central, url, _):
        options = {"subprotocols": ["ocpp1.6"], "additional_headers": headers}
        if admitted:
            await (await connect(f"{url}/{ID}", **options)).close()
        else:
            with pytest.raises(InvalidStatus) as refused:
                await connect(f"{url}/{ID}", **options)
            assert refused.value.response.status_code == 401
            assert "Basic" in refused.value.response.headers["WWW-Authenticate"]
        assert (ID in central.chargers) == admitted


@within_limit
async def test_a_newer_line_replaces_the_older():
    async with server() as (central, url, events):
        old = await SmallCharger.connected(url)
        await old.boot()
        new = await SmallCharger.connected(url)
        await until(lambda: of_kind(events, "disconnected"))
        assert of_kind(events, "disconnected")[0]["replaced"]
        assert central.chargers[ID].connected
        assert (await new.boot()).status == "Accepted"
        with pytest.raises(ConnectionClosed):
            await old.connection.send("[]")
        await new.close()


@within_limit
async def test_a_listener_that_fails_harms_nobody():
    async with server() as (central, url, _):
        heard = []

        def broken(event):
            raise RuntimeError(event.kind)

        central.subscribe(broken)
        end = central.subscribe(heard.append)
        charger = await SmallCharger.connected(url)
        assert (await charger.boot()).status == "Accepted"
        assert heard
        end()
        heard.clear()
        await charger.boot()
        assert heard == []
        await charger.close()


# The program: `python -m tools.csms`.


@contextlib.contextmanager
def program(tmp_path, *words, **options):
    """The central system as a process of its own; ended, if need be by force."""
    command = [sys.executable, "-m", "tools.csms", "--db", str(tmp_path / "csms.sqlite"), *words]
    options = {"stdout": subprocess.PIPE, "stdin": subprocess.DEVNULL, **options}
    process = subprocess.Popen(command, cwd=ROOT, **options)
    try:
        yield process
    finally:
        process.kill()
        process.wait(5)


def control(port, *lines):
    """What the control port answers to these lines."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        file = connection.makefile("rw")
        answers = []
        for line in lines:
            file.write(line + "\n")
            file.flush()
            answers.append(json.loads(file.readline()))
    return answers


def test_the_program_talks_by_its_control_port_and_ends_on_a_signal(tmp_path):
    with program(tmp_path, "--port", "0", "--control", "0") as process:
        url = process.stdout.readline().decode().split()[-1]
        port = int(process.stdout.readline().decode().rpartition(":")[2])

        async def drive():
            charger = await SmallCharger.connected(url)
            await charger.boot()
            answers = await asyncio.to_thread(
                control, port, f"set {ID} HeartbeatInterval 30", "get", "list", "dance", "x" * 9000
            )
            await charger.close()
            return answers

        changed, got, listed, unknown, long = asyncio.run(asyncio.wait_for(drive(), LIMIT_S))
        assert changed == {"ok": True, "answer": {"status": "Accepted"}}
        assert got["answer"]["configurationKey"][0]["key"] == "HeartbeatInterval"
        assert [charger["status"] for charger in listed["chargers"]] == ["Available"]
        assert "unknown command" in unknown["error"] and "unknown command" in long["error"]
        process.send_signal(signal.SIGTERM)
        rest = process.stdout.read().decode()
        assert process.wait(5) == 0
    assert "→ BootNotification" in rest and "\x1b" not in rest
    rows = sqlite3.connect(tmp_path / "csms.sqlite").execute("SELECT count(*) FROM messages")
    assert rows.fetchone()[0] == 10


def test_the_program_on_a_terminal_takes_commands_and_quits(tmp_path):
    ours, theirs = pty.openpty()
    with program(tmp_path, "--port", "0", stdin=theirs, stdout=theirs) as process:
        os.close(theirs)
        os.write(ours, b"help\nlist\nquit\n")
        shown = b""
        while True:
            try:
                chunk = os.read(ours, 4096)
            except OSError:  # the last writer is gone
                break
            shown += chunk
        assert process.wait(5) == 0
    os.close(ours)
    assert b"availability [ID]" in shown and b'"chargers": []' in shown and b"\x1b[" in shown


@pytest.mark.parametrize(
    ("words", "status", "text"),
    [
        (["--port", "70000"], 2, "--port"),
        (["--auth", "nocolon"], 2, "ID:PASSWORD"),
        (["--host", "256.1.1.1"], 1, "cannot listen"),
        (["--port", "0", "--db", "/dev/null/x"], 1, "cannot open the database"),
    ],
)
def test_the_program_says_what_is_wrong(tmp_path, words, status, text):
    with program(tmp_path, *words, stderr=subprocess.PIPE) as process:
        _, errors = process.communicate(timeout=10)
    assert process.returncode == status
    assert text in errors.decode()
