"""Reads from a MicroPython firmware file for which chip it is and where its file system lies.

littlefs does not mount when it has another number of blocks than the partition. MicroPython up to
1.25 lists the partition `vfs` in the table; since 1.26 it takes what is left of the flash.
"""

import struct
from typing import NamedTuple

from tools.image.filesystem import BLOCK

FIRMWARE_OFFSET = 0x1000  # of an ESP32's bootloader, where the file is written to
_TABLE = 0x8000 - FIRMWARE_OFFSET
_ENTRY = struct.Struct("<2sBBLL16sL")
_ENTRIES = 0xC00 // _ENTRY.size
_MAGIC = b"\xaa\x50"
_IMAGE = 0xE9  # first byte of an image for the boot ROM
_CHIPS = {
    0: "ESP32",
    2: "ESP32-S2",
    5: "ESP32-C3",
    9: "ESP32-S3",
    12: "ESP32-C2",
    13: "ESP32-C6",
}
_SMALLEST = 0xF0000  # of the OTA layout on 4 MB


class FirmwareError(Exception):
    """The file cannot be flashed; the text says why."""


class Room(NamedTuple):
    """Where the file system goes."""

    offset: int
    blocks: int


def check_chip(firmware: bytes) -> None:
    """Raise FirmwareError unless the file is a firmware image for the ESP32."""
    if len(firmware) < _TABLE + _ENTRY.size or firmware[0] != _IMAGE:
        raise FirmwareError(
            "this is no ESP32 firmware: a file like ESP32_GENERIC-20241025-v1.24.0.bin is wanted"
        )
    (chip,) = struct.unpack_from("<H", firmware, 12)
    if chip != 0:
        name = _CHIPS.get(chip, f"chip number {chip}")
        raise FirmwareError(f"this firmware is for {name}; the charger has an ESP32")


def partitions(firmware: bytes) -> list[tuple[str, int, int]]:
    """Name, offset and size of each partition. Raises FirmwareError when there is no table."""
    found = []
    for number in range(_ENTRIES):
        entry = firmware[_TABLE + number * _ENTRY.size :][: _ENTRY.size]
        if len(entry) < _ENTRY.size or entry[:2] != _MAGIC:
            break
        _, _, _, offset, size, label, _ = _ENTRY.unpack(entry)
        found.append((label.rstrip(b"\0").decode("ascii", "replace"), offset, size))
    if not found:
        raise FirmwareError("this firmware has no partition table at 0x8000")
    return found


def room(firmware: bytes, flash_size: int) -> Room:
    """Where the firmware will look for its file system on a chip of `flash_size` bytes.

    Raises FirmwareError when there is no place for one.
    """
    table = partitions(firmware)
    named = [(offset, size) for name, offset, size in table if name == "vfs"]
    if named:
        offset, size = named[0]
    else:
        offset = max(offset + size for _, offset, size in table)
        size = flash_size - offset
    end = FIRMWARE_OFFSET + len(firmware)
    if offset + size > flash_size or size < _SMALLEST:
        raise FirmwareError(
            f"the module has {flash_size >> 20} MB of flash; this firmware wants its file system "
            f"at {offset:#x}. A module with 4 MB or more is needed"
        )
    if end > offset:
        raise FirmwareError(f"the firmware reaches to {end:#x}, into the file system")
    return Room(offset, size // BLOCK)
