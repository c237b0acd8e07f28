"""The command line on the wall clock: control port, signals, exit status, the network proxy."""

import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tools import micropython
from tools.ports import free_port
from tools.sim.__main__ import parse
from tools.sim.charger import STATUS_FIELDS
from tools.sim.network import Proxy

SCRIPT = Path(__file__).parent / "wall.py"
EVERYWHERE = [name for name in micropython.NAMES if micropython.command(name)]


class Running:
    """A running virtual charger and a connection to its control port."""

    def __init__(self, *arguments: str) -> None:
        self.port = free_port()
        words = [sys.executable, str(SCRIPT), "--control", str(self.port), *arguments]
        self.process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True,
        )  # fmt: skip
        self.said: list[str] = []
        threading.Thread(target=self._read, daemon=True).start()
        self.control = self._connect()

    def _read(self) -> None:
        for line in self.process.stdout:
            self.said.append(line.rstrip("\n"))

    def _connect(self):
        end = time.monotonic() + 15
        while time.monotonic() < end and self.process.poll() is None:
            try:
                return socket.create_connection(("127.0.0.1", self.port)).makefile("rw")
            except OSError:
                self.until(lambda: self.process.poll() is not None, 0.05, fail=False)
        raise AssertionError(f"no control port: {self.said}")

    def until(self, condition, seconds: float = 10, fail: bool = True) -> None:
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                if fail:
                    raise AssertionError(f"waited in vain: {self.said}")
                return
            threading.Event().wait(0.02)

    def command(self, line: str) -> dict:
        self.control.write(line + "\n")
        self.control.flush()
        return json.loads(self.control.readline())

    def child(self) -> int:
        """The firmware's process id."""
        found = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return int(found.split()[0])

    def __enter__(self) -> "Running":
        return self

    def __exit__(self, *_) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


@pytest.mark.parametrize("on", EVERYWHERE)
def test_control_port_answers_word_for_word(on):
    with Running("--on", on) as sim:
        sim.control.write("plug\n")
        sim.control.flush()
        assert sim.control.readline() == '{"ok": true}\n'
        assert sim.command("dance") == {"error": "unknown command dance"}
        assert "error" in sim.command("")
        assert "error" in sim.command("net maybe")
        state = sim.command("state")
        assert set(STATUS_FIELDS) <= set(state) and state["plant"]["plugged"] is True
        assert state["connector"] == "Available" and state["transaction"] is None
        assert state["uptime_ms"] >= 0 and "firmware" not in state


def test_power_answers_and_dies_at_once(tmp_path):
    with Running("--flash", str(tmp_path / "chip.img")) as sim:
        child = sim.child()
        assert sim.command("power") == {"ok": True}
        assert sim.process.wait(5) == 137
        assert not Path(f"/proc/{child}").exists()
        assert (tmp_path / "chip.img").stat().st_size == 2 << 20


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_signals_leave_no_orphans(number):
    with Running() as sim:
        child = sim.child()
        os.kill(sim.process.pid, number)
        status = sim.process.wait(5)
        assert status == (-9 if number == signal.SIGKILL else 0)
        sim.until(lambda: not Path(f"/proc/{child}").exists(), 3)


@pytest.mark.parametrize("on", EVERYWHERE)
def test_a_cut_ends_with_137_and_the_flash_is_kept(on, tmp_path):
    flash = str(tmp_path / "flash")
    words = [sys.executable, str(SCRIPT), "--on", on, "--set", "play=files", "--flash", flash]
    done = subprocess.run([*words, "--cut", "9"], stdin=subprocess.DEVNULL, timeout=30)
    assert done.returncode == 137
    with Running("--on", on, "--flash", flash) as sim:  # set.json was written anew: idle now
        assert sim.command("state")["connector"] == "Available"
        sim.until(lambda: any("hello" in line for line in sim.said))
        hello = next(line for line in sim.said if "hello" in line)
        assert "set.json" in hello and ("kept.json" in hello or "data.json" in hello)


def test_a_firmware_that_keeps_dying_ends_with_1():
    with Running("--set", "play=crash") as sim:
        assert sim.process.wait(30) == 1
        sim.until(lambda: any("10 times in a row" in line for line in sim.said), 2)


def test_the_watchdog_works_on_the_wall_clock():
    with Running("--set", "play=reset") as sim:
        sim.until(lambda: any("after reset: 2 b'kept'" in line for line in sim.said))


