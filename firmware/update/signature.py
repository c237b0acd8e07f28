"""The head of an update file, and whether one of the charger's keys has signed it.

The manifest is hashed as it is read; its layout is in package.py.
"""

import hashlib
from binascii import unhexlify

from micropython import const

from firmware.errors import ChargerError
from firmware.storage.files import read_bytes
from firmware.update.p256 import verify

KEYS_FILE = "update_keys.txt"  # a public key a line: x and y in hex, then its name
MAGIC = b"RIVOTUP1"
HEAD = const(76)
_LONGEST_MANIFEST = const(32768)
_BLOCK = const(512)
_KEY = const(64)


def check(path: str, feed: "Callable") -> int:
    """The size of the file's manifest, which is signed by a key of ours. Raises ChargerError.

    `feed` is called every few milliseconds of the computing, for the watchdog.
    """
    with open(path, "rb") as file:
        head = file.read(HEAD)
        if len(head) < HEAD or head[:8] != MAGIC:
            raise ChargerError("this is no update file")
        size = int.from_bytes(head[8:12], "little")
        if not 0 < size <= _LONGEST_MANIFEST:
            raise ChargerError("its manifest is too long")
        hashed = hashlib.sha256()
        for _ in range(size // _BLOCK):
            hashed.update(file.read(_BLOCK))
        hashed.update(file.read(size % _BLOCK))
        digest = hashed.digest()
    for key in _keys():
        valid = None
        steps = verify(digest, head[12:], key)
        while valid is None:
            valid = next(steps)
            feed()
        if valid:
            return size
    raise ChargerError("no key of this charger has signed it")


def _keys() -> "Iterator[bytes]":
    """The charger's keys; a line that is none, like a note between them, is passed over."""
    for line in read_bytes(KEYS_FILE).split(b"\n"):
        words = line.split()
        try:
            key = unhexlify(words[0]) if words else b""
        except ValueError:
            continue
        if len(key) == _KEY:
            yield key
