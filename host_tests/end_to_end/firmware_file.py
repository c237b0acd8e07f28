"""Makes what a MicroPython release for the ESP32 begins with: header, partition table."""

import hashlib
import struct

VFS = (b"vfs", 0x200000, 0x200000)
TABLE = ((b"nvs", 0x9000, 0x6000), (b"phy_init", 0xF000, 0x1000), (b"factory", 0x10000, 0x1F0000))


def firmware_file(table=(*TABLE, VFS), chip=0, size=60_000):
    """What a MicroPython release begins with, then bytes that do not compress."""
    data = bytearray(hashlib.shake_256(b"micropython").digest(size))
    data[:16] = struct.pack("<BBBBIHHHH", 0xE9, 1, 2, 0x20, 0, 0, 0, chip, 0)
    entries = (struct.pack("<2sBBLL16sL", b"\xaa\x50", 1, 0x81, o, s, n, 0) for n, o, s in table)
    table = b"".join(entries)
    data[0x7000 : 0x7000 + len(table) + 32] = table + b"\xff" * 32
    return bytes(data)
