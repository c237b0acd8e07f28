"""The image on MicroPython: its own littlefs mounts it, and the firmware starts from it."""

import json
import os
import subprocess

import pytest

from tools.image import __main__ as program
from tools.image.filesystem import BLOCKS, read
from tools.micropython import command
from tools.sim.bench import Bench

# A block device over the image file, as the ESP32's partition; then every file and its size.
_LISTING = """
import json, os, sys, vfs
class Partition:
    def __init__(self, name, blocks):
        self.file, self.blocks = open(name, "rb"), blocks
    def readblocks(self, block, buf, offset=0):
        self.file.seek(block * 4096 + offset)
        self.file.readinto(buf)
    def ioctl(self, op, arg):
        return {4: self.blocks, 5: 4096}.get(op, 0)
def walk(folder):
    for name, kind, *_ in os.ilistdir(folder):
        path = folder + "/" + name
        if kind == 0x4000:
            walk(path)
        else:
            found[path[4:]] = os.stat(path)[6]
found = {}
vfs.mount(vfs.VfsLfs2(Partition(sys.argv[1], int(sys.argv[2]))), "/img")
walk("/img")
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    path = tmp_path_factory.mktemp("image") / "rivot.img"
    program.write(path, {}, BLOCKS)
    return path


@pytest.fixture(params=["micropython", "micropython32"])
def interpreter(request):
    if command(request.param) is None:
        assert not os.environ.get("CI"), f"{request.param} is missing"
        pytest.skip(f"{request.param} is missing: make setup")
    return request.param


def listing(interpreter, image, blocks):
    words = [*command(interpreter), "-c", _LISTING, str(image), str(blocks)]
    return subprocess.run(words, capture_output=True, text=True)


def test_micropython_s_littlefs_lists_the_manifest_s_files(interpreter, image) -> None:
    facts = json.loads(program.manifest_path(image).read_text())
    shown = listing(interpreter, image, BLOCKS)
    wanted = {entry["path"]: entry["size"] for entry in facts["files"]}
    assert json.loads(shown.stdout or "{}") == wanted, shown.stderr


def test_an_image_of_another_size_than_the_partition_does_not_mount(image) -> None:
    """Why `make flash` reads the partition table: docs/flashing.md."""
    assert "EINVAL" in listing("micropython", image, 2 * BLOCKS).stderr


def test_the_charger_starts_from_the_image(interpreter, image, tmp_path) -> None:
    flash = tmp_path / "flash.img"
    flash.write_bytes(image.read_bytes())
    heap = "112k" if interpreter == "micropython32" else None
    with Bench(on=interpreter, heap=heap, flash=flash) as bench:
        bench.expect("BootNotification", within_s=20)
        assert bench.charger.starts == 1
    code = read(image.read_bytes())
    after = read(flash.read_bytes())
    assert {name: after.get(name) for name in code} == code
