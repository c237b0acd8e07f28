"""The firmware's process: an interpreter with the shim in it, and the wire to it."""

import ctypes
import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
from pathlib import Path
from typing import IO, Any

from tools import build, micropython
from tools.update_layout import in_slot

HERE = Path(__file__).resolve().parent
_START = """
import asyncio,gc,json,os,socket,sys,time,vfs
gc.collect()
b=gc.mem_alloc()
import launch as l
f=l.start();o=l.observe;s=l.boot
del l.start,l.boot,l
s(f,b)
del s,f
import main
main.run(o)
"""
_SHIM = build.OUT.parent / "shim"
SHIM_BYTES = 7 * 1024  # heap the shim needs on 32 bit; `state` reports what it really took
# What few boards use costs heap where it is used only (shim/rare.py); a test's code is searched.
_RARE = re.compile(
    r"\b(ADC|PWM|unique_id|OPEN_DRAIN|PULL_DOWN|DEEPSLEEP_RESET|SOFT_RESET|mcu_temperature)\b"
    r"|\.(disconnect|freq|on|off|read|write)\(|spi\.readinto\(|uart\.init\("
)
MORE_BYTES = {"rare": 2400, "links": 3400, "slow": 896}  # heap that they need on 32 bit
SILENT_S = 20  # of real time; longer means that the firmware hangs
_PR_SET_PDEATHSIG = 1


class NoInterpreter(Exception):
    """The wanted interpreter cannot be had on this machine."""


def code_files(firmware: Path | None) -> dict[str, Path]:
    """Path on the chip -> file: the real firmware, compiled, or a test's folder of sources."""
    # Without line numbers: what the shim takes of the heap is the firmware's loss.
    build.compile_tree(build.SHIM, _SHIM, opt=3, only="*.py")
    if firmware is None:
        return {in_slot(name): path for name, path in build.files().items()}
    found = (p for p in sorted(firmware.rglob("*.py")) if "__pycache__" not in p.parts)
    return {"/" + p.relative_to(firmware).as_posix(): p for p in found}


def command_line(on: str, heap: str | None, more: int = 0) -> list[str]:
    """How to start the interpreter, up to the arguments. Raises NoInterpreter."""
    words = micropython.command(on)
    if words is None:
        raise NoInterpreter(f"{on} is not installed here: try `make setup`")
    if on == "cpython":
        return [*words, str(HERE / "child.py")]
    size = ("-X", f"heapsize={_with_shim(heap) + more}") if heap else ()
    return [*words, *size, "-c", _START]


def _with_shim(heap: str) -> int:
    """`heap` is the firmware's; what the shim takes comes on top, as no chip has to carry it."""
    unit = {"k": 1024, "m": 1024 * 1024}.get(heap[-1:].lower(), 1)
    number = heap if unit == 1 else heap[:-1]
    if not number.isdigit():
        raise ValueError(f"--heap {heap}: a size like 112k wanted")
    return int(number) * unit + SHIM_BYTES


def rare_modules(firmware: Path | None, optional: bool = False, links: bool = False) -> list[str]:
    """Further modules of the shim that this firmware wants.

    `optional`: hardware options are set; `links`: more than a Wi-Fi station may be used.
    """
    return [*_rare_modules(firmware, optional), *(["links"] if links else [])]


def _rare_modules(firmware: Path | None, optional: bool) -> list[str]:
    if not firmware:  # only optional hardware wants it
        return ["rare"] if optional else []
    texts = (path.read_text(encoding="utf-8") for path in firmware.rglob("*.py"))
    return ["rare"] if any(_RARE.search(text) for text in texts) else []


class Child:
    """One life of the firmware. `output` takes what it prints: a file, or None for a pipe."""

    def __init__(
        self, on: str, heap: str | None, flash: Path, virtual: bool, firmware: Path | None = None,
        more: list[str] | None = None, output: IO[bytes] | None = None,
    ) -> None:  # fmt: skip
        words = command_line(on, heap, sum(MORE_BYTES[name] for name in more or []))
        self.wire, wire = socket.socketpair()
        self.status, status = socket.socketpair()
        arguments = [str(wire.fileno()), str(status.fileno()), str(flash.resolve())]
        arguments.append("virtual" if virtual else "wall")
        if on == "cpython":
            arguments.append(str(firmware or build.ROOT))
        arguments += more or []
        self._process = subprocess.Popen(
            [*words, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output or subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=(wire.fileno(), status.fileno()),
            cwd=_SHIM,
            env=_environment(),
            preexec_fn=_die_with_parent,
            start_new_session=True,  # the terminal's Ctrl-C is for us, not for it
        )
        wire.close()
        status.close()
        limit = struct.pack("ll", SILENT_S, 0)
        self.wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
        self.output = self._process.stdout

    def kill(self) -> int:
        """End the process at once (SIGKILL); its exit status."""
        self._process.kill()
        code = self._process.wait()
        self.wire.close()
        self.status.close()
        return code


def _environment() -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG", "TMPDIR")}
    return {**kept, "TZ": "UTC", "MICROPYPATH": f".frozen:{_SHIM}", "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "", "PYTHONUTF8": "1"}  # fmt: skip


_libc = ctypes.CDLL(None) if sys.platform.startswith("linux") else None


def _die_with_parent() -> None:
    """No orphans: the kernel ends the child with us. Elsewhere the wire's end of file does."""
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def settings_file(settings: dict[str, Any]) -> dict[str, bytes]:
    """What the firmware takes over at its first boot."""
    if not settings:
        return {}
    text = {key: _text(value) for key, value in settings.items()}
    return {"/set.json": json.dumps(text).encode()}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
