"""What the chip calls a function is told by its name in the sources."""

import io

import pytest

from tools import where

SOURCE = """class Pump:
    def run(self):
        self.step()

    def step(self):
        pass


class Lamp:
    def __init__(self):
        self.run()

    def run(self):
        Pump().run()


def step():
    raise OSError


def main():
    Lamp()
"""
NAMES = (
    "resident\tsin\tfirmware/a.py:2\tPump.run\n"
    "resident\tcos\tfirmware/a.py:5\tPump.step\n"
    "resident\t__init__\tfirmware/a.py:10\tLamp.__init__\n"
    "resident\t__init__\tfirmware/a.py:99\tOther.__init__\n"
    "resident\tsin\tfirmware/a.py:13\tLamp.run\n"
    "k\tcos\tfirmware/a.py:17\tstep\n"
    "k\tmain\tfirmware/a.py:21\tmain\n"
)


@pytest.fixture
def built(tmp_path):
    (tmp_path / "firmware").mkdir()
    (tmp_path / "firmware" / "a.py").write_text(SOURCE)
    (tmp_path / "resident.names").write_text(NAMES)
    return tmp_path


def frames(*places):
    return [f'  File "{module}", line 1, in {name}\n' for module, name in places]


def told(folder, *places):
    head = "Traceback (most recent call last):\n"
    lines = [head, *frames(*places), "OSError: 5\n"]
    found = list(where.Map(folder, folder).translated(lines))
    assert found[0] == head and found[-1] == "OSError: 5\n"
    return [line.strip() for line in found[1:-1]]


def test_a_frame_is_told_as_in_the_source(built):
    assert told(built, ("resident", "cos")) == ['File "firmware/a.py", line 5, in Pump.step']


def test_the_module_tells_two_of_a_name_apart(built):
    assert told(built, ("k", "cos")) == ['File "firmware/a.py", line 17, in step']


def test_so_does_who_calls_whom(built):
    places = [("resident", name) for name in ("__init__", "sin", "sin", "cos")]
    assert [line.split(" in ")[1] for line in told(built, ("k", "main"), *places)] == [
        "main",
        "Lamp.__init__",
        "Lamp.run",
        "Pump.run",
        "Pump.step",
    ]


def test_where_nothing_tells_all_are_named(built):
    (line,) = told(built, ("resident", "sin"))
    assert line == 'File "firmware/a.py", line 2, in Pump.run, or firmware/a.py:13 Lamp.run'


def test_what_is_not_ours_stays(built):
    (line,) = told(built, ("asyncio/core.py", "run_until_complete"))
    assert line == 'File "asyncio/core.py", line 1, in run_until_complete'


@pytest.mark.parametrize(
    "before",
    ["    5.000 E trace:", "    0.000 E before: +5.000 E trace:", "2026-01-20T10:00:00Z E trace:"],
)
def test_a_traceback_in_the_log_keeps_what_stands_before_it(built, before):
    lines = [f"{before} {frame}" for frame in frames(("k", "main"), ("k", "cos"))]
    assert list(where.Map(built, built).translated(lines)) == [
        f'{before}   File "firmware/a.py", line 21, in main\n',
        f'{before}   File "firmware/a.py", line 17, in step\n',
    ]


@pytest.mark.parametrize(
    ("module", "line", "name", "shown"),
    [
        ("resident", 1, "sin", 'File "firmware/a.py", line 14, in Lamp.run'),
        ("resident.py", 2, "sin", 'File "firmware/a.py", line 3, in Pump.run'),
        ("resident", 3, "<module>", 'File "firmware/can/__init__.py", line 3, in <module>'),
        ("k", 18, "cos", 'File "firmware/a.py", line 18, in step'),
        ("resident", 4, "sin", 'File "resident", line 4, in sin'),
        ("asyncio/core.py", 1, "run", 'File "asyncio/core.py", line 1, in run'),
    ],
)
def test_lines_are_told_where_the_build_has_them(built, module, line, name, shown):
    lines = "firmware/a.py:14\nfirmware/a.py:3\nfirmware/can.py:3\n"
    (built / "resident.lines").write_text(lines)
    (built / "firmware" / "can").mkdir()
    (built / "firmware" / "can" / "__init__.py").write_text("")
    frame = f'  File "{module}", line {line}, in {name}\n'
    (found,) = where.Map(built, built).translated([frame])
    assert found.strip() == shown


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (18, 'File "firmware/a.py", line 18, in step'),  # loaded for one use: it has lines
        (1, 'File "firmware/a.py", line 17, in step'),  # what stays has none
    ],
)
def test_lines_of_what_is_loaded_for_one_use(built, line, shown):
    (found,) = where.Map(built, built).translated([f'  File "k", line {line}, in cos\n'])
    assert found.strip() == shown


def test_the_command_line(built, capsys, monkeypatch):
    read = where.Map
    monkeypatch.setattr(where, "Map", lambda: read(built, built))
    assert where.main(["cos"]) == 0
    assert capsys.readouterr().out == "firmware/a.py:5 Pump.step\nfirmware/a.py:17 step\n"
    assert where.main(["tan"]) == 1
    assert "nothing tan" in capsys.readouterr().err
    assert where.main(["3"]) == 1
    (built / "resident.lines").write_text("firmware/log.py:12\n")
    assert where.main(["1"]) == 0
    assert capsys.readouterr().out == "firmware/log.py:12\n"
    assert where.main(["2"]) == 1
    assert "lines 1 to 1" in capsys.readouterr().err
    (built / "resident.lines").unlink()
    monkeypatch.setattr("sys.stdin", io.StringIO("".join(frames(("resident", "cos")))))
    assert where.main([]) == 0
    assert "line 5, in Pump.step" in capsys.readouterr().out
    (built / "resident.names").unlink()
    assert where.main(["cos"]) == 2
    assert "make compile" in capsys.readouterr().err
