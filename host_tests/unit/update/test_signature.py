"""Whose signature counts: that of any good key of the charger's file, whatever else is in it."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from firmware.errors import ChargerError
from firmware.update import signature
from tools.release.package import make, public_line

OURS = ec.derive_private_key(0x52495654, ec.SECP256R1())
THEIRS = ec.derive_private_key(0x4F544852, ec.SECP256R1())


@pytest.fixture
def check(tmp_path, monkeypatch):
    """`check(keys, update)`: the manifest's size."""
    monkeypatch.chdir(tmp_path)

    def checked(keys: str, update: bytes) -> int:
        (tmp_path / signature.KEYS_FILE).write_text(keys)
        (tmp_path / "update.bin").write_bytes(update)
        return signature.check("update.bin", lambda: None)

    return checked


def signed(key: ec.EllipticCurvePrivateKey) -> bytes:
    return make({"firmware/app.mpy": b"code"}, "9.0.0", key)


NOTES = [
    "",
    "# the workshop's keys\n",
    "not hex at all\n",
    "abc\n",  # half a byte
    "00" * 32 + " too short\n",
    "00" * 64 + " no point of the curve\n",
    "\n\n",
]


@pytest.mark.parametrize("note", NOTES)
def test_a_line_that_is_no_key_costs_no_other(check, note: str) -> None:
    keys = note + public_line(THEIRS) + "\n" + note + public_line(OURS) + " workshop\n"
    assert check(keys, signed(OURS)) > 0


@pytest.mark.parametrize("note", NOTES)
def test_nor_does_it_let_anything_in(check, note: str) -> None:
    with pytest.raises(ChargerError, match="no key of this charger"):
        check(note + public_line(OURS) + "\n", signed(THEIRS))


def test_without_a_file_of_keys_nothing_is_taken(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "update.bin").write_bytes(signed(OURS))
    with pytest.raises((ChargerError, OSError)):
        signature.check("update.bin", lambda: None)


@pytest.mark.parametrize("place", [0, 8, 12, 40, 75, 80, 100])
def test_a_flipped_bit_anywhere_is_refused(check, place: int) -> None:
    update = bytearray(signed(OURS))
    update[place] ^= 1
    with pytest.raises(ChargerError):
        check(public_line(OURS) + "\n", bytes(update))
