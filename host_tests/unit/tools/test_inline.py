"""Functions called once move to where they are called, and everything still means the same."""

import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tools.inline import inlined
from tools.layout import chosen, module_name, on_demand

ROOT = Path(__file__).resolve().parents[3]

# name -> (source, what to evaluate, functions that are gone)
MOVED = {
    "statement": (
        """
        class A:
            def __init__(self): self.log = []
            def go(self, n):
                self._note(n + 1, 'x')
                return self.log
            def _note(self, n, word):
                n += 1
                self.log.append((n, word))
        """,
        "A().go(1), A().go(5)",
        {"_note"},
    ),
    "early return": (
        """
        class A:
            def go(self, n):
                self.got = 'none'
                self._look(n)
                return self.got, n
            def _look(self, n):
                if n < 0:
                    return
                if n > 10:
                    self.got = 'many'
                    return
                self.got = n
        """,
        "[A().go(n) for n in (-1, 0, 10, 11)]",
        {"_look"},
    ),
    "value": (
        """
        def go(a, b):
            x = _middle(b, a)
            return x, a, b
        def _middle(a, b, part=2):
            if a > b:
                a, b = b, a
            if a == b:
                return a
            return (a + b) / part
        """,
        "go(1, 2), go(4, 2), go(3, 3)",
        {"_middle"},
    ),
    "returned": (
        """
        def go(items):
            try:
                return _first(items)
            except IndexError:
                return 'empty'
        def _first(items):
            for item in items:
                if item:
                    return item
            return items[0]
        """,
        "go([]), go([0, 0]), go([0, 3])",
        {"_first"},
    ),
    "falls through": (
        """
        def go(n):
            return _word(n)
        def _word(n):
            if n:
                return 'yes'
        """,
        "go(0), go(1)",
        {"_word"},
    ),
    "within an expression": (
        """
        class A:
            n = 3
            def go(self, other):
                return [self._near(o, 2) for o in other] + [other]
            def _near(self, o, by):
                return -by <= o - self.n <= by
        """,
        "A().go([1, 6, 5])",
        {"_near"},
    ),
    "computed before": (
        """
        def go(n):
            if n == 0:
                return 'nothing'
            elif not _even(n) and n > 2:
                return 'odd'
            return 'even'
        def _even(n):
            while n > 1:
                n -= 2
            return n == 0
        """,
        "[go(n) for n in range(6)]",
        {"_even"},
    ),
    "out of nested branches": (
        """
        class A:
            def go(self, n):
                self.seen = []
                self._look(n)
                self.seen.append('after')
                return self.seen
            def _look(self, n):
                if n > 1:
                    if n > 2:
                        return
                    self.seen.append('two')
                try:
                    if not n:
                        return
                    self.seen.append(6 // (n - 1))
                except ZeroDivisionError:
                    self.seen.append('none')
                    return
                self.seen.append('end')
        """,
        "[A().go(n) for n in range(4)]",
        {"_look"},
    ),
    "names of their own": (
        """
        def go(i, total):
            for k in range(3):
                _add(i, total)
            i2 = 'mine'
            return total, i, i2
        def _add(n, total):
            i = n * 2
            i2 = i + 1
            try:
                total[i2] = i // n
            except ZeroDivisionError as k:
                total[i] = str(k)
        """,
        "go(1, {}), go(0, {})[1:]",
        {"_add"},
    ),
    "one in another": (
        """
        class A:
            def go(self): return self._one(1)
            def _one(self, n):
                m = self._two(n)
                return m + 1
            def _two(self, n): return n * 10
        """,
        "A().go()",
        {"_one", "_two"},
    ),
}

# name -> (source, why nothing moves)
KEPT = {
    "called twice": """
        def go(n): return _f(n) + _f(n)
        def _f(n): return n
        """,
    "handed on": """
        class A:
            def go(self): return list(map(self._f, (1, 2)))
            def _f(self, n): return n
        """,
    "in a table of the class": """
        class A:
            def _f(self): return 1
            TABLE = (_f,)
            def go(self): return self._f()
        """,
    "told in a text": """
        class A:
            def go(self): return getattr(self, '_f')() + self._f()
            def _f(self): return 1
        """,
    "used by others": """
        class A:
            def go(self): return self._f()
            def _f(self): return 1
        def other(a): return a._f()
        """,
    "replaced by a subclass": """
        class A:
            def go(self): return self._f()
            def _f(self): return 1
        class B(A):
            def _f(self): return 2
        """,
    "a subclass's name": """
        class A:
            def go(self): return self._f()
            def _f(self): return 1
        class B(A):
            def __init__(self): self._f = lambda: 3
        """,
    "a coroutine's caller, which would hold what the function had": """
        async def go(): _f([1])
        def _f(n): m = n * 2
        """,
    "a coroutine": """
        async def go(): await _f()
        async def _f(): return 1
        """,
    "a generator": """
        def go(): return _f()
        def _f(): yield 1
        """,
    "a global that is a local there": """
        size = 3
        def go(n):
            size = n
            _f()
            return size
        def _f(): print(size)
        """,
    "arguments evaluated late": """
        class A:
            def go(self): return 1 + self._f(self.n)
            def _f(self, n): return self.change() + n
            def change(self):
                self.n += 1
                return 0
        """,
    "not the first of an expression": """
        def go(n): return n.pop() + _f(n)
        def _f(n):
            n.append(1)
            return len(n)
        """,
    "a return from within a loop": """
        def go(n):
            _f(n)
            return n
        def _f(n):
            for m in n:
                if m:
                    return
            n.append(1)
        """,
    "something after the return": """
        def go(n):
            x = n
            x = _f(x)
            return x
        def _f(n):
            try:
                if n:
                    return 1
            finally:
                print(n)
            return 2
        """,
    "decorated": """
        def go(): return _f()
        @staticmethod
        def _f(): return 1
        """,
}


