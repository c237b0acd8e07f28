"""Modules for one use: loaded, usable, and gone from the interpreter's table."""

import sys

import pytest

from firmware.on_demand import forget, load


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package with a module that imports another one, and one that is broken."""
    folder = tmp_path / "seldom"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "tool.py").write_text("from seldom.part import VALUE\nLIST = [VALUE]\n")
    (folder / "part.py").write_text("VALUE = 7\n")
    (folder / "broken.py").write_text("from seldom.part import NOTHING\n")
    monkeypatch.syspath_prepend(tmp_path)
    import seldom

    yield seldom
    for name in [name for name in sys.modules if name.split(".")[0] == "seldom"]:
        del sys.modules[name]


def loaded():
    return sorted(name for name in sys.modules if name.startswith("seldom."))


def test_it_works_and_leaves_nothing_behind(package):
    assert load("seldom.tool").LIST == [7]
    assert loaded() == []
    assert not hasattr(package, "tool") and not hasattr(package, "part")


def test_each_use_has_its_own(package):
    first = load("seldom.tool")
    first.LIST.append(8)
    assert load("seldom.tool").LIST == [7]


def test_what_was_there_before_stays(package):
    import seldom.part

    load("seldom.tool")
    assert loaded() == ["seldom.part"]
    assert seldom.part.VALUE == 7


def test_a_module_that_is_not_there(package):
    with pytest.raises(ImportError):
        load("seldom.nothing")
    assert loaded() == []


def test_a_module_that_cannot_be_loaded_leaves_nothing_behind(package):
    """What it had imported already would stay for ever: short memory would get shorter."""
    with pytest.raises(ImportError):
        load("seldom.broken")
    assert loaded() == []
    assert not hasattr(package, "part")


def test_forgetting_what_is_not_loaded_is_no_error(package):
    forget("seldom.tool")
    forget("nowhere.at.all")
