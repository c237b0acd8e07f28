"""The chip's flash: a littlefs2 image for MicroPython, a folder for CPython.

Both can lose power at the N-th program or erase (`cut`), with that write torn.
"""

import os
from functools import lru_cache
from pathlib import Path
from typing import Any

from littlefs import LittleFS, LittleFSError
from littlefs.context import UserContext

from tools.update_layout import SLOT_FILE, is_code

BLOCK = 4096
BLOCKS = 512
_DISK_VERSION = 0x00020000  # MicroPython 1.24 mounts 2.0 and 2.1; older tools 2.0 only


class PowerCut(Exception):
    """The flash write at which the power was to die has been torn."""


class _Counter:
    """Counts programs and erases; says which one the power dies at, and what part gets done."""

    def __init__(self, cut: int | None) -> None:
        self.cut = cut
        self.part = 0.5
        self.writes = 0
        self.programmed = 0  # bytes
        self.erases = 0

    def torn(self) -> bool:
        self.writes += 1
        return self.cut is not None and self.writes >= self.cut


class ImageFlash:
    """A littlefs2 image file of 512 blocks of 4096 bytes. The firmware reads the file itself."""

    def __init__(self, path: Path, cut: int | None = None) -> None:
        self.path = path
        self.counter = _Counter(cut)
        self._fd = -1

    def prepare(self, code: dict[str, Path], data: dict[str, bytes]) -> None:
        """Create the image if it is missing; bring the code up to date, write `data`."""
        files = {name: path.read_bytes() for name, path in code.items()}
        fresh_one = not self.path.exists()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fs = _mount(_fresh(tuple(files.items())) if fresh_one else self.path.read_bytes())
        if _refresh(fs, files, data) or fresh_one:
            fresh = self.path.with_name(self.path.name + ".new")
            fresh.write_bytes(fs.context.buffer)
            fresh.replace(self.path)
        self.close()
        self._fd = os.open(self.path, os.O_RDWR)

    def close(self) -> None:
        """Let go of the file."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def program(self, block: int, offset: int, data: bytes) -> None:
        """Write `data` into erased flash. Raises PowerCut, with a part of it written."""
        torn = self.counter.torn()
        self.counter.programmed += len(data)
        size = int(len(data) * self.counter.part) if torn else len(data)
        os.pwrite(self._fd, data[:size], block * BLOCK + offset)
        if torn:
            raise PowerCut

    def erase(self, block: int) -> None:
        """Set a block to ones. Raises PowerCut, with a part of it erased."""
        torn = self.counter.torn()
        self.counter.erases += 1
        size = int(BLOCK * self.counter.part) if torn else BLOCK
        os.pwrite(self._fd, b"\xff" * size, block * BLOCK)
        if torn:
            raise PowerCut

    def read(self, name: str) -> bytes:
        """One file's content. Raises FileNotFoundError."""
        fs = _mount(self.path.read_bytes())  # must outlive the file: it frees what that uses
        try:
            with fs.open(name, "rb") as file:
                return bytes(file.read())
        except LittleFSError as error:
            raise FileNotFoundError(name) from error

    def names(self) -> list[str]:
        """All files, as absolute paths on the chip."""
        fs = _mount(self.path.read_bytes())
        return _names(fs)


class FolderFlash:
    """A folder. Writes happen in the firmware's process, which counts them with us."""

    def __init__(self, path: Path, cut: int | None = None) -> None:
        self.path = path
        self.counter = _Counter(cut)

    def prepare(self, code: dict[str, Path], data: dict[str, bytes]) -> None:
        """Create the folder if it is missing, write `data`; the code runs from its sources."""
        self.path.mkdir(parents=True, exist_ok=True)
        for name, content in data.items():
            (self.path / name.lstrip("/")).write_bytes(content)

    def close(self) -> None:
        """Nothing is open."""

    def count(self, torn: bool) -> int:
        """A write begins: 1 when the firmware is to tear it, and then to call with `torn`."""
        if torn:
            raise PowerCut
        return int(self.counter.torn())

    def read(self, name: str) -> bytes:
        """One file's content. Raises FileNotFoundError."""
        return (self.path / name.lstrip("/")).read_bytes()

    def names(self) -> list[str]:
        """All files, as absolute paths on the chip."""
        found = (p for p in self.path.rglob("*") if p.is_file())
        return sorted("/" + p.relative_to(self.path).as_posix() for p in found)


class _Memory(UserContext):
    """The library's, without a line of its log for every access: most of a start's time."""

    def read(self, cfg: Any, block: int, off: int, size: int) -> bytearray:
        start = block * cfg.block_size + off
        return self.buffer[start : start + size]

    def prog(self, cfg: Any, block: int, off: int, data: bytes) -> int:
        start = block * cfg.block_size + off
        self.buffer[start : start + len(data)] = data
        return 0


@lru_cache(maxsize=2)  # tests start many chargers with the same code
def _fresh(code: tuple[tuple[str, bytes], ...]) -> bytes:
    """A new image with the code on it."""
    fs = _filesystem(b"\xff" * (BLOCK * BLOCKS), _DISK_VERSION)
    fs.format()
    fs.mount()
    _refresh(fs, dict(code), {})
    return bytes(fs.context.buffer)


def _filesystem(content: bytes, version: int = 0) -> LittleFS:
    """`version` 0: whichever it has; the firmware's own driver may raise it."""
    context = _Memory(buffer=bytearray(content))
    return LittleFS(
        context, mount=False, block_size=BLOCK, block_count=BLOCKS, read_size=32, prog_size=32,
        lookahead_size=32, cache_size=1024, disk_version=version,
    )  # fmt: skip


def _mount(content: bytes) -> LittleFS:
    fs = _filesystem(content)
    fs.mount()
    return fs


def _names(fs: LittleFS) -> list[str]:
    found = []
    for folder, _, files in fs.walk("/"):
        found += [f"{folder.rstrip('/')}/{name}" for name in files]
    return sorted(found)


def _refresh(fs: LittleFS, code: dict[str, bytes], data: dict[str, bytes]) -> bool:
    """Write what differs, remove code that is no more. Answers whether anything was changed.

    A charger that was updated keeps its code.
    """
    present = _names(fs)
    if SLOT_FILE in present:
        code = {}
    stale = [n for n in present if is_code(n) and n not in code] if code else []
    for name in stale:
        fs.remove(name)
    wanted = {**code, **data}
    changed = {n: content for n, content in wanted.items() if _differs(fs, n, content, present)}
    for name, content in changed.items():
        folder = name.rpartition("/")[0]
        if folder:
            fs.makedirs(folder, exist_ok=True)
        with fs.open(name, "wb") as file:
            file.write(content)
    return bool(stale or changed or not present)


def _differs(fs: LittleFS, name: str, content: bytes, present: list[str]) -> bool:
    if name not in present or fs.stat(name).size != len(content):
        return True
    with fs.open(name, "rb") as file:
        return bytes(file.read()) != content
