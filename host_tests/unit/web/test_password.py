"""Passwords are kept so that they cannot be read back, and compared as the standard says."""

import hashlib

import pytest

from firmware.errors import SettingError
from firmware.storage import password


def right(kept: str, given: str) -> bool:
    return next(told for told in password.matching(kept, given.encode()) if told is not None)


@pytest.mark.parametrize("word", ["open sesame", "ü" * 20, "x" * 63, "x" * 100])
@pytest.mark.parametrize("rounds", [1, 19, 20, 100])
def test_the_key_is_that_of_pbkdf2(word: str, rounds: int) -> None:
    *waits, key = password.stretched(word.encode(), b"salt" * 4, rounds)
    assert key == hashlib.pbkdf2_hmac("sha256", word.encode(), b"salt" * 4, rounds)
    assert waits == [None] * (rounds // 20)


def test_what_is_kept_tells_nothing_and_matches_only_that_password() -> None:
    kept = password.stored("open sesame")
    rounds, salt, key = kept.split("$")
    assert 1000 <= int(rounds) <= 20_000 and len(salt) == 32 and len(key) == 64
    assert "sesame" not in kept and len(kept) <= 120
    assert kept != password.stored("open sesame")  # another salt
    assert right(kept, "open sesame")
    assert not right(kept, "open sesamE") and not right(kept, "")
    assert password.stored(kept) == kept


@pytest.mark.parametrize("word", ["short", "x" * 64])
def test_a_password_too_short_or_too_long_is_refused(word: str) -> None:
    with pytest.raises(SettingError, match="8 to 63 bytes"):
        password.stored(word)


def test_no_password_stays_none_and_a_spoilt_one_lets_nobody_in() -> None:
    assert password.stored("") == ""
    assert not right("", "") and not right("12$34", "12$34")


@pytest.mark.parametrize(
    ("wanted", "given", "equal"),
    [(b"abc", b"abc", True), (b"abc", b"abd", False), (b"abc", b"ab", False),
     (b"abc", b"abcd", False), (b"", b"", True), (b"abc", b"", False)],
)  # fmt: skip
def test_comparison(wanted: bytes, given: bytes, equal: bool) -> None:
    assert password.same(wanted, given) is equal
