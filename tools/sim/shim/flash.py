"""The chip's flash on MicroPython: read from the image file, written through the hardware process.

Allocates nothing: the file system calls it from finalisers, when the heap is locked.
"""

from link import ask


class Flash:
    def __init__(self, path: str) -> None:
        self._image = open(path, "rb")

    def readblocks(self, block: int, buf: bytearray, offset: int = 0) -> None:
        self._image.seek(block * 4096 + offset)
        self._image.readinto(buf)

    def writeblocks(self, block: int, buf: bytes, offset: "int | None" = None) -> None:
        if offset is None:
            self.ioctl(6, block)
        ask(0x0E, 0, block, offset or 0, buf)

    def ioctl(self, op: int, block: int) -> "int | None":
        if op == 4:
            return 512
        if op == 5:
            return 4096
        if op == 6:
            return ask(0x0F, 0, block)
