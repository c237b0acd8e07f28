"""Gets a stock MicroPython release, checked by SHA-256, and keeps it in build/firmware/."""

import hashlib
import re
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from tools.build import ROOT
from tools.flash.partitions import FirmwareError

STORE = ROOT / "build" / "firmware"
DEFAULT = "1.24.0"
SITE = "https://micropython.org"
_FOLDER = "/resources/firmware/"
_PAGE = "/download/ESP32_GENERIC/"
# The releases whose hash is known: version -> (file, SHA-256).
_KNOWN = {
    "1.24.0": (
        "ESP32_GENERIC-20241025-v1.24.0.bin",
        "648e655fdaa8c31ece4e8f2a5c7815b015a7bca1c8db56246287799164ad9bff",
    )
}
_TIMEOUT_S = 30
_LARGEST = 8 << 20
_PIECE = 1 << 16

Progress = Callable[[int, int], None]


def release(
    version: str, sha256: str | None, progress: Progress, site: str = SITE, store: Path = STORE
) -> bytes:
    """The release's firmware. Raises FirmwareError: no network, no such version, other content."""
    name, known = _KNOWN.get(version, (None, None))
    wanted = (sha256 or known or "").lower()
    if not re.fullmatch(r"[0-9a-f]{64}", wanted):
        raise FirmwareError(
            f"the SHA-256 of MicroPython {version} is not known here. Take the file from "
            f"{SITE}{_PAGE}, check it, and say SHA256=... with VERSION={version}"
        )
    kept = store / f"{wanted}.bin"
    if kept.exists() and _sha256(kept.read_bytes()) == wanted:
        return kept.read_bytes()
    name = name or _file_name(version, site)
    data = _get(f"{site}{_FOLDER}{name}", progress)
    if _sha256(data) != wanted:
        raise FirmwareError(
            f"{name} has the SHA-256 {_sha256(data)}, wanted was {wanted}. It is not used"
        )
    store.mkdir(parents=True, exist_ok=True)
    fresh = kept.with_suffix(".part")
    fresh.write_bytes(data)
    fresh.replace(kept)
    return data


def given(path: Path, sha256: str | None) -> bytes:
    """A firmware file of the user's, checked if a hash is given. Raises FirmwareError."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FirmwareError(f"FIRMWARE={path}: {error.strerror}") from error
    if sha256 and _sha256(data) != sha256.lower():
        raise FirmwareError(f"FIRMWARE={path} has the SHA-256 {_sha256(data)}, not {sha256}")
    return data


def _file_name(version: str, site: str) -> str:
    """The name holds the day of the release, which only the download page knows."""
    page = _get(site + _PAGE, lambda done, total: None).decode("utf-8", "replace")
    found = re.search(rf"ESP32_GENERIC-\d{{8}}-v{re.escape(version)}\.bin", page)
    if not found:
        raise FirmwareError(f"{SITE}{_PAGE} offers no version {version}")
    return found[0]


def _get(url: str, progress: Progress) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as answer:
            total = int(answer.headers.get("Content-Length") or 0)
            data = bytearray()
            while piece := answer.read(_PIECE):
                data += piece
                if len(data) > _LARGEST:
                    raise FirmwareError(f"{url} is larger than {_LARGEST:,} bytes")
                progress(len(data), max(total, len(data)))
    except urllib.error.HTTPError as error:
        raise FirmwareError(f"{url}: {error.code} {error.reason}") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise FirmwareError(
            f"{url} cannot be reached ({reason}). Without a network give a file that was "
            "downloaded elsewhere: FIRMWARE=ESP32_GENERIC-20241025-v1.24.0.bin"
        ) from error
    if total and len(data) != total:
        raise FirmwareError(f"{url} broke off after {len(data):,} of {total:,} bytes")
    return bytes(data)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