@pytest.mark.parametrize(
    "arguments",
    [["--on", "pascal"], ["--set", "novalue"], ["--cut", "0"], ["--cut", "x"], ["--heap", "big"],
     ["--control", "99999"], ["--nonsense"], ["--contr", "7000"]],
)  # fmt: skip
def test_wrong_flags_end_with_2(arguments):
    with pytest.raises(SystemExit) as ended:
        parse(arguments)
    assert ended.value.code == 2


def test_flags():
    options = parse(["--set", "a=b=c", "--set", "HeartbeatInterval=30", "--heap", "112K"])
    assert options.settings == {"a": "b=c", "HeartbeatInterval": "30"}
    assert options.heap == "112k" and options.on == "micropython" and options.control is None
    assert options.csms == "ws://127.0.0.1:9000/steve/websocket/CentralSystemService"
    assert options.id == "RIVOT_100A_01"


# --- the proxy ---


class Loop:
    """A proxy in a selector, turned by hand, with an echo server at its far end."""

    def __init__(self) -> None:
        self.selector = selectors.DefaultSelector()
        self.proxy = Proxy(self.selector, lambda line: None)
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.near = self.proxy.resolve("127.0.0.1", self.port)

    def turn(self, until=lambda: False) -> None:
        for _ in range(50):
            if until():
                return
            for key, events in self.selector.select(0.02):
                if key.fileobj in self.selector.get_map():
                    key.data(events)

    def pair(self) -> tuple[socket.socket, socket.socket]:
        self.server.setblocking(False)
        client = socket.create_connection(("127.0.0.1", self.near))
        client.settimeout(0.05)
        found = []

        def accepted() -> bool:
            try:
                found.append(self.server.accept()[0])
            except BlockingIOError:
                pass
            return bool(found)

        self.turn(accepted)
        found[0].settimeout(0.05)
        return client, found[0]

    def pass_on(self, sender: socket.socket, receiver: socket.socket, data: bytes) -> bytes:
        sent, got = 0, b""
        sender.setblocking(False)
        receiver.setblocking(False)
        for _ in range(2000):
            try:
                sent += sender.send(data[sent : sent + 65536]) if sent < len(data) else 0
            except BlockingIOError:
                pass
            for key, events in self.selector.select(0.001):
                key.data(events)
            try:
                got += receiver.recv(1 << 20)
            except BlockingIOError:
                pass
            if len(got) >= len(data):
                break
        return got


@pytest.fixture
def loop():
    loop = Loop()
    yield loop
    loop.proxy.close()
    loop.server.close()
    loop.selector.close()


def test_resolving_is_stable_and_idempotent(loop):
    assert loop.near != loop.port
    assert loop.proxy.resolve("127.0.0.1", loop.port) == loop.near
    assert loop.proxy.resolve("127.0.0.1", loop.near) == loop.near
    with pytest.raises(OSError) as failed:
        loop.proxy.resolve("no.such.host.invalid", 80)
    assert failed.value.errno == -2


def test_bytes_pass_both_ways_whatever_their_number(loop):
    client, server = loop.pair()
    big = bytes(range(256)) * 4000
    assert loop.pass_on(client, server, big) == big
    assert loop.pass_on(server, client, big) == big


def test_an_end_passes_as_well(loop):
    client, server = loop.pair()
    client.close()
    loop.turn(lambda: False)
    assert server.recv(10) == b""
    server.close()


def test_a_lost_network_breaks_the_far_end_and_silences_the_near_one(loop):
    client, server = loop.pair()
    loop.proxy.set_up(False)
    with pytest.raises(ConnectionResetError):
        server.recv(10)
    client.send(b"into the void")
    loop.turn()
    with pytest.raises(TimeoutError):
        client.recv(10)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", loop.near))
    loop.proxy.set_up(True)
    with pytest.raises(ConnectionResetError):
        client.recv(10)
    again, far = loop.pair()
    assert loop.pass_on(again, far, b"hello") == b"hello"


def test_a_server_that_refuses(loop):
    loop.server.close()
    client = socket.create_connection(("127.0.0.1", loop.near))
    client.settimeout(0.05)
    loop.turn()
    with pytest.raises(ConnectionResetError):
        client.recv(10)
