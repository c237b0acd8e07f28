"""Makes a littlefs2 image as stock MicroPython on the ESP32 mounts it, and reads one back.

The geometry is that of the port: it asks for blocks of 4096 bytes and reads and programs 32 at a
time. The same files give the same bytes: littlefs keeps no times, and files go in sorted.
"""

from collections.abc import Iterator

from littlefs import LittleFS, LittleFSError
from littlefs.context import UserContext

BLOCK = 4096
BLOCKS = 512  # 2 MB, the vfs partition of a 4 MB module
OFFSET = 0x200000
INLINE = 128  # bytes; a file as small as that lies in its folder's block
DISK_VERSION = 0x00020000  # MicroPython 1.24 mounts 2.0 and 2.1, other tools 2.0 only


class ImageError(Exception):
    """The files do not fit, or the image is none; the text says which."""


def make(files: dict[str, bytes], blocks: int = BLOCKS) -> bytes:
    """An image of `blocks` blocks that holds `files` (absolute path -> content).

    Raises ImageError when they do not fit.
    """
    fs = _filesystem(b"\xff" * (BLOCK * blocks), DISK_VERSION)
    fs.format()
    fs.mount()
    try:
        for name in sorted(files):
            folder = name.rpartition("/")[0]
            if folder:
                fs.makedirs(folder, exist_ok=True)
            with fs.open(name, "wb") as file:
                file.write(files[name])
    except LittleFSError as error:
        size = sum(map(len, files.values()))
        raise ImageError(f"{name}: {size:,} bytes do not fit in {blocks * BLOCK:,}") from error
    return bytes(fs.context.buffer)


def read(image: bytes) -> dict[str, bytes]:
    """Every file of an image: absolute path -> content. Raises ImageError."""
    if not image or len(image) % BLOCK:
        raise ImageError(f"{len(image):,} bytes are no whole number of flash blocks")
    fs = _filesystem(image)
    try:
        fs.mount()
        return {name: _content(fs, name) for name in _names(fs)}
    except LittleFSError as error:
        raise ImageError(f"no littlefs2 file system: {error}") from error


def used_blocks(image: bytes) -> int:
    """How many of the image's blocks are taken."""
    fs = _filesystem(image)
    fs.mount()
    return int(fs.used_block_count)


def _content(fs: LittleFS, name: str) -> bytes:
    with fs.open(name, "rb") as file:
        return bytes(file.read())


def _names(fs: LittleFS) -> Iterator[str]:
    for folder, _, names in fs.walk("/"):
        yield from (f"{folder.rstrip('/')}/{name}" for name in names)


def _filesystem(content: bytes, version: int = 0) -> LittleFS:
    """`version` 0: whichever it has; the firmware's own driver may raise it."""
    context = UserContext(len(content))
    context.buffer[:] = content
    return LittleFS(
        context, mount=False, block_size=BLOCK, block_count=len(content) // BLOCK, read_size=32,
        prog_size=32, lookahead_size=32, cache_size=128, disk_version=version,
    )  # fmt: skip
