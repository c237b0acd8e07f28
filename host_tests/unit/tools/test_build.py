"""The build: only what changed, nothing stale, and bytecode that MicroPython loads."""

import shutil
import subprocess

import pytest

from host_tests.unit.net.interpreters import ON, start
from tools import build, micropython, where


@pytest.fixture
def tree(tmp_path):
    source = tmp_path / "lib"  # a folder called firmware is joined as well: see below
    (source / "ocpp").mkdir(parents=True)
    (source / "__init__.py").write_text("")
    (source / "one.py").write_text("ONE = 1\n")
    (source / "ocpp" / "two.py").write_text("TWO = 2\n")
    return tmp_path


def compiled(tree):
    return build.compile_tree(tree / "lib", tree / "out")


def times(outputs):
    return {path.name: path.stat().st_mtime_ns for path in outputs}


def test_outputs_mirror_the_sources(tree):
    names = [path.relative_to(tree / "out").as_posix() for path in compiled(tree)]
    assert names == ["__init__.mpy", "ocpp/two.mpy", "one.mpy"]
    # magic, version 6, no architecture: portable bytecode
    assert (tree / "out" / "one.mpy").read_bytes()[:3] == b"M\x06\x00"


def test_only_what_changed_is_compiled_again(tree):
    before = times(compiled(tree))
    (tree / "lib" / "one.py").write_text("ONE = 11\n")
    after = times(compiled(tree))
    assert {name for name in after if after[name] != before[name]} == {"one.mpy"}


def test_another_optimisation_level_compiles_again(tree):
    before = times(compiled(tree))
    after = times(build.compile_tree(tree / "lib", tree / "out", opt=2))
    assert all(after[name] != before[name] for name in before)


def test_outputs_without_a_source_are_deleted_with_their_folder(tree):
    compiled(tree)
    (tree / "lib" / "ocpp" / "two.py").unlink()
    compiled(tree)
    assert not (tree / "out" / "ocpp").exists()
    assert (tree / "out" / "one.mpy").exists()


def test_a_file_that_does_not_compile_is_named(tree):
    (tree / "lib" / "bad.py").write_text("def (:\n")
    with pytest.raises(build.BuildError, match="bad.py"):
        compiled(tree)
    assert not (tree / "out" / "bad.mpy").exists()
    (tree / "lib" / "bad.py").write_text("GOOD = 1\n")
    assert tree / "out" / "bad.mpy" in compiled(tree)


def test_type_only_blocks_are_left_out(tree):
    guard = "TYPE_CHECKING = False\nif TYPE_CHECKING:\n    from firmware.far import Away\n"
    (tree / "lib" / "one.py").write_text(guard + "X = 1\n")
    compiled(tree)
    code = (tree / "out" / "one.mpy").read_bytes()
    assert b"one" in code
    assert not any(name in code for name in (b"TYPE_CHECKING", b"firmware.far", b"Away"))


def test_the_chip_s_files(tree):
    (tree / "boot.py").write_text("")
    (tree / "main.py").write_text("")
    (tree / "firmware" / "ocpp").mkdir(parents=True)
    for name in ("__init__.py", "ocpp/__init__.py"):
        (tree / "firmware" / name).write_text("")
    (tree / "firmware" / "app.py").write_text("from firmware.ocpp.two import TWO\n")
    (tree / "firmware" / "ocpp" / "two.py").write_text("TWO = 2\n")
    named = build.files(tree, tree / "out")
    assert sorted(named) == [
        "/boot.py",
        "/firmware/__init__.mpy",
        "/firmware/app.mpy",
        "/firmware/fields.txt",
        "/firmware/log.txt",
        "/firmware/resident.mpy",
        "/lib/__init__.mpy",
        "/lib/ocpp/two.mpy",
        "/lib/one.mpy",
        "/main.py",
    ]
    assert all(path.is_file() for path in named.values())


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """(folder, files) of the firmware with its line numbers, made from nothing."""
    out = tmp_path_factory.mktemp("built")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RIVOT_LINES", "1")
        return out, build.files(out=out)


