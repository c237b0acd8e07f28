"""The image: what goes in comes out, the same files give the same bytes, and what is refused."""

import json
import shutil

import pytest

from tools import build
from tools.image import __main__ as program
from tools.image.filesystem import BLOCK, BLOCKS, ImageError, make, read, used_blocks
from tools.image.manifest import differences, manifest
from tools.image.tree import check_bytecode, image_tree, sources

FILES = {"/boot.py": b"import x\n", "/a/b/empty": b"", "/a/b/big.mpy": bytes(range(256)) * 40}
PORTABLE = b"M\x06\x00\x1f"


def test_what_goes_in_comes_out() -> None:
    image = make(FILES)
    assert len(image) == BLOCK * BLOCKS
    assert read(image) == FILES
    assert used_blocks(image) < 10


def test_the_order_of_the_files_does_not_matter() -> None:
    backwards = dict(reversed(FILES.items()))
    assert list(backwards) != list(FILES) and make(backwards) == make(FILES)


def test_another_size_of_the_partition() -> None:
    assert len(make(FILES, blocks=240)) == 240 * BLOCK


def test_too_much_is_refused_by_name() -> None:
    with pytest.raises(ImageError, match=r"/huge: .* do not fit in 65,536"):
        make({"/huge": b"\0" * 65536}, blocks=16)


@pytest.mark.parametrize("image", [b"", b"\xff" * 100, b"\xff" * BLOCK * 8])
def test_what_is_no_image_is_refused(image) -> None:
    with pytest.raises(ImageError):
        read(image)


@pytest.mark.parametrize(
    ("head", "complaint"),
    [
        (b"import x", "no compiled module"),
        (b"M\x05\x00\x1f", "mpy version 5; MicroPython 1.24"),
        (b"M\x06\x2b\x1f", "native code"),
        (b"M\x06\x00\x3f", "63-bit integers"),
    ],
)
def test_bytecode_that_the_oldest_micropython_cannot_load_is_refused(head, complaint) -> None:
    check_bytecode("/a.mpy", PORTABLE + b"...")
    with pytest.raises(ImageError, match=complaint):
        check_bytecode("/a.mpy", head)


def test_a_build_of_the_same_sources_elsewhere_gives_equal_bytes(tmp_path) -> None:
    for name in ("firmware", "lib", "tools/sim/shim"):
        shutil.copytree(build.ROOT / name, tmp_path / name)
    for name in ("boot.py", "main.py"):
        shutil.copy(build.ROOT / name, tmp_path)
    here, elsewhere = built(build.files()), built(build.files(tmp_path, tmp_path / "out"))
    assert [name for name in here if here[name] != elsewhere.get(name)] == []
    assert make(elsewhere) == make(here)


def built(files):
    return {name: path.read_bytes() for name, path in files.items()}


def test_the_tree_starts_and_holds_the_settings_given() -> None:
    tree = image_tree({"wifi_ssid": "yard", "csms_url": "ws://x/y"})
    assert {"/boot.py", "/main.py"} <= tree.keys()
    assert json.loads(tree["/set.json"]) == {"csms_url": "ws://x/y", "wifi_ssid": "yard"}
    assert "/set.json" not in image_tree()


def test_settings_that_the_charger_would_refuse_do_not_get_into_an_image() -> None:
    with pytest.raises(ImageError, match=r"wifi_sid: no such setting; csms_url: an address like"):
        image_tree({"wifi_sid": "yard", "csms_url": "http://x"})


def test_every_big_file_s_origin_is_known() -> None:
    origin = sources()
    big = [name for name, data in image_tree().items() if len(data) > 400]
    assert [name for name in big if name.endswith((".mpy", ".py")) and not origin[name]] == []


def test_the_manifest_tells_what_differs() -> None:
    text = manifest(FILES, make(FILES))
    assert differences(text, read(make(FILES))) == []
    other = {**FILES, "/boot.py": b"import y\n", "/new": b""}
    del other["/a/b/empty"]
    assert differences(text, other) == [
        "/a/b/empty: missing",
        "/new: not in the manifest",
        "/boot.py: other content",
    ]


def test_the_program_writes_an_image_that_its_manifest_describes(tmp_path, capsys) -> None:
    path = tmp_path / "x.img"
    words = ["--out", str(path)]
    assert program.main(words) == 0
    shown = capsys.readouterr().out
    assert "firmware/settings.py" in shown and "modules, joined" in shown and "\x1b" not in shown
    facts = json.loads(path.with_suffix(".json").read_text())
    assert sorted(read(path.read_bytes())) == [entry["path"] for entry in facts["files"]]
    assert program.main([*words, "--check"]) == 0
    path.write_bytes(make(FILES))
    assert program.main([*words, "--check"]) == 1
    assert "/boot.py: other content" in capsys.readouterr().out
