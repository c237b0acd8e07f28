"""Lines of the joined module are told as lines of the sources."""

import io

import pytest

from tools import where

PLACES = ["firmware/log.py:12", "firmware/drivers/can/__init__.py:3"]
TRACE = 'Traceback (most recent call last):\n  File "{}", line {}, in run\nOSError: 5\n'


@pytest.fixture
def built(tmp_path, monkeypatch):
    path = tmp_path / "resident.lines"
    path.write_text("firmware/log.py:12\nfirmware/drivers/can.py:3\n")
    read = where.origins
    monkeypatch.setattr(where, "origins", lambda: read(path))
    return path


@pytest.mark.parametrize(
    ("name", "line", "shown"),
    [
        ("resident", 1, ("firmware/log.py", 12)),
        ("resident.py", 2, ("firmware/drivers/can/__init__.py", 3)),
        ("resident", 3, ("resident", 3)),
        ("resident", 0, ("resident", 0)),
        ("main.py", 1, ("main.py", 1)),
    ],
)
def test_a_traceback_s_places(name, line, shown):
    assert where.translated(TRACE.format(name, line), PLACES) == TRACE.format(*shown)


def test_a_package_is_told_as_its_init(built):
    assert where.origins() == PLACES


def test_the_command_line(built, capsys, monkeypatch):
    assert where.main(["1"]) == 0
    assert capsys.readouterr().out == "firmware/log.py:12\n"
    assert where.main(["3"]) == 1
    assert "lines 1 to 2" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin", io.StringIO(TRACE.format("resident", 1)))
    assert where.main([]) == 0
    assert capsys.readouterr().out == TRACE.format("firmware/log.py", 12)
    built.unlink()
    assert where.main(["1"]) == 2
    assert "make compile" in capsys.readouterr().err
