"""Stores a password so that it cannot be read back: salted, stretched (PBKDF2-HMAC-SHA256).

Stored is "rounds$salt$key", the last two in hex. As many rounds as take about 0.4 s on this chip
where it can be measured. Loaded on demand.
"""

import os
import time
from binascii import hexlify, unhexlify
from hashlib import sha256

from micropython import const

from firmware.errors import SettingError

_SHORTEST = const(8)
_LONGEST = const(63)
_FEWEST = const(1000)
_USUAL = const(2000)
_MOST = const(20_000)
_TRIED = const(64)
_WANTED_US = const(400_000)
_AT_A_TIME = const(20)  # rounds; then the control loop may turn
_KEY = const(64)  # hex digits


def stored(password: str) -> str:
    """What to keep of a new password; what is kept already stays. SettingError: too short."""
    if not password or _parts(password):
        return password
    if not _SHORTEST <= len(password.encode()) <= _LONGEST:
        raise SettingError("web_password: %d to %d bytes wanted" % (_SHORTEST, _LONGEST))
    salt = os.urandom(16)
    rounds = _rounds()
    for key in stretched(password.encode(), salt, rounds):
        if key:
            return "%d$%s$%s" % (rounds, hexlify(salt).decode(), hexlify(key).decode())
    return ""


def matching(kept: str, password: bytes) -> "Iterator[bool | None]":
    """None as long as it computes, then whether it is the password."""
    parts = _parts(kept)
    if not parts:
        yield False
        return
    for key in stretched(password, unhexlify(parts[1]), int(parts[0])):
        yield same(unhexlify(parts[2]), key) if key else None


def stretched(password: bytes, salt: bytes, rounds: int) -> "Iterator[bytes | None]":
    """The key (RFC 8018 5.2, one block of SHA-256); None again and again until it is there."""
    if len(password) > 64:
        password = sha256(password).digest()
    padded = int.from_bytes(password + bytes(64 - len(password)), "big")
    inner = (padded ^ int.from_bytes(b"\x36" * 64, "big")).to_bytes(64, "big")
    outer = (padded ^ int.from_bytes(b"\x5c" * 64, "big")).to_bytes(64, "big")
    last = salt + b"\0\0\0\1"
    mixed = 0
    for number in range(rounds):
        if number % _AT_A_TIME == _AT_A_TIME - 1:
            yield None
        last = sha256(outer + sha256(inner + last).digest()).digest()
        mixed ^= int.from_bytes(last, "big")
    yield mixed.to_bytes(32, "big")


def same(wanted: bytes, given: bytes) -> bool:
    """Are they equal; it takes as long whatever differs."""
    differs = len(wanted) ^ len(given)
    for index in range(len(wanted)):
        differs |= wanted[index] ^ (given[index] if index < len(given) else 0)
    return not differs


def _parts(text: str) -> "list | None":
    """Rounds, salt and key of what is kept, None when it is a password."""
    parts = text.split("$")
    if len(parts) != 3 or len(parts[2]) != _KEY or not parts[0].isdigit():
        return None
    return parts


def _rounds() -> int:
    begin = time.ticks_us()
    for _ in stretched(b"rivot", b"rivot", _TRIED):
        pass
    took_us = time.ticks_diff(time.ticks_us(), begin)
    if took_us < _TRIED:  # a clock that stands still
        return _USUAL
    return max(_FEWEST, min(_MOST, _WANTED_US * _TRIED // took_us))
