"""Starts the firmware on CPython: the counterpart of shim/launch.py, run as a script.

Arguments: descriptors of the wire and of the status channel, the flash folder, wall or virtual,
the folder with boot.py, main.py and firmware/. Absolute paths of the firmware mean the flash.
"""

import asyncio
import asyncio.base_events
import builtins
import io
import json
import math
import os
import selectors
import socket
import sys
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
_FLASH_COUNT, _ADVANCE, _RESOLVE, _RTC_READ, _LISTEN = 0x12, 0x10, 0x0D, 0x08, 0x14
# Absolute paths below these are the PC's own; all others are the chip's.
_HOST = tuple({sys.prefix, sys.base_prefix, "/dev", "/proc", "/etc", "/usr", "/sys"})

_BUSY_TURNS = 500  # of the event loop, without any sleep

open_on_host = open


class Wire:
    """The wire's descriptor with MicroPython's `readinto(buf, n)`."""

    def __init__(self, descriptor: int) -> None:
        self._socket = socket.socket(fileno=descriptor)
        self.write = self._socket.sendall

    def readinto(self, buf: bytearray, n: int = -1) -> int:
        """Fill `buf` (its first `n` bytes); fewer at the end of the stream only."""
        view = memoryview(buf).cast("B")[: n if n >= 0 else None]
        done = 0
        while done < len(view):
            got = self._socket.recv_into(view[done:])
            if not got:
                break
            done += got
        return done

    def read(self, n: int) -> bytes:
        """Exactly `n` bytes."""
        buf = bytearray(n)
        self.readinto(buf)
        return bytes(buf)


class VirtualClock:
    """Milliseconds that pass only when the hardware says so."""

    def __init__(self, ask: Any) -> None:
        self._ask = ask
        self.ms = 12_345

    def advance(self, dt_ms: int) -> int:
        """Ask for `dt_ms` to pass (-1: until something comes); answers how much did."""
        moved = int(self._ask(_ADVANCE, 0, dt_ms))
        self.ms += moved
        return moved

    def sleep_ms(self, delay_ms: int) -> None:
        """Block; the hardware lives on."""
        while delay_ms > 0:
            delay_ms -= self.advance(delay_ms)


class VirtualSelector(selectors.DefaultSelector):  # type: ignore[misc,valid-type]
    """Asks for time instead of waiting."""

    clock: VirtualClock

    turns = 0

    def select(self, timeout: float | None = None) -> list:
        """Ready descriptors; with none, time passes up to `timeout` seconds."""
        ready = super().select(0)
        self.turns += 1
        if self.turns > _BUSY_TURNS and timeout is not None:
            timeout = max(timeout, 0.001)  # who never sleeps takes time, too
        if ready or timeout is not None and timeout <= 0:
            return ready
        self.turns = 0
        dt_ms = -1 if timeout is None else max(1, math.ceil(timeout * 1000 - 1e-6))
        self.clock.advance(min(dt_ms, 1 << 28))
        return super().select(0)


