"""Modules for one use under short names: imports and texts that name them follow."""

import pytest

from tools import layout

SHORT = {"firmware.x.pump": "a", "firmware.y": "b"}


@pytest.mark.parametrize(
    ("source", "made"),
    [
        ("from firmware.x.pump import run, stop as halt\n", "from a import run, stop as halt\n"),
        ("from firmware.x import pump\n", "import a as pump\n"),
        ("from firmware.x import pump as p, other\n",
         "import a as p; from firmware.x import other\n"),
        ("def f():\n    return load('firmware.y')\n", "def f():\n    return load(\"b\")\n"),
        ("X = ('é', 'firmware.y')\n", "X = ('é', \"b\")\n"),
        ("from firmware.z import y\n", "from firmware.z import y\n"),
        ("X = 'firmware.y is a module'\n", "X = 'firmware.y is a module'\n"),
    ],
)  # fmt: skip
def test_modules_are_named_by_their_short_names(source, made):
    assert layout.with_short_modules(source, SHORT) == made


def test_each_module_has_a_name_of_its_own():
    sources = {f"firmware.m{n}": "" for n in range(200)}
    short = layout.short_modules(sources, ["firmware"])
    assert len(set(short.values())) == 200
    assert all(name == name.lower() for name in short.values())  # case is lost on some PCs
    assert not set(short.values()) & {"as", "if", "in", "is", "or"}


def test_a_module_that_a_text_may_mean_keeps_its_path():
    sources = {
        "firmware.x": "",
        "firmware.x.pump": "KIND = 'firmware.q.%s'\n",
        "firmware.y": "load('firmware.z.' + name)\n",
        "firmware.z.lamp": "",
        "firmware.q.door": "",
        "firmware.board.one": "load('firmware.drivers.%s.%s' % (kind, name))\n",
        "firmware.app": "",
        "firmware.resident": "",
    }
    assert set(layout.short_modules(sources, ["firmware.x"])) == {
        "firmware.board.one",
        "firmware.x.pump",
        "firmware.y",
    }


def test_a_driver_is_found_by_the_name_that_is_made_up_for_it():
    name = "firmware.drivers.bms.jbd_uart"
    board = 'load("firmware.drivers.%s.%s" % (kind, name))\n'
    short = layout.short_modules({name: "", "firmware.board.one": board}, [])
    found = []
    source = layout.with_short_modules(board, short)
    exec(source, {"load": found.append, "kind": "bms", "name": "jbd_uart"})
    assert found == [short[name]]
    assert layout.with_short_modules(board, {}) == board