def _run(text: str, what: str) -> object:
    names: dict = {}
    exec(text, names)
    return eval(what, names)


@pytest.mark.parametrize(("source", "what", "gone"), MOVED.values(), ids=MOVED)
def test_what_is_called_once_moves_and_does_the_same(source, what, gone):
    text = textwrap.dedent(source)
    moved = inlined({"m": text}, {"m"})["m"].text
    assert _run(moved, what) == _run(text, what)
    assert not any(f"def {name}" in moved or f"{name}(" in moved for name in gone)


@pytest.mark.parametrize("source", KEPT.values(), ids=KEPT)
def test_what_might_mean_something_else_stays(source):
    assert inlined({"m": textwrap.dedent(source)}, {"m"}) == {}


def test_a_subclass_in_another_module_counts():
    base = "class A:\n    def go(self): return self._f()\n    def _f(self): return 1\n"
    other = "from base import A\nclass B(A):\n    def more(self): return self._f()\n"
    assert inlined({"base": base, "other": other}, {"base", "other"}) == {}
    assert inlined({"base": base, "other": "class B: pass\n"}, {"base", "other"}).keys() == {
        "base"
    }


def test_a_module_alone_has_no_public_functions_but_those_wanted():
    text = "def go(): return one() + 1\ndef one(): return two()\ndef two(): return 5\n"
    assert inlined({"m": text}, {"m"}) == {}
    moved = inlined({"m": text}, {"m"}, {"go", "two"})["m"].text
    assert "def one" not in moved and "def two" in moved
    assert _run(moved, "go()") == 6


def test_each_line_is_told_as_one_of_the_source():
    text = textwrap.dedent(
        """
        class A:
            def go(self):
                x = 1

                self._f(
                    x
                )
                return x

            def _f(self, n):
                print(n)
                if n:
                    raise ValueError
        """
    )
    moved, lines = inlined({"m": text}, {"m"})["m"]
    told = {line.strip(): lines[number] for number, line in enumerate(moved.splitlines())}
    source = text.splitlines()
    assert len(lines) == len(moved.splitlines())
    for part in ("class A:", "x = 1", "return x", "raise ValueError"):
        assert source[told[part] - 1].strip() == part
    assert source[told["print(x)"] - 1].strip() == "print(n)"


def test_the_firmware_without_these_functions_passes_its_tests(tmp_path):
    """The charge control's and the transactions', on a copy made as the build makes it."""
    source = ROOT / "firmware"
    paths = [path for path in source.rglob("*.py") if "__pycache__" not in path.parts]
    texts = {module_name(source, path): path.read_text(encoding="utf-8") for path in paths}
    moved = inlined(texts, {name for name in texts if not on_demand(name) or chosen(name)})
    assert len(moved) > 20
    shutil.copytree(source, tmp_path / "firmware", ignore=shutil.ignore_patterns("__pycache__"))
    for path in paths:
        if (name := module_name(source, path)) in moved:
            (tmp_path / "firmware" / path.relative_to(source)).write_text(moved[name].text)
    shutil.copytree(ROOT / "host_tests", tmp_path / "host_tests")
    for name in ("tools", "lib", ".tools", "build", "main.py", "boot.py", "pyproject.toml"):
        os.symlink(ROOT / name, tmp_path / name)
    charging = ("core", "connector", "properties", "sequence", "unplugged_session")
    services = ("control", "transactions")
    tests = [f"charging/test_{name}.py" for name in charging]
    tests += [f"services/test_{name}.py" for name in services]
    words = [f"host_tests/unit/{name}" for name in tests]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-m", "not slow", "-p", "no:cacheprovider", *words],
        cwd=tmp_path, capture_output=True, text=True, timeout=240,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout[-3000:]
