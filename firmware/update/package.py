"""An update file: its manifest, its signature, its files. Loaded on demand.

    8 bytes    RIVOTUP1
    4 bytes    size of the manifest, lowest byte first
    64 bytes   ECDSA P-256 signature of the manifest's SHA-256: r and s
    manifest   lines: `version 2.2.0`, `board rivot_100a`, `mpy 6`, then `path size sha256` each
    files      one after the other, as in the manifest

docs/updates.md. What reads it needs no more memory than a line and a block.
"""

import binascii
import hashlib

from micropython import const

MAGIC = b"RIVOTUP1"
HEAD = const(76)
_LONGEST_MANIFEST = const(32768)
_LONGEST_LINE = const(200)
_BLOCK = const(512)
_FOLDERS = ("firmware/", "m/", "lib/")


class PackageError(Exception):
    """The update is not taken; the text says why."""


def read_head(file: "BinaryIO") -> "tuple[int, bytes]":
    """(size of the manifest, signature)."""
    head = file.read(HEAD)
    if len(head) < HEAD or head[:8] != MAGIC:
        raise PackageError("this is no update file")
    size = int.from_bytes(head[8:12], "little")
    if not 0 < size <= _LONGEST_MANIFEST:
        raise PackageError("its manifest is too long")
    return size, head[12:]


def digest(file: "BinaryIO", size: int) -> bytes:
    """SHA-256 of the next `size` bytes."""
    found = hashlib.sha256()
    while size > 0:
        data = file.read(min(size, _BLOCK))
        if not data:
            raise PackageError("it is cut off")
        found.update(data)
        size -= len(data)
    return found.digest()


def facts(file: "BinaryIO") -> dict:
    """version, board and mpy of the manifest, which begins here."""
    found = {}
    for name in ("version", "board", "mpy"):
        words = _line(file)
        if len(words) != 2 or words[0] != name:
            raise PackageError("its manifest has no " + name)
        found[name] = words[1]
    return found


def entry(file: "BinaryIO") -> "tuple[str, int, bytes]":
    """(path, size, SHA-256) of the manifest's next file."""
    words = _line(file)
    try:
        path, size, sha256 = words
        if ".." in path or not path.startswith(_FOLDERS):
            raise ValueError
        return path, int(size), binascii.unhexlify(sha256)
    except ValueError:
        raise PackageError("its manifest is wrong at %s" % " ".join(words)[:40])


def _line(file: "BinaryIO") -> list:
    line = file.readline(_LONGEST_LINE)
    if line[-1:] != b"\n":
        raise PackageError("its manifest is cut off")
    try:
        return line.decode().split()
    except UnicodeError:
        raise PackageError("its manifest is no text")


def version_number(text: str) -> tuple:
    """For comparing: `2.10.1` is newer than `2.9`. PackageError when it is no version."""
    try:
        return tuple([int(part) for part in text.split(".")])
    except ValueError:
        raise PackageError("version %s makes no sense" % text[:20])


def copy(source: "BinaryIO", path: str, size: int) -> "Iterator[None]":
    """Write the next `size` bytes of `source` into the file; pauses after each block."""
    with open(path, "wb") as file:
        while size > 0:
            data = source.read(min(size, _BLOCK))
            if not data:
                raise PackageError("it is cut off")
            file.write(data)
            size -= len(data)
            yield


def has_digest(path: str, size: int, sha256: bytes) -> bool:
    """Is that what lies on flash."""
    with open(path, "rb") as file:
        return digest(file, size) == sha256 and not file.read(1)
