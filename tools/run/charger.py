"""The virtual charger as a child process: started, heard, told what to do, surely ended.

Speaks to `tools.sim` only by its command line and its control port.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import json
import os
import signal
import sys
from collections import deque
from pathlib import Path
from typing import Any

from tools.csms.console import Console
from tools.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
_TAIL_LINES = 40
_MAX_LINE = 65536
_STOP_S = 5
_PR_SET_PDEATHSIG = 1  # linux/prctl.h


class ChargerGone(Exception):
    """The virtual charger has ended, or does not answer its control port."""


def simulator(url: str, charge_box_id: str, on: str, flash: Path, extra: list[str]) -> list[str]:
    """The command line of `tools.sim`, but for its control port."""
    words = ["--csms", url, "--id", charge_box_id, "--on", on, "--flash", str(flash)]
    return [sys.executable, "-m", "tools.sim", *words, *extra]


class VirtualCharger:
    """One `tools.sim` process; `command` must not contain `--control`."""

    def __init__(self, command: list[str], console: Console) -> None:
        self.control_port = 0
        self._command = command
        self._console = console
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._lines: deque[str] = deque(maxlen=_TAIL_LINES)

    @property
    def alive(self) -> bool:
        """The process runs."""
        return self._process is not None and self._process.returncode is None

    @property
    def ending(self) -> str:
        """How the process ended, in words."""
        status = self._process.returncode if self._process else None
        return "has not ended" if status is None else f"ended with status {status}"

    def tail(self) -> list[str]:
        """The last lines the process printed."""
        return list(self._lines)

    async def start(self) -> None:
        """Start the process; returns at once, `ready` waits for it."""
        self.control_port = free_port()
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            "--control",
            str(self.control_port),
            cwd=ROOT,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            limit=_MAX_LINE,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            start_new_session=True,  # Ctrl-C is ours to handle
            preexec_fn=_end_with_parent if sys.platform == "linux" else None,
        )
        self._reading = asyncio.ensure_future(self._read(self._process))

    async def ready(self, timeout_s: float = 60) -> None:
        """Wait until the control port answers. Raises ChargerGone."""
        for _ in range(round(timeout_s / 0.1)):
            with contextlib.suppress(ChargerGone):
                await self.command("state")
                return
            if not self.alive:
                break
            await asyncio.sleep(0.1)
        raise ChargerGone(f"the virtual charger does not answer: it {self.ending}")

    async def command(self, line: str, timeout_s: float = 10) -> dict[str, Any]:
        """One control command, one answer. Raises ChargerGone."""
        if not self.alive:
            raise ChargerGone(f"the virtual charger {self.ending}")
        try:
            async with asyncio.timeout(timeout_s):
                answer = json.loads(await self._ask(line))
        except (OSError, ValueError):
            raise ChargerGone(f"the virtual charger does not answer `{line}`") from None
        return answer if isinstance(answer, dict) else {"error": f"no object: {answer!r}"}

    async def _ask(self, line: str) -> bytes:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", self.control_port, limit=_MAX_LINE
        )
        try:
            writer.write(line.encode() + b"\n")
            await writer.drain()
            return await reader.readline()
        finally:
            writer.close()

    async def stop(self) -> None:
        """SIGTERM, and SIGKILL to its whole session when that does not help."""
        if self._process is None:
            return
        if self.alive:
            self._process.terminate()
        try:
            async with asyncio.timeout(_STOP_S):
                await self._process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            await self._process.wait()
        if self._reading:
            self._reading.cancel()

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        """Keep and show what the process prints, until it ends."""
        assert process.stdout is not None
        while True:
            try:
                line = await process.stdout.readline()
            except ValueError:  # longer than the limit: the reader has dropped it
                continue
            if not line:
                return
            text = line.decode("utf-8", "replace").rstrip()
            self._lines.append(text)
            self._console.line(f"  charger | {text}", "dim")


def _end_with_parent() -> None:
    """In the child: die when the parent is killed without a chance to say so."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
