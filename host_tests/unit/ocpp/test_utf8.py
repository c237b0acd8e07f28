"""The UTF-8 check against CPython's strict decoder."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.ocpp.utf8 import Utf8
from host_tests.unit.net.interpreters import ON, run_pure

EDGES = (
    b"\xf4\x8f\xbf\xbf", b"\xf4\x90\x80\x80", b"\xed\x9f\xbf", b"\xed\xa0\x80", b"\xed\xbf\xbf",
    b"\xe0\x9f\xbf", b"\xe0\xa0\x80", b"\xf0\x8f\xbf\xbf", b"\xf0\x90\x80\x80", b"\xc1\xbf",
    b"\xc2\x80", b"\xee\x80\x80", b"\xef\xbf\xbf", b"\x80", b"\xbf", b"\xc0\x80", b"\xf8\x88\x80",
    b"a" * 31 + b"\xc3", b"a" * 31 + b"\xc3\xa4" + b"b" * 64, b"a" * 64 + b"\xff" + b"a" * 64,
    b"", b"a" * 32 + b"\xe2\x82\xac" * 50, b"\xe2\x82\xac\xe2\x82", b"\xe2\x28\xa1",
    b"\xf0\x9f\x98\x80",
)  # fmt: skip


def strict(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


@pytest.mark.parametrize("on", ON)
def test_edges_cut_anywhere(on: str) -> None:
    cut = [(data, at) for data in EDGES for at in range(len(data) + 1)]
    got = run_pure(on, [["utf8", data[:at].hex(), data[at:].hex()] for data, at in cut])
    for (data, at), result in zip(cut, got, strict=True):
        assert result == strict(data), (data, at)


@pytest.mark.parametrize("on", ON)
def test_every_pair_of_first_bytes(on: str) -> None:
    firsts = range(0x78, 0x100)
    got = run_pure(on, [["utf8_all", first] for first in firsts])
    for first, found in zip(firsts, got, strict=True):
        expected = [
            [second, tail]
            for second in range(256)
            for tail in (0, 1, 2)
            if strict(bytes((first, second)) + b"\x80" * tail)
        ]
        assert found == expected, hex(first)


@given(st.lists(st.one_of(st.binary(max_size=80), st.text(max_size=80).map(str.encode))))
def test_agrees_with_the_strict_decoder(pieces: list[bytes]) -> None:
    check = Utf8()
    good = all(check.feed(piece) for piece in pieces)
    assert (good and not check.left) == strict(b"".join(pieces))


def test_fails_at_the_first_wrong_byte() -> None:
    check = Utf8()
    assert check.feed(b"abc\xf4")
    assert not check.feed(b"\x90")
