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

from firmware.errors import ChargerError

_LONGEST_LINE = const(200)
_BLOCK = const(512)
_FOLDERS = ("firmware/", "m/", "lib/")


def facts(file: "BinaryIO") -> dict:
    """version, board and mpy of the manifest, which begins here."""
    found = {}
    for name in ("version", "board", "mpy"):
        words = _line(file)
        if len(words) != 2 or words[0] != name:
            raise ChargerError("its manifest has no " + name)
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
        raise ChargerError("its manifest is wrong at %s" % " ".join(words)[:40])


def _line(file: "BinaryIO") -> list:
    line = file.readline(_LONGEST_LINE)
    if line[-1:] != b"\n":
        raise ChargerError("its manifest is cut off")
    try:
        return line.decode().split()
    except UnicodeError:
        raise ChargerError("its manifest is no text")


def version_number(text: str) -> tuple:
    """For comparing: `2.10.1` is newer than `2.9`. ChargerError when it is no version."""
    try:
        return tuple([int(part) for part in text.split(".")])
    except ValueError:
        raise ChargerError("version %s makes no sense" % text[:20])


def copy(source: "BinaryIO", path: str, size: int) -> "Iterator[None]":
    """Write the next `size` bytes of `source` into the file; pauses after each block."""
    with open(path, "wb") as file:
        while size > 0:
            data = source.read(min(size, _BLOCK))
            if not data:
                raise ChargerError("it is cut off")
            file.write(data)
            size -= len(data)
            yield


def has_digest(path: str, size: int, sha256: bytes) -> bool:
    """Is that what lies on flash."""
    found = hashlib.sha256()
    with open(path, "rb") as file:
        data = file.read(_BLOCK)
        while data:
            size -= len(data)
            found.update(data)
            data = file.read(_BLOCK)
    return not size and found.digest() == sha256
