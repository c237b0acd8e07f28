"""What firmware/made_once.py forgets is made once, and a charger without it lives on."""

import ast
from pathlib import Path

import pytest

from firmware import made_once

ROOT = Path(__file__).resolve().parents[2]
FIRMWARE = ROOT / "firmware"
# Only what app.build calls: these make objects of the classes that are forgotten.
MAKERS = {"app.py", "board/rivot_100a.py"}
# What is made by the constructor of something that is made once itself.
PARTS = {"charging/core.py": {"Connector", "EventRing", "Sequence", "Session", "Supervisor"}}


def made_in(path: Path) -> set[str]:
    """Names that are called there."""
    calls = (n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Call))
    return {ast.unparse(call.func).rpartition(".")[2] for call in calls}


def test_nobody_else_makes_objects_of_these_classes():
    forgotten = {kind.__name__ for kind in made_once.KINDS}
    assert len(forgotten) == len(made_once.KINDS) > 20
    found = {}
    for path in FIRMWARE.rglob("*.py"):
        name = path.relative_to(FIRMWARE).as_posix()
        others = (made_in(path) & forgotten) - PARTS.get(name, set())
        if others and name not in MAKERS:
            found[name] = others
    assert not found
    made = {name for maker in MAKERS for name in made_in(FIRMWARE / maker)}
    assert forgotten <= made | PARTS["charging/core.py"]


def test_the_board_is_built_by_app_only():
    """Its drivers' classes are forgotten as well: whoever builds drivers loads them anew."""
    for path in FIRMWARE.rglob("*.py"):
        name = path.relative_to(FIRMWARE).as_posix()
        if name not in MAKERS and "build(settings" in path.read_text():
            pytest.fail(f"{name} builds a board")


class Parent:
    def __init__(self):
        self.seen = 1


class Driver(Parent):
    def __init__(self):
        Parent.__init__(self)


class Plain(Driver):
    pass


class Board:
    def __init__(self, *drivers):
        self.buses = ((drivers[0], tuple(drivers[1:])),)
        self.polled = ()


def test_constructors_are_forgotten_and_objects_live_on(monkeypatch):
    monkeypatch.setattr(made_once, "KINDS", ())
    kinds = Parent, Driver, Plain
    for kind in kinds[:2]:
        monkeypatch.setattr(kind, "__init__", kind.__init__)  # given back afterwards
    made = Plain()
    made_once.forget(Board(made, made))
    assert made.seen == 1
    for kind in kinds:
        with pytest.raises(TypeError):
            kind()
    made_once.forget(Board(made))  # twice does no harm
