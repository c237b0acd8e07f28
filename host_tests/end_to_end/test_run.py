"""`make run`: the session it plays, how it fails, and the whole program on the virtual charger."""

import asyncio
import contextlib
import io
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from host_tests.end_to_end.small_charger import SmallCharger
from tools.csms import PATH, CentralSystem
from tools.csms.console import Console
from tools.run.charger import ChargerGone, VirtualCharger
from tools.run.session import STEPS, GuideSession, LocalSession, SessionFailed

ROOT = Path(__file__).resolve().parents[2]
ID = "RIVOT_100A_01"
SCREENS = ("Vehicle Connected", "Charging Active", "Session Complete")


def play(faults=(), patience=1.0):
    """A session with a small charger: whether it was right, or why it failed; what was shown."""
    shown = io.StringIO()

    async def run():
        central = CentralSystem()
        port = await central.start(port=0)
        charger = await SmallCharger.connected(f"ws://127.0.0.1:{port}{PATH}", faults=faults)
        session = GuideSession(central, ID, charger, Console(shown), patience)
        try:
            playing = asyncio.ensure_future(session.play())
            await charger.boot()
            if "replaced" in faults:  # as when a second charger of the same name connects
                data = {"code": 1001, "reason": "", "replaced": True}
                central.publish("disconnected", ID, data)
            return await playing
        except SessionFailed as error:
            return str(error)
        finally:
            await charger.close()
            await central.stop()

    return asyncio.run(asyncio.wait_for(run(), 20)), shown.getvalue()


def test_a_session_by_the_guide_is_right_and_shows_the_three_screens():
    right, shown = play()
    assert right is True
    assert [shown.count("│ " + screen) for screen in SCREENS] == [1, 1, 1]
    assert all(f"✓ {number:2} {name}" in shown for number, name in enumerate(STEPS, 1))
    assert "✗" not in shown


def test_steps_in_another_order_are_told():
    right, shown = play(["order"])
    assert right is False
    assert "✗  8 DataTransfer (SessionSummary)" in shown
    assert "StopTransaction, StatusNotification (Finishing), DataTransfer (SessionSum" in shown


def test_a_second_charger_of_that_name_is_told():
    right, shown = play(["replaced"])
    assert right is False
    assert f"✗ a second charger that calls itself {ID} took the line" in shown


@pytest.mark.parametrize(
    ("missing", "text"),
    [
        ("Available", "StatusNotification (Available) of connector 1"),
        ("Preparing", "StatusNotification (Preparing) of connector 1"),
        ("VehicleInfo", "for VehicleInfo; it did not come"),
        ("MeterValues", "for MeterValues 1 of 3; it did not come"),
        ("SessionSummary", "for SessionSummary; it did not come"),
        ("Finishing", "StatusNotification (Finishing) of connector 1"),
    ],
)
def test_what_does_not_come_is_named(missing, text):
    outcome, _ = play([missing], patience=0.05)
    assert text in outcome


def test_a_charger_that_dies_ends_the_session():
    class Dead(SmallCharger):
        alive = False

    async def run():
        central = CentralSystem()
        charger = Dead(ID, None)
        charger.alive = False
        with pytest.raises(SessionFailed, match="has ended"):
            await GuideSession(central, ID, charger, Console(io.StringIO())).play()

    asyncio.run(asyncio.wait_for(run(), 5))


class TaggedCharger:
    """A charger that a tag starts and stops, with somebody else's server."""

    alive = True

    def __init__(self, refuses=""):
        self.connector = "Available"
        self.refuses = refuses

    async def command(self, line):
        if line == self.refuses:
            return {"error": "not today"}
        if line.startswith("tag"):
            self.connector = "Finishing" if self.connector == "Charging" else "Charging"
        self.connector = {"plug": "Preparing", "unplug": "Available"}.get(line, self.connector)
        plant = {"wh_delivered": 1.25}
        return {"connector": self.connector, "online": True, "queued": 0, "plant": plant}


def test_with_another_server_a_tag_starts_and_stops():
    shown = io.StringIO()
    session = LocalSession(TaggedCharger(), Console(shown), charge_s=0)
    assert asyncio.run(session.play()) is True
    assert "1.25 Wh delivered" in shown.getvalue()


def test_a_refused_command_ends_the_session():
    session = LocalSession(TaggedCharger(refuses="plug"), Console(io.StringIO()), charge_s=0)
    with pytest.raises(SessionFailed, match="refused `plug`: not today"):
        asyncio.run(session.play())


