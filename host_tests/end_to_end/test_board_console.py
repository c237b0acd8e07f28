"""`make repl` and `make logs`: a person at a terminal, a board on another."""

import os
import pty
import select
import signal
import subprocess
import sys
import time
import tty
from pathlib import Path

import pytest

from host_tests.end_to_end.pty_board import PtyBoard
from tools import build, where
from tools.micropython import command

ROOT = Path(__file__).resolve().parents[2]


class Terminal:
    """A person at a terminal who runs `python -m tools.deploy` with these words."""

    def __init__(self, *words):
        self._master, slave = pty.openpty()
        tty.setraw(slave)  # the program does it, too, but not before the first key comes
        self.shown = b""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tools.deploy", *words],
            cwd=ROOT, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )  # fmt: skip
        os.close(slave)

    def types(self, keys):
        os.write(self._master, keys)

    def sees(self, text, within_s=20):
        """Wait until the text is on the screen."""
        deadline = time.monotonic() + within_s
        while text not in self.shown:
            left = deadline - time.monotonic()
            assert left > 0, f"{text!r} is not in {self.shown!r}"
            if select.select([self._master], [], [], left)[0]:
                try:
                    self.shown += os.read(self._master, 4096)
                except OSError:
                    raise AssertionError(f"ended; {text!r} is not in {self.shown!r}")

    def ends(self):
        status = self.process.wait(20)
        os.close(self._master)
        return status


@pytest.mark.skipif(
    command("micropython") is None and not os.environ.get("CI"), reason="MicroPython: make setup"
)
def test_the_console_leaves_the_charger_alone_until_ctrl_c(tmp_path) -> None:
    with PtyBoard(tmp_path, {}, running="Charging 7") as board:
        person = Terminal("repl", "--port", board.port)
        person.sees(b"Connected to MicroPython")
        person.types(b"\x16")
        person.sees(b"rivot: Charging 7")
        person.types(b"\x03")
        person.sees(b"stopped from the console")
        person.types(b"\x1d")
        assert person.ends() == 0


def test_logs_show_the_sources_places_while_the_charger_runs() -> None:
    build.build()
    place = next(p for p in where.Map().places if p.function == "Charger.safe")
    master, slave = pty.openpty()
    tty.setraw(slave)
    person = Terminal("logs", "--port", os.ttyname(slave))
    person.sees(b"Ctrl-C leaves")
    frame = f'  File "{place.module}.py", line 1, in {place.name}\r\n'
    os.write(master, b"12:00 app: restarting\r\n" + frame.encode() + b"ValueError: x\r\n")
    person.sees(b"12:00 app: restarting")
    person.sees(f'File "{place.file}", line {place.line}, in Charger.safe'.encode())
    person.sees(b"ValueError: x")
    person.sees(b"does not tell its stored log")
    person.process.send_signal(signal.SIGINT)
    assert person.ends() == 0
    os.close(master)
    os.close(slave)


def test_logs_begin_with_what_is_stored() -> None:
    master, slave = pty.openpty()
    tty.setraw(slave)
    person = Terminal("logs", "--port", os.ttyname(slave))
    assert os.read(master, 10) == b"\x0c", "nothing that would stop it"
    os.write(master, b"rivot: the log\r\n2026-01-20T10:00:00Z W app: old\r\n")
    os.write(master, b"rivot: end of the log\r\n   12.345 I app: new\r\n")
    person.sees(b"app: new")
    shown = person.shown.replace(b"\r", b"")
    assert shown.endswith(
        b"what it has stored:\n2026-01-20T10:00:00Z W app: old\n"
        b"  what it prints from now on:\n   12.345 I app: new\n"
    )
    person.process.send_signal(signal.SIGINT)
    assert person.ends() == 0
    os.close(master)
    os.close(slave)


def test_logs_live_ask_for_nothing() -> None:
    master, slave = pty.openpty()
    tty.setraw(slave)
    person = Terminal("logs", "--live", "--port", os.ttyname(slave))
    person.sees(b"Ctrl-C leaves")
    os.write(master, b"   12.345 I app: new\r\n")
    person.sees(b"app: new")
    assert not select.select([master], [], [], 0)[0]
    os.close(master)  # unplugged
    assert person.ends() == 1
    os.close(slave)
