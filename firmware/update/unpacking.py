"""Unpacks a signed update into the idle code slot. Only when the chip starts.

What is written is read back. The slot is whole when its last file is: what chooses the slot looks
for that (slots.py).
"""

from micropython import const

from firmware.errors import ChargerError
from firmware.storage.files import ensure_folder
from firmware.update import room, slots
from firmware.update.package import copy, entry, facts, has_digest, version_number

_HEAD = const(76)  # signature.py
_BOARD = "rivot_100a"
_MPY = const(6)
_LAST = "firmware/app.mpy"  # what makes a slot whole (slots.py)


def unpack(
    path: str, size: int, present: str, downgrade: bool, feed: "Callable"
) -> "tuple[str, str]":
    """Write the file, whose manifest has `size` bytes, to the idle slot: (slot, version).

    `present` is the version that runs; an older one is taken with `downgrade` only. Raises
    ChargerError and OSError, also where flash is too full: the slot that runs and the choice of
    it are as they were.
    """
    slot = slots.current()
    if not slot:
        raise ChargerError("this charger runs from its sources")
    idle = slots.other(slot)
    end = _HEAD + size
    with open(path, "rb") as manifest, open(path, "rb") as content:
        manifest.seek(_HEAD)
        version = _check(facts(manifest), present, downgrade)
        while manifest.tell() < end:  # all of it makes sense
            entry(manifest)
        for _ in room.make():
            feed()
        manifest.seek(_HEAD)
        facts(manifest)
        content.seek(end)
        name = ""
        while manifest.tell() < end:
            name, length, sha256 = entry(manifest)
            _write(content, "%s/%s" % (idle, name), length, sha256, feed)
        if name != _LAST or content.read(1):
            raise ChargerError("its files are not those of its manifest")
    return idle, version


def _check(found: dict, present: str, downgrade: bool) -> str:
    """Its version. ChargerError unless it is for this board and no step back."""
    if found["board"] != _BOARD or found["mpy"] != str(_MPY):
        raise ChargerError("it is for %s, mpy %s" % (found["board"], found["mpy"]))
    if version_number(found["version"]) < version_number(present) and not downgrade:
        raise ChargerError("%s is older than %s" % (found["version"], present))
    return found["version"]


def _write(content: object, path: str, size: int, sha256: bytes, feed: "Callable") -> None:
    folder = ""
    for part in path.split("/")[:-1]:
        folder = folder + "/" + part if folder else part
        ensure_folder(folder)
    for _ in copy(content, path, size):
        feed()
    if not has_digest(path, size, sha256):
        raise ChargerError("%s is damaged" % path)
