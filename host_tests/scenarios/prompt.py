"""A person at the charger's serial console: Ctrl-C, and what the prompt answers, in virtual time.

The firmware's process gets a terminal as its input; MicroPython goes to its prompt when the
program ends. The prompt waits for the person, not for time, so the bench cannot run meanwhile:
`types` serves the chip until the answer has come.
"""

import fcntl
import os
import pty
import re
import select
import subprocess
import termios
import time

from tools.sim import process
from tools.sim.bench import Bench, BenchError
from tools.sim.chip import reply
from tools.sim.protocol import Op

_PATIENCE_S = 30  # of real time
_READY = re.compile(r">>> $")


class Terminal:
    """Put in place of `subprocess` in tools/sim/process.py: the child reads from a terminal."""

    DEVNULL, PIPE, STDOUT = subprocess.DEVNULL, subprocess.PIPE, subprocess.STDOUT

    def __init__(self) -> None:
        self.keys, self._slave = pty.openpty()

    def Popen(self, words, *, stdin, preexec_fn, **options):  # noqa: N802
        def own_terminal() -> None:
            fcntl.ioctl(self._slave, termios.TIOCSCTTY, 0)
            preexec_fn()

        inspected = [words[0], "-i", *words[1:]]
        return subprocess.Popen(inspected, stdin=self._slave, preexec_fn=own_terminal, **options)

    def close(self) -> None:
        """Hang up."""
        os.close(self.keys)
        os.close(self._slave)


class Prompt:
    """The person; `bench` was started with `terminal` in place."""

    def __init__(self, bench: Bench, terminal: Terminal) -> None:
        self._bench = bench
        self._terminal = terminal
        self._seen = 0

    def interrupts(self) -> str:
        """Ctrl-C while the charger runs; what is printed up to the prompt."""
        self._seen = len(self._bench.output)
        self._bench._waiting = None  # whatever it was waiting for, it waits no longer
        os.write(self._terminal.keys, b"\x03")
        return self._printed()

    def waits(self, seconds: float) -> None:
        """The person thinks, the prompt stands, the hardware goes on."""
        self._bench.hardware.advance(self._bench.hardware.now_ms + seconds * 1000)

    def types(self, line: str, ctrl_c_after_s: float = 0) -> str:
        """A line and Enter; what is printed up to the next prompt. Ctrl-C: in virtual time."""
        self._seen = len(self._bench.output)
        os.write(self._terminal.keys, line.encode() + b"\r")
        return self._printed(ctrl_c_after_s).partition("\n")[2]

    def restarts(self, line: str) -> None:
        """A line after which the chip starts anew."""
        starts = self._bench.charger.starts
        os.write(self._terminal.keys, line.encode() + b"\r")
        self._serve(lambda: self._bench.charger.starts > starts)

    def _printed(self, ctrl_c_after_s: float = 0) -> str:
        self._serve(lambda: _READY.search(self._new()), ctrl_c_after_s)
        return self._new().removesuffix(">>> ").replace("\r", "")

    def _new(self) -> str:
        return self._bench.output[self._seen :]

    def _serve(self, done, ctrl_c_after_s: float = 0) -> None:
        charger, hardware = self._bench.charger, self._bench.hardware
        end = time.monotonic() + _PATIENCE_S
        stop_ms = hardware.now_ms + ctrl_c_after_s * 1000 if ctrl_c_after_s else 0
        while not done():
            if time.monotonic() > end:
                raise BenchError(f"no prompt; printed:\n{self._new()}")
            if not select.select([charger.child.wire], [], [], 0.02)[0]:
                continue
            charger.feed(charger.child.wire.recv(65536))
            while request := charger.next_request():
                if request[0] != Op.ADVANCE:
                    charger.handle(request)
                    continue
                if stop_ms and hardware.now_ms >= stop_ms:
                    stop_ms = 0
                    os.write(self._terminal.keys, b"\x03")
                    continue  # it never hears how long it has slept
                hardware.advance(hardware.now_ms + max(1, request[2]))
                charger.send(reply(max(1, request[2]), charger.chip.seen(), charger.chip.flags()))


def installed(monkeypatch) -> Terminal:
    """Chargers that are started from now on have this terminal."""
    terminal = Terminal()
    monkeypatch.setattr(process, "subprocess", terminal)
    return terminal