# The child process.

CHILD = """
import json, os, signal, socket, sys
if "deaf" in sys.argv: signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("hello", "x" * 100000 if "long" in sys.argv else "", flush=True)
if "short" in sys.argv: sys.exit(7)
server = socket.create_server(("127.0.0.1", int(sys.argv[-1])))
while True:
    connection, _ = server.accept()
    line = connection.makefile().readline().strip()
    answer = "{" if line == "babble" else json.dumps({"heard": line})
    if line != "mute": connection.sendall(answer.encode() + b"\\n")
    connection.close()
"""


@contextlib.asynccontextmanager
async def child(*words):
    """A virtual charger whose program is CHILD."""
    shown = io.StringIO()
    charger = VirtualCharger([sys.executable, "-c", CHILD, *words], Console(shown))
    await charger.start()
    try:
        yield charger, shown
    finally:
        await charger.stop()


def test_the_child_is_heard_told_and_ended():
    async def run():
        async with child() as (charger, shown):
            await charger.ready(10)
            assert await charger.command("plug") == {"heard": "plug"}
            for line in ("babble", "mute"):
                with pytest.raises(ChargerGone, match=f"does not answer `{line}`"):
                    await charger.command(line, timeout_s=0.5)
            assert charger.tail() == ["hello"] and "charger | hello" in shown.getvalue()
        assert not charger.alive and charger.ending == "ended with status -15"

    asyncio.run(run())


def test_a_child_that_ends_by_itself_is_told():
    async def run():
        async with child("short") as (charger, _):
            with pytest.raises(ChargerGone, match="ended with status 7"):
                await charger.ready(10)
            with pytest.raises(ChargerGone, match="ended with status 7"):
                await charger.command("state")

    asyncio.run(run())


def test_a_child_deaf_to_sigterm_is_killed(monkeypatch):
    monkeypatch.setattr("tools.run.charger._STOP_S", 0.2)

    async def run():
        async with child("deaf", "long") as (charger, _):
            await charger.ready(10)
        assert charger.ending == "ended with status -9"

    asyncio.run(run())


# The program, on the firmware.


def program(*words, **options):
    return subprocess.Popen(
        [sys.executable, "-m", "tools.run", *words],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        **options,
    )


def processes_of(mark):
    """The processes whose environment carries RUN_TEST=`mark`."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if f"RUN_TEST={mark}".encode() in (folder / "environ").read_bytes():
                found.append((folder / "cmdline").read_bytes().replace(b"\0", b" "))
    return found


@pytest.mark.parametrize("on", ["micropython", "micropython32", "cpython"])
def test_make_run_plays_the_guides_session_and_ends(on):
    fast = ("--set", "MeterValueSampleInterval=1")
    mark = f"{on}-{os.getpid()}"
    # Its own id: whatever else runs on this PC must not take its line.
    words = ("--on", on, "--id", mark, "--", *fast)
    process = program(*words, env={**os.environ, "RUN_TEST": mark})
    try:
        shown, _ = process.communicate(timeout=100)
    finally:
        process.kill()
    assert process.returncode == 0, shown
    assert [shown.count("│ " + screen) for screen in SCREENS] == [1, 1, 1]
    assert all(f"✓ {number:2} {name}" in shown for number, name in enumerate(STEPS, 1))
    assert "\x1b" not in shown
    assert processes_of(mark) == []


@pytest.mark.skipif(sys.platform != "linux", reason="looks for orphans in /proc")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_signal_leaves_no_process_behind(number, tmp_path):
    mark = f"signal{number}-{os.getpid()}"
    environment = {**os.environ, "RUN_TEST": mark, "TMPDIR": str(tmp_path)}
    process = program("--on", "cpython", "--id", mark, env=environment)
    try:
        for line in process.stdout:
            if "BootNotification answer" in line:
                break
        process.send_signal(number)
        process.stdout.close()
        status = process.wait(15)
    finally:
        process.kill()
    assert status == (-number if number == signal.SIGKILL else 128 + number)
    deadline = time.monotonic() + 10
    while processes_of(mark) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert processes_of(mark) == []


def test_a_taken_port_9000_is_told_and_another_used():
    with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", 9000)):
        process = program("--on", "cpython", "--", "--no-such-flag")
        shown, _ = process.communicate(timeout=30)
        assert "port 9000 is taken" in shown
        assert process.returncode == 1 and "ended with status 2" in shown
