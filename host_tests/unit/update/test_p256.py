"""ECDSA on P-256: RFC 6979's vectors, `cryptography`'s signatures, and what must be refused."""

import hashlib
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from firmware.update import p256
from firmware.update.p256 import verify
from tools.micropython import command

ROOT = Path(__file__).parents[3]
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
P = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
# RFC 6979, A.2.5: key, and the signatures with SHA-256.
KEY = bytes.fromhex(
    "60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6"
    "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299"
)
VECTORS = {
    b"sample": "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
    "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8",
    b"test": "F1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D38367"
    "019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083",
}


def valid(digest: bytes, signature: bytes, key: bytes) -> bool:
    """The last value that `verify` yields."""
    *pauses, answer = verify(digest, signature, key)
    assert set(pauses) <= {None}
    return answer


def sha256(message: bytes) -> bytes:
    return hashlib.sha256(message).digest()


def numbers(*values: int) -> bytes:
    return b"".join(value.to_bytes(32, "big") for value in values)


@pytest.mark.parametrize("message", VECTORS)
def test_vector(message: bytes) -> None:
    signature = bytes.fromhex(VECTORS[message])
    assert valid(sha256(message), signature, KEY)
    assert not valid(sha256(message + b" "), signature, KEY)


@pytest.mark.parametrize("bit", [0, 7, 255, 256, 300, 511])
def test_a_flipped_bit_is_refused(bit: int) -> None:
    for what in ("signature", "key"):
        parts = {"signature": bytes.fromhex(VECTORS[b"sample"]), "key": KEY}
        changed = int.from_bytes(parts[what], "big") ^ 1 << bit
        parts[what] = changed.to_bytes(64, "big")
        assert not valid(sha256(b"sample"), parts["signature"], parts["key"])


@pytest.mark.parametrize(
    ("r", "s"), [(0, 1), (1, 0), (N, 1), (1, N), (N + 1, 1), (0, 0), (2**256 - 1, 2**256 - 1)]
)
def test_numbers_out_of_range_are_refused(r: int, s: int) -> None:
    assert not valid(sha256(b"sample"), numbers(r, s), KEY)


@pytest.mark.parametrize("key", [bytes(64), numbers(P, 1), numbers(1, 1), KEY[:63], b""])
def test_a_key_that_is_no_point_is_refused(key: bytes) -> None:
    assert not valid(sha256(b"sample"), bytes.fromhex(VECTORS[b"sample"]), key)


def test_a_signature_of_another_length_is_refused() -> None:
    signature = bytes.fromhex(VECTORS[b"sample"])
    for wrong in (signature[:63], signature + b"\0", b""):
        assert not valid(sha256(b"sample"), wrong, KEY)


@pytest.mark.parametrize("secret", [1, 2, 3, N - 1, N // 2, None])
def test_what_others_signed(secret: int | None) -> None:
    """Secrets 1 and N - 1 have the base point and its opposite as keys: sums with exceptions."""
    key = ec.derive_private_key(secret, ec.SECP256R1()) if secret else None
    for number in range(8):
        private = key or ec.generate_private_key(ec.SECP256R1())
        point = private.public_key().public_numbers()
        message = b"update %d" % number
        made = decode_dss_signature(private.sign(message, ec.ECDSA(hashes.SHA256())))
        signature, public = numbers(*made), numbers(point.x, point.y)
        assert valid(sha256(message), signature, public)
        assert not valid(sha256(b"another"), signature, public)


@pytest.mark.parametrize("on", ["micropython", "micropython32"])
def test_vectors_on_the_chips_interpreter(on: str) -> None:
    words = command(on)
    if words is None:
        pytest.skip(f"{on} is missing: make setup")
    lines = [
        "import sys, hashlib, binascii",
        f"sys.path.insert(0, {str(ROOT)!r})",
        "from firmware.update.p256 import verify",
        f"key = binascii.unhexlify({KEY.hex()!r})",
    ]
    for message, signature in VECTORS.items():
        for text in (message, message + b"x"):
            lines += [
                f"digest = hashlib.sha256({text!r}).digest()",
                f"for valid in verify(digest, binascii.unhexlify({signature!r}), key): pass",
                "print(valid)",
            ]
    done = subprocess.run([*words, "-c", "\n".join(lines)], capture_output=True, text=True)
    assert done.stdout.split() == ["True", "False"] * 2, done.stderr


def test_no_pause_is_far_from_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two pauses lies no more than a doubling and an addition, or two inversions."""
    since: dict[str, int] = {}

    def counted(name: str, real: Callable) -> Callable:
        def call(*arguments: object) -> object:
            since[name] = since.get(name, 0) + 1
            return real(*arguments)

        return call

    for name in ("_double", "_add", "_inverse"):
        monkeypatch.setattr(p256, name, counted(name, getattr(p256, name)))
    pieces = []
    for _ in p256.verify(sha256(b"sample"), bytes.fromhex(VECTORS[b"sample"]), KEY):
        pieces.append(dict(since))
        since.clear()
    assert len(pieces) == 257
    assert pieces[0] == {"_inverse": 2, "_add": 2, "_double": 1} and pieces[-1] == {"_inverse": 1}
    for piece in pieces[1:-1]:
        assert piece["_double"] == 1 and piece.get("_add", 0) <= 1 and "_inverse" not in piece