def test_each_line_of_the_bundle_has_its_place_in_a_source(built):
    lines = where.Map(built[0] / "firmware").lines
    assert len(lines) - 1 == len(set(lines)) > 500  # the first is made up
    for line in lines:
        name, _, number = line.partition(":")
        source = (build.ROOT / name).read_text(encoding="utf-8").splitlines()
        assert source[int(number) - 1].strip(), f"{line} is empty"


SEVERAL_LINES = """from firmware.core import step


def fails(count):
    if count:
        count -= 1
        fails(count)
    step()
"""


@pytest.mark.parametrize("on", ON[2:])
def test_what_is_loaded_for_one_use_has_lines(tree, on):
    """And what stays in RAM has its functions' names only."""
    (tree / "firmware").mkdir()
    (tree / "firmware" / "__init__.py").write_text("")
    (tree / "firmware" / "app.py").write_text(SEVERAL_LINES)
    (tree / "firmware" / "core.py").write_text("\n\ndef step():\n    raise ValueError\n")
    (tree / "main.py").write_text("from firmware.app import fails\n\nfails(1)\n")
    chip = tree / "chip"
    for name, path in build.files(tree, tree / "out").items():
        place = chip / name[1:]
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, place)
    process = start(on, chip / "main.py")
    _, said = process.communicate(timeout=60)
    found = where.Map(tree / "out" / "firmware", tree).translated(said.splitlines(keepends=True))
    assert [line.strip() for line in found if "firmware/" in line] == [
        'File "firmware/app.py", line 7, in fails',
        'File "firmware/app.py", line 8, in fails',
        'File "firmware/core.py", line 3, in step',
    ]


def test_what_people_call_in_the_repl_keeps_its_name(built):
    places = where.Map(built[0] / "firmware").places
    rows = [row.name for row in places if "Charger." in row.function]
    assert {"restart", "safe", "status", "stayed_up"} <= set(rows)


def test_what_was_handed_out_outlasts_the_next_build(tree):
    (tree / "firmware").mkdir()
    (tree / "firmware" / "app.py").write_text("FIRST = 1\n")
    before = build.files(tree, tree / "out")["/firmware/app.mpy"]
    old = before.read_bytes()
    (tree / "firmware" / "app.py").write_text("SECOND = 'another'\n")
    after = build.files(tree, tree / "out")["/firmware/app.mpy"]
    assert before.read_bytes() == old != after.read_bytes()


def test_modules_for_one_use_have_short_names(built):
    """A path costs RAM for ever."""
    named = built[1]
    long = {name for name in named if name.startswith("/firmware/") and name.endswith(".mpy")}
    # people and main.py ask for them, and for the console
    by_hand = {"bring_up", "last_words", "update/__init__", "update/installer"}
    long = {name for name in long if not name.startswith("/firmware/console/")}
    assert long == {f"/firmware/{name}.mpy" for name in {"__init__", "app", "resident", *by_hand}}
    assert len([name for name in named if name.startswith("/m/")]) > 50


@pytest.mark.parametrize("name", ["micropython", "micropython32"])
def test_micropython_loads_it_and_shows_the_source_s_name(tree, name):
    command = micropython.command(name)
    if command is None:
        pytest.skip(f"{name} cannot be had here")
    (tree / "lib" / "one.py").write_text('\n\ndef fail():\n    raise ValueError("x")\n')
    build.compile_tree(tree / "lib", tree / "out", opt=2)
    script = "import sys; sys.path.insert(0, 'out'); import one; one.fail()"
    done = subprocess.run([*command, "-c", script], cwd=tree, capture_output=True, text=True)
    assert 'File "one", line 4, in fail' in done.stderr + done.stdout
