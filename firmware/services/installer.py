"""Installs a downloaded update in the idle code slot, as a task of its own. Loaded on demand.

Nothing is taken before its signature is right; what is written is read back; the trial, which the
next start begins, is ordered last. Ends at once when somebody comes to charge.
"""

import asyncio
import os

from micropython import const

from firmware import VERSION
from firmware.on_demand import load
from firmware.storage.files import ensure_folder, free_bytes, read_bytes, remove, write_json

KEYS_FILE = "update_keys.txt"
_RESULT = "update.json"
_BOARD = "rivot_100a"
_MPY = const(6)
_BLOCK = const(4096)
_LEFT = const(131072)  # of flash; the books come first
_LAST = "firmware/app.mpy"  # what makes a slot whole (slots.py)
_TROUBLE = (OSError, ValueError, LookupError, MemoryError)


class _MakeRoom(Exception):
    """Somebody comes to charge."""


async def run(point: "ChargePoint", path: str, progress: dict) -> None:
    """Set progress["result"]: "" done, False it made room, else why the update is not taken."""
    package = load("firmware.update.package")
    try:
        await _install(point, package, path)
        progress["result"] = ""
    except _MakeRoom:
        progress["result"] = False
    except package.PackageError as error:
        progress["result"] = str(error)
    except _TROUBLE as error:
        progress["result"] = repr(error)
    finally:
        if progress["result"] is None:  # ended by the charge point
            progress["result"] = False
        point.transfers["due_s"] = 0


async def _install(point: "ChargePoint", package: "Module", path: str) -> None:
    slots = load("firmware.update.slots")
    slot = slots.current()
    if not slot:
        raise package.PackageError("this charger runs from its sources")
    idle = slots.other(slot)
    with open(path, "rb") as manifest, open(path, "rb") as content:
        size, signature = package.read_head(content)
        await _check_signature(package, package.digest(content, size), signature)
        manifest.seek(package.HEAD)
        version = _check_facts(point, package, package.facts(manifest))
        end = package.HEAD + size
        blocks = 0
        while manifest.tell() < end:
            blocks += package.entry(manifest)[1] // _BLOCK + 1
        await _erase(point, idle)
        if blocks * _BLOCK + _LEFT > free_bytes():
            raise package.PackageError("flash is too full for it")
        manifest.seek(package.HEAD)
        package.facts(manifest)
        name = ""
        while manifest.tell() < end:
            name, size, sha256 = package.entry(manifest)
            await _write(point, package, content, "%s/%s" % (idle, name), size, sha256)
        if name != _LAST or content.read(1):
            raise package.PackageError("its files are not those of its manifest")
    write_json(_RESULT, {"slot": idle, "version": version})
    slots.try_out(idle, slot)


async def _check_signature(package: "Module", digest: bytes, signature: bytes) -> None:
    from binascii import unhexlify

    verify = load("firmware.update.p256").verify
    keys = read_bytes(KEYS_FILE).decode().split("\n")
    for line in keys:
        words = line.split()
        if not words:
            continue
        for valid in verify(digest, signature, unhexlify(words[0])):
            await asyncio.sleep_ms(0)
        if valid:
            return
    raise package.PackageError("no key of this charger has signed it")


def _check_facts(point: "ChargePoint", package: "Module", facts: dict) -> str:
    """Its version. PackageError unless it is for this board and no step back."""
    if facts["board"] != _BOARD or facts["mpy"] != str(_MPY):
        raise package.PackageError("it is for %s, mpy %s" % (facts["board"], facts["mpy"]))
    number = package.version_number
    if number(facts["version"]) < number(VERSION) and not point.settings.update_downgrade:
        raise package.PackageError("%s is older than %s" % (facts["version"], VERSION))
    return facts["version"]


async def _write(
    point: "ChargePoint", package: "Module", content: object, path: str, size: int, sha256: bytes
) -> None:
    folder = ""
    for part in path.split("/")[:-1]:
        folder = folder + "/" + part if folder else part
        ensure_folder(folder)
    for _ in package.copy(content, path, size):
        await _breathe(point)
    if not package.has_digest(path, size, sha256):
        raise package.PackageError("%s is damaged" % path)
    await _breathe(point)


async def _breathe(point: "ChargePoint") -> None:
    """Let the others run. Raises _MakeRoom."""
    await asyncio.sleep_ms(1)
    if point.core.session.open or point.core.connector.authorized:
        raise _MakeRoom


async def _erase(point: "ChargePoint", folder: str) -> None:
    """Empty it; what makes it whole goes first."""
    remove("%s/%s" % (folder, _LAST))
    folders = [folder]
    for place in folders:
        try:
            names = os.listdir(place)
        except OSError:  # there is no such folder
            continue
        for name in names:
            path = "%s/%s" % (place, name)
            if os.stat(path)[0] & 0x4000:
                folders.append(path)
            else:
                os.remove(path)
                await _breathe(point)
