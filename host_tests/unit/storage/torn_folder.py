"""A folder whose writes tear: half of the bytes arrive at the write the power dies at.

Worse than littlefs, which leaves the old or the new content. Stands in for `open`, `os.rename` and
`os.remove` in test_power_cuts.py; renames and removes happen or do not.
"""

import builtins
import os
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest


class TornFolder:
    """The chip's disk as books.Play wants it."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.cut = self.writes = 0
        self.dead = False
        self._root = str(root)
        self._open = builtins.open
        self._rename, self._remove = os.rename, os.remove
        monkeypatch.setattr(builtins, "open", self.open)
        monkeypatch.setattr(os, "rename", self.rename)
        monkeypatch.setattr(os, "remove", self.remove)

    def start(self) -> str:
        """Power-up; where the disk is."""
        self.dead = False
        return self._root + "/"

    def open(self, path: Any, mode: str = "r", *args: Any, **more: Any) -> Any:
        file = self._open(path, mode, *args, **more)
        if str(path).startswith(self._root) and mode != "rb" and mode != "r":
            return _TornFile(self, file)
        return file

    def rename(self, old: str, new: str) -> None:
        self._alive()
        self._rename(old, new)

    def remove(self, path: str) -> None:
        if os.path.exists(path):  # else it is no write
            self._alive()
        self._remove(path)

    def _alive(self) -> None:
        if self.torn():
            raise OSError(5, "no power")

    def torn(self) -> bool:
        """A write begins: does the power die in it, or is it gone already."""
        self.writes += 1
        self.dead = self.dead or self.writes == self.cut
        return self.dead


class _TornFile:
    def __init__(self, folder: TornFolder, file: Any) -> None:
        self._folder = folder
        self._file = file

    def write(self, data: bytes) -> int:
        was_dead = self._folder.dead
        if self._folder.torn():
            self._file.write(b"" if was_dead else data[: len(data) // 2])
            raise OSError(5, "no power")
        return int(self._file.write(data))

    def __enter__(self) -> "_TornFile":
        return self

    def __exit__(
        self, kind: type | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
