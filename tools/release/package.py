"""An update file from compiled modules: manifest, signature, content (firmware/update/package.py).

The same files, version and key give the same bytes: signatures are deterministic (RFC 6979).
"""

import hashlib
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    Prehashed,
    decode_dss_signature,
    encode_dss_signature,
)

MAGIC = b"RIVOTUP1"
HEAD = 76  # magic, size of the manifest, signature
BOARD = "rivot_100a"
MPY = 6
_LAST = "firmware/app.mpy"  # written last: it makes the slot whole
_CURVE = ec.SECP256R1()
_HASH = ec.ECDSA(Prehashed(hashes.SHA256()))
_SIGN = ec.ECDSA(Prehashed(hashes.SHA256()), deterministic_signing=True)


class ReleaseError(Exception):
    """The update cannot be made; the text says what to do."""


def new_key() -> ec.EllipticCurvePrivateKey:
    """A fresh private key."""
    return ec.generate_private_key(_CURVE)


def private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The key as a PEM file without a password."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def read_key(path: Path) -> ec.EllipticCurvePrivateKey:
    """The private key of a PEM file. ReleaseError when it is none on P-256."""
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        raise ReleaseError(f"{path}: {error}; --new-key {path} makes one") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != _CURVE.name:
        raise ReleaseError(f"{path}: a key on P-256 is wanted; --new-key FILE makes one")
    return key


def public_line(key: ec.EllipticCurvePrivateKey) -> str:
    """What a charger has to have in /update_keys.txt: x and y in hex."""
    numbers = key.public_key().public_numbers()
    return f"{numbers.x:064x}{numbers.y:064x}"


def make(files: dict[str, bytes], version: str, key: ec.EllipticCurvePrivateKey) -> bytes:
    """The update file. `files`: path in the slot (`firmware/app.mpy`) -> content."""
    if _LAST not in files:
        raise ReleaseError(f"{_LAST} is missing: this is no whole firmware")
    names = [*sorted(name for name in files if name != _LAST), _LAST]
    lines = [f"version {version}", f"board {BOARD}", f"mpy {MPY}"]
    lines += [f"{n} {len(files[n])} {hashlib.sha256(files[n]).hexdigest()}" for n in names]
    manifest = "".join(f"{line}\n" for line in lines).encode()
    digest = hashlib.sha256(manifest).digest()
    r, s = decode_dss_signature(key.sign(digest, _SIGN))
    signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    head = MAGIC + len(manifest).to_bytes(4, "little") + signature
    return head + manifest + b"".join(files[name] for name in names)


def check(update: bytes, key: ec.EllipticCurvePublicKey) -> list[str]:
    """The lines of the manifest. ReleaseError when anything in the file is not as signed."""
    size = int.from_bytes(update[8:12], "little")
    manifest = update[HEAD : HEAD + size]
    r, s = (int.from_bytes(update[12 + i : 44 + i], "big") for i in (0, 32))
    try:
        key.verify(encode_dss_signature(r, s), hashlib.sha256(manifest).digest(), _HASH)
    except InvalidSignature:
        raise ReleaseError("signed by another key, or changed since") from None
    place = HEAD + size
    lines = manifest.decode().splitlines()
    for line in lines[3:]:
        name, length, sha256 = line.split()
        content = update[place : place + int(length)]
        if hashlib.sha256(content).hexdigest() != sha256:
            raise ReleaseError(f"{name} is damaged")
        place += int(length)
    if place != len(update):
        raise ReleaseError("there is more in it than its manifest says")
    return lines
