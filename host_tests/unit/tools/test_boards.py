"""The recipe for a MicroPython of one's own, as far as it can be checked without building it."""

import csv
import struct

from tools import build
from tools.flash.partitions import Room, room
from tools.image.filesystem import BLOCK, make, used_blocks
from tools.image.tree import image_tree

BOARD = build.ROOT / "boards" / "RIVOT_100A"
FLASH = 4 << 20


def partitions():
    text = (BOARD / "partitions-ota.csv").read_text().splitlines()
    rows = csv.reader((line for line in text if not line.startswith("#")), skipinitialspace=True)
    return [(name, kind, int(offset, 16), int(size, 16)) for name, kind, _, offset, size in rows]


def test_partitions_follow_each_other_within_the_flash() -> None:
    end = 0x9000
    for name, kind, offset, size in partitions():
        assert offset >= end, name
        assert offset % (0x10000 if kind == "app" else BLOCK) == 0, name
        end = offset + size
    assert end == FLASH


def test_make_flash_finds_the_file_system_and_the_firmware_fits() -> None:
    table = b"".join(
        struct.pack("<2sBBLL16sL", b"\xaa\x50", 1, 0, offset, size, name.encode(), 0)
        for name, _, offset, size in partitions()
    )
    place = room(bytes(0x7000) + table + b"\xff" * 32, FLASH)
    assert place == Room(0x310000, 240)
    journal = 0x18000  # 96 kB for the books, see its README
    assert used_blocks(make(image_tree(), place.blocks)) * BLOCK <= 0xF0000 - journal


def test_the_manifest_freezes_packages_that_are_there() -> None:
    found = []
    names = {
        "include": lambda path: found.append(path),
        "package": lambda name, base_path, opt: found.append((BOARD / base_path / name).is_dir()),
    }
    exec((BOARD / "manifest.py").read_text(), names)
    assert found == ["$(PORT_DIR)/boards/manifest.py", True, True]


def test_every_file_that_the_recipe_names_is_there() -> None:
    cmake = (BOARD / "mpconfigboard.cmake").read_text()
    for name in ("sdkconfig.board", "manifest.py"):
        assert f"${{MICROPY_BOARD_DIR}}/{name}" in cmake and (BOARD / name).is_file()
    assert "@MICROPY_BOARD_DIR@/partitions-ota.csv" in (BOARD / "sdkconfig.board").read_text()
