"""Unpacks a signed update into the idle code slot and orders its trial. Loaded on demand.

What is written is read back; the trial, which the next start begins, is ordered last. Ends at
once when somebody comes to charge.
"""

import asyncio
import os

from micropython import const

from firmware import VERSION
from firmware.errors import ChargerError
from firmware.on_demand import load
from firmware.storage.files import ensure_folder, free_bytes, remove, write_json
from firmware.update.package import copy, entry, facts, has_digest, version_number

_HEAD = const(76)  # signature.py
_RESULT = "update.json"
_BOARD = "rivot_100a"
_MPY = const(6)
_BLOCK = const(4096)
_LEFT = const(131072)  # of flash; the books come first
_LAST = "firmware/app.mpy"  # what makes a slot whole (slots.py)


class _MakeRoom(Exception):
    """Somebody comes to charge."""


async def unpack(point: "ChargePoint", path: str, size: int) -> bool:
    """Install the file, whose manifest has `size` bytes; False when it had to make room.

    Raises ChargerError and OSError: the slot that runs and the choice of it are as they were.
    """
    try:
        await _unpack(point, path, _HEAD + size)
        return True
    except _MakeRoom:
        return False


async def _unpack(point: "ChargePoint", path: str, end: int) -> None:
    slots = load("firmware.update.slots")
    slot = slots.current()
    if not slot:
        raise ChargerError("this charger runs from its sources")
    idle = slots.other(slot)
    with open(path, "rb") as manifest, open(path, "rb") as content:
        manifest.seek(_HEAD)
        version = _check(point, facts(manifest))
        blocks = 0
        while manifest.tell() < end:
            blocks += entry(manifest)[1] // _BLOCK + 1
        await _erase(point, idle)
        if blocks * _BLOCK + _LEFT > free_bytes():
            raise ChargerError("flash is too full for it")
        manifest.seek(_HEAD)
        facts(manifest)
        content.seek(end)
        name = ""
        while manifest.tell() < end:
            name, size, sha256 = entry(manifest)
            await _write(point, content, "%s/%s" % (idle, name), size, sha256)
        if name != _LAST or content.read(1):
            raise ChargerError("its files are not those of its manifest")
    write_json(_RESULT, {"slot": idle, "version": version})
    slots.try_out(idle, slot)


def _check(point: "ChargePoint", found: dict) -> str:
    """Its version. ChargerError unless it is for this board and no step back."""
    if found["board"] != _BOARD or found["mpy"] != str(_MPY):
        raise ChargerError("it is for %s, mpy %s" % (found["board"], found["mpy"]))
    if (
        version_number(found["version"]) < version_number(VERSION)
        and not point.settings.update_downgrade
    ):
        raise ChargerError("%s is older than %s" % (found["version"], VERSION))
    return found["version"]


async def _write(
    point: "ChargePoint", content: object, path: str, size: int, sha256: bytes
) -> None:
    folder = ""
    for part in path.split("/")[:-1]:
        folder = folder + "/" + part if folder else part
        ensure_folder(folder)
    for _ in copy(content, path, size):
        await _breathe(point)
    if not has_digest(path, size, sha256):
        raise ChargerError("%s is damaged" % path)
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
