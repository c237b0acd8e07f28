"""What the chip compiles itself: it does the same, line for line, with fewer names."""

import ast

from tools.build import ROOT
from tools.slim import slim

SOURCE = '''"""Starts."""

_LIMIT = 3
_KEPT = "see _KEPT"


def _twice(value: "int", /, more: int = 2) -> "int":  # grün
    return value * more


class Slots:
    def __init__(self, first: "str") -> None:
        self._first = first

    def both(self) -> tuple[int, str]:
        "ä"; answer = _twice(_LIMIT); return answer, self._first + _KEPT
'''


def run(source):
    names = {}
    exec(compile(source, "source", "exec"), names)
    return names["Slots"]("b").both()


def names_in(source):
    tree = ast.parse(source)
    found = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return found | {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


def test_it_does_the_same_on_the_same_lines():
    new = slim(SOURCE)
    assert run(new) == run(SOURCE) == (6, "bsee _KEPT")
    assert new.count("\n") == SOURCE.count("\n")
    lines = [node.lineno for node in ast.walk(ast.parse(SOURCE)) if isinstance(node, ast.Return)]
    assert lines == [n.lineno for n in ast.walk(ast.parse(new)) if isinstance(n, ast.Return)]


def test_annotations_and_private_names_are_gone():
    new = slim(SOURCE)
    assert not {"_twice", "_first", "_LIMIT", "int", "tuple"} & names_in(new)
    assert "_KEPT" in names_in(new)  # a text names it
    assert "# grün" in new
    assert "def both(self):" in new


def test_the_start_and_the_selector_are_python_without_private_names():
    for name in ("main.py", "firmware/update/slots.py"):
        text = (ROOT / name).read_text(encoding="utf-8")
        new = slim(text)
        assert new.count("\n") == text.count("\n")
        assert not {n for n in names_in(new) if n[0] == "_" and n[:2] != "__"} & names_in(text)