class Flash:
    """Maps the firmware's paths into the folder and tells the hardware of each write."""

    def __init__(self, folder: Path, code: Path, ask: Any) -> None:
        self._folder = folder
        self._host = (*_HOST, str(code), str(HERE), str(folder))
        self._ask = ask

    def path(self, name: Any) -> Any:
        """The PC's path for a path of the firmware."""
        text = os.fspath(name) if isinstance(name, (str, os.PathLike)) else None
        if isinstance(text, str) and text.startswith("/") and not text.startswith(self._host):
            return str(self._folder) + text
        return name

    def count(self) -> bool:
        """A write begins. True: tear it, then call `die`."""
        return bool(self._ask(_FLASH_COUNT, 0))

    def die(self) -> None:
        """The torn write is on the disk."""
        self._ask(_FLASH_COUNT, 0, 1)

    def open(self, name: Any, mode: str = "r", *more: Any, **options: Any) -> Any:
        """`open` of the firmware."""
        if isinstance(name, int) or not set(mode) & set("wa+x"):
            return open_on_host(self.path(name), mode, *more, **options)
        raw = _CountedFile(self, self.path(name), mode.replace("b", "").replace("t", ""))
        buffered: Any = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw, 1 << 20)
        return buffered if "b" in mode else io.TextIOWrapper(buffered, encoding="utf-8")

    def wrap(self, function: Any, writes: bool, paths: int = 1) -> Any:
        """An `os` function with mapped paths; a torn one does not happen."""

        def call(*arguments: Any, **options: Any) -> Any:
            mapped = [self.path(a) if i < paths else a for i, a in enumerate(arguments)]
            if writes and self.count():
                self.die()
            return function(*mapped, **options)

        return call

    def install(self) -> None:
        """Put the wrappers in place of `open` and of `os`'s functions."""
        builtins.open = self.open  # type: ignore[assignment]
        for name in ("remove", "unlink", "mkdir", "rmdir"):
            setattr(os, name, self.wrap(getattr(os, name), True))
        os.rename = self.wrap(os.replace, True, 2)  # MicroPython's overwrites
        for name in ("listdir", "stat", "statvfs", "chdir"):
            setattr(os, name, self.wrap(getattr(os, name), False))
        os.ilistdir = self.ilistdir  # type: ignore[attr-defined]
        os.statvfs = self.statvfs  # type: ignore[assignment]

    def ilistdir(self, name: str = ".") -> list[tuple[str, int, int, int]]:
        """MicroPython's directory listing."""
        entries = sorted(os.scandir(self.path(name)), key=lambda entry: entry.name)
        kind = {True: 0x4000, False: 0x8000}
        return [(e.name, kind[e.is_dir()], 0, e.stat().st_size) for e in entries]

    def statvfs(self, name: str) -> tuple[int, ...]:
        """The folder as a 2 MB chip: blocks of 4096 bytes, 512 of them."""
        used = sum(-(-p.stat().st_size // 4096) for p in self._folder.rglob("*") if p.is_file())
        free = max(0, 400 - used)  # the code takes its part on the chip
        return (4096, 4096, 512, free, free, 0, 0, 0, 0, 255)


class _CountedFile(io.FileIO):
    """A file of the flash: each write that reaches it is one program operation."""

    def __init__(self, flash: Flash, path: str, mode: str) -> None:
        self._flash = flash
        super().__init__(path, mode)

    def write(self, data: Any) -> int:
        """Write all, or half and die."""
        data = memoryview(data).cast("B")
        if self._flash.count():
            super().write(data[: len(data) // 2])
            self._flash.die()
        return super().write(data) or 0


class Policy(asyncio.DefaultEventLoopPolicy):
    """Loops on the wanted clock that serve the status channel."""

    def __init__(self, clock: VirtualClock | None, channel: Any) -> None:
        super().__init__()
        self._clock = clock
        self._channel = channel
        self.charger: Any = None

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        """The loop that asyncio.run uses."""
        loop = asyncio.SelectorEventLoop(VirtualSelector() if self._clock else None)
        if self._clock:
            VirtualSelector.clock = self._clock
            clock = self._clock
            loop.time = lambda: clock.ms / 1000  # type: ignore[method-assign]
        loop.add_reader(self._channel.fileno(), self._status)
        return loop

    def _status(self) -> None:
        said = self._channel.recv(64)
        if not said:
            raise SystemExit  # the hardware is gone
        if self.charger and b"service" in said:
            self.charger.core.supervisor.clear_latched()
            self.charger.stayed_up()
        status = self.charger.status() if self.charger else {}
        self._channel.sendall(json.dumps(status).encode() + b"\n")


def resolver(ask: Any) -> Any:
    """`getaddrinfo` that asks the hardware for the way there, or where to listen."""
    real = socket.getaddrinfo

    def getaddrinfo(host: Any, port: Any, *more: Any, **options: Any) -> list:
        if host and host not in ("0.0.0.0", "::"):
            port = ask(_RESOLVE, 0, 0, 0, f"{host} {port}".encode())
        else:
            port = ask(_LISTEN, 0, int(port))
        return real("127.0.0.1", port, *more, **options)

    return getaddrinfo


async def _ensure_resolved(
    self: Any, address: Any, *, family: int = 0, type: int = 1, proto: int = 0, flags: int = 0,
    loop: Any = None,
) -> list:  # fmt: skip
    """asyncio's resolver without its thread: the wire has one user. Literals are asked as well."""
    host, port = address[:2]
    return socket.getaddrinfo(host, port, family=family, type=type, proto=proto, flags=flags)


def main() -> None:
    """Shim in place, boot.py, main.run()."""
    _, wire, status, folder, clock_name, code, *more = sys.argv
    sys.path[:] = [
        str(HERE / "shim"), str(HERE / "shim" / "cpython"), code,
        *(p for p in sys.path if p and Path(p).resolve() != HERE), code + "/lib",
    ]  # fmt: skip
    import compat
    import link

    link.wire = Wire(int(wire))
    virtual = clock_name == "virtual"
    clock = VirtualClock(link.ask) if virtual else None
    if clock:
        compat.install(ticks_ms=lambda: clock.ms, sleep_ms=clock.sleep_ms)
        time.sleep = lambda seconds: clock.sleep_ms(int(float(seconds) * 1000))
        time.time = lambda: float(link.ask(_RTC_READ, 0))
    else:
        compat.install()
    policy = Policy(clock, socket.socket(fileno=int(status)))
    asyncio.set_event_loop_policy(policy)
    asyncio.base_events.BaseEventLoop._ensure_resolved = _ensure_resolved  # type: ignore
    socket.getaddrinfo = resolver(link.ask)
    import machine

    sys.modules["network"] = sys.modules["esp32"] = machine
    for name in more:
        __import__(name)

    link.ask(0x11, 0)
    boot = Path(code, "boot.py").read_text()
    flash = Flash(Path(folder).resolve(), Path(code).resolve(), link.ask)
    flash.install()
    os.chdir("/")
    exec(compile(boot, "boot.py", "exec"), {"__name__": "__main__"})

    import main as firmware

    def observe(charger: Any) -> None:
        policy.charger = charger

    firmware.run(observe)


if __name__ == "__main__":
    main()
