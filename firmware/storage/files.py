"""Whole files: read, or written so that a power cut leaves the old or the new one.

The bytes are made first and written once: an exception half-way must not commit half a file.
Names are relative to the chip's root.
"""

import json
import os


def read_bytes(path: str) -> bytes:
    """The file's content, b"" when there is no such file (or no name)."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def write_atomic(path: str, data: bytes) -> None:
    """Replace the file; raises OSError (old content kept) when flash is full or broken."""
    temporary = path + ".tmp"
    with open(temporary, "wb") as file:
        file.write(data)
    os.rename(temporary, path)


def write_json(path: str, value: dict) -> None:
    """Write the object, atomically."""
    write_atomic(path, json.dumps(value).encode())


class JsonFile:
    """One JSON file, to be handed to whoever stores an object."""

    def __init__(self, path: str) -> None:
        self._path = path

    def write(self, value: dict) -> None:
        """Write the object, atomically."""
        write_json(self._path, value)


def remove(path: str) -> None:
    """Delete the file if it is there."""
    try:
        os.remove(path)
    except OSError:
        pass


def ensure_folder(path: str) -> None:
    """Make the folder unless it is there."""
    try:
        os.mkdir(path)
    except OSError:
        os.listdir(path)  # raises when it is no folder


def free_bytes(path: str = ".") -> int:
    """Free space of the file system; it is walked, so ask seldom."""
    numbers = os.statvfs(path)
    return numbers[0] * numbers[3]
