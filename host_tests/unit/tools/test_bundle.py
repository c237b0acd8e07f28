"""Joined modules behave as they did apart, whatever their names are."""

import sys
import types
from pathlib import Path

import pytest

from tools import bundle, lean
from tools.rewrite import rewrite

ROOT = Path("/sources")


def modules(files):
    found = []
    for name, source in files.items():
        package = name.endswith("/")
        path = ROOT / (name + "__init__.py" if package else f"{name}.py")
        found.append(bundle.Module("firmware." + name.strip("/").replace("/", "."), path, source))
    return found


def joined(files, apart=()):
    """The bundle, and the rewritten sources of the modules that stay apart."""
    found = bundle.ordered([m for m in modules(files) if m.name not in apart])
    others = [m for m in modules(files) if m.name in apart]
    names = bundle.Names(found, others)
    ready = {m.name: rewrite(m, names, True) for m in found}
    rest = {m.name: rewrite(m, names, False) for m in others}
    return bundle.join(found, names, ready), rest


def run(source, name="firmware.resident"):
    module = types.ModuleType(name)
    exec(compile(source, name, "exec"), module.__dict__)
    return module


def answer(files):
    return run(joined(files)[0].source).answer()


FIRST = "from micropython import const\nSIZE = const(4)\ndef run():\n    return 'first'\n"


@pytest.fixture(autouse=True)
def _const(monkeypatch):
    shim = types.ModuleType("micropython")
    shim.const = lambda value: value  # as on the chip without its compiler
    monkeypatch.setitem(sys.modules, "micropython", shim)


@pytest.mark.parametrize(
    ("second", "wanted"),
    [
        # the same name in two modules
        ("from firmware.a import run as other\ndef run():\n    return 'second'\n"
         "def answer():\n    return run(), other()\n", ("second", "first")),
        # an alias
        ("from firmware.a import SIZE as LENGTH\ndef answer():\n    return LENGTH\n", 4),
        # a module's attribute
        ("from firmware import a\ndef answer():\n    return a.run(), a.SIZE\n", ("first", 4)),
        # a local that is called like a bundled name
        ("from firmware.a import run as go\ndef answer():\n    run = 2\n    return run, go()\n",
         (2, "first")),
        ("from firmware.a import run as go\ndef f(run):\n    return run\n"
         "def answer():\n    return f(3), go()\n", (3, "first")),
        # a local that hides a module
        ("from firmware import a\ndef f(a):\n    return a.real\n"
         "def answer():\n    return f(3), a.run()\n", (3, "first")),
        # nested functions and lambdas
        ("from firmware.a import run\ndef answer():\n    def inner(run):\n        return run\n"
         "    return inner(1), (lambda run: run)(2), run()\n", (1, 2, "first")),
        ("from firmware.a import run as go\ndef run():\n    return 1\n"
         "def answer():\n    def run():\n        return 2\n    return run(), go()\n",
         (2, "first")),
        # class scope: its names are not seen in its methods
        ("from firmware.a import run as go\ndef run():\n    return 'mine'\n"
         "class A:\n    run = 5\n    twice = run * 2\n    def f(self):\n        return run()\n"
         "def answer():\n    return A().f(), A.run, A.twice, go()\n", ("mine", 5, 10, "first")),
        # comprehensions
        ("from firmware.a import run as go\ndef run(x):\n    return x + 1\n"
         "def answer():\n    return [run for run in (1, 2)], {run(x) for x in (1,)}, go()\n",
         ([1, 2], {2}, "first")),
        # an exception's name, a loop's, a with's
        ("from firmware.a import run as go\ndef answer():\n    try:\n        raise OSError(5)\n"
         "    except OSError as run:\n        found = run.args\n    return found, go()\n",
         ((5,), "first")),
        # defaults, decorators, keywords
        ("from firmware.a import SIZE, run\ndef f(size=SIZE, run=run):\n    return size, run()\n"
         "def answer():\n    return f(), f(run=lambda: 1)\n", ((4, "first"), (4, 1))),
        # the standard library, twice
        ("from micropython import const\nimport sys\nW = const(2)\n"
         "def answer():\n    return W, sys.maxsize > 0\n", (2, True)),
        # an import inside a function
        ("def answer():\n    from firmware.a import run\n    import sys\n"
         "    return run(), sys.maxsize > 0\n", ("first", True)),
        # a base class and an annotation
        ("from firmware.a import run as go\nclass run:\n    x: int = 3\n"
         "class B(run):\n    pass\ndef answer():\n    return B.x, go()\n", (3, "first")),
    ],
)  # fmt: skip
def test_joined_it_behaves_as_apart(second, wanted):
    assert apart(second) == wanted, "the example itself is wrong"
    assert answer({"a": FIRST, "b": second}) == wanted


def apart(second):
    """The answer of the two modules as they are."""
    first = run(FIRST, "firmware.a")
    package = types.ModuleType("firmware")
    package.a = first
    saved = {name: sys.modules.get(name) for name in ("firmware", "firmware.a")}
    sys.modules.update({"firmware": package, "firmware.a": first})
    try:
        return run(second, "firmware.b").answer()
    finally:
        for name, module in saved.items():
            sys.modules.pop(name, None)
            if module:
                sys.modules[name] = module


def test_a_module_apart_finds_what_was_joined():
    files = {
        "a": FIRST,
        "b": "def run():\n    return 'second'\n",
        "c": "from firmware.b import run as go\nfrom firmware import a\n"
        "def answer():\n    return go(), a.run(), a.SIZE\n",
    }
    together, rest = joined(files, apart=("firmware.c",))
    text = rest["firmware.c"]
    assert "firmware.resident import" in text and "resident." in text
    resident = run(together.source)
    package = types.ModuleType("firmware")
    package.resident = resident
    saved = {name: sys.modules.get(name) for name in ("firmware", "firmware.resident")}
    sys.modules.update({"firmware": package, "firmware.resident": resident})
    try:
        assert run(text, "firmware.c").answer() == ("second", "first", 4)
    finally:
        for name, module in saved.items():
            sys.modules.pop(name, None)
            if module:
                sys.modules[name] = module


def test_constants_are_put_in_by_value():
    user = "from firmware import a\nfrom firmware.a import LOW, SIZE as N\n"
    user += "def answer():\n    from firmware.a import SIZE\n"
    user += "    return N - LOW, a.SIZE, SIZE, (lambda N: N)(1)\n"
    files = {"a": FIRST + "LOW = const(-1 << 3)\n", "b": user, "c": user}
    source, rest = joined(files, apart=("firmware.c",))
    assert "\n_SIZE = const(4)" in source.source and "SIZE" not in rest["firmware.c"]
    assert run(source.source).answer() == (12, 4, 4, 1)
    assert "return 4 - (-8), 4, 4, (lambda N: N)(1)" in rest["firmware.c"]


def test_a_constant_whose_value_is_not_plain_keeps_its_name_for_others():
    first = FIRST + "DOUBLE = const(SIZE * 2)\n"
    wanted = {"a": first, "c": "from firmware.a import DOUBLE\n"}
    source, rest = joined(wanted, apart=("firmware.c",))
    assert "\nDOUBLE = const(_SIZE * 2)" in source.source
    assert "import DOUBLE" in rest["firmware.c"]


def test_a_constant_cannot_be_had_from_a_module_apart_that_imported_it():
    files = {
        "a": FIRST,
        "b": "from firmware.a import SIZE\n",
        "c": "from firmware.b import SIZE\n",
    }
    with pytest.raises(bundle.BundleError, match="SIZE is not of firmware.b"):
        joined(files, apart=("firmware.b", "firmware.c"))


def test_tables_that_nobody_reads_go():
    source = "X = (\n    1,\n    'a',\n)\nY = {1: 2}\nZ = [1]\ndef f():\n    return Z\n"
    made = lean.lean(joined({"a": source + "W = f()\n"})[0], {"Y"})
    assert made.source == "Y = {1: 2}\nZ = [1]\ndef f():\n    return Z\nW = f()\n"
    assert [line.rpartition(":")[2] for line in made.lines] == ["5", "6", "7", "8", "9"]


def test_private_names_bound_once_become_constants():
    source = "from micropython import const\n_A = 'text'\n_B = 1\n_B = 2\n_C = b'x'\nD = 5\n"
    made = lean.lean(
        joined({"a": source + "def f():\n    return _A, _B, D, _C, const\n"})[0], set()
    )
    assert made.source.splitlines()[1:6] == [
        "_A = const('text')",
        "_B = 1",
        "_B = 2",
        "_C = const(b'x')",
        "D = 5",
    ]
    assert run(made.source).f()[:4] == ("text", 2, 5, b"x")


@pytest.mark.parametrize(
    ("second", "says"),
    [
        ("import firmware.a\n", "use from ... import"),
        ("from firmware import a\nX = [a]\n", "module a as an object"),
        ("from firmware import a\ndef f():\n    return a.missing\n", "has no missing"),
        ("from firmware.a import missing\n", "has no missing"),
        ("def f():\n    global x\n    x = 1\n", "global"),
    ],
)
def test_what_cannot_be_joined_is_refused(second, says):
    with pytest.raises(bundle.BundleError, match=says):
        joined({"a": FIRST, "b": second})


def test_modules_come_after_what_they_import():
    files = {"c": "from firmware.b import x\n", "b": "from firmware import a\nx = 1\n", "a": ""}
    names = [m.name for m in bundle.ordered(modules(files))]
    assert names == ["firmware.a", "firmware.b", "firmware.c"]


def test_relative_imports_and_packages():
    files = {"can/": "X = 1\n", "can/native": "from . import X\nfrom ..log import Y\n", "log": ""}
    by_name = {m.name: m for m in modules(files)}
    first, second = by_name["firmware.can.native"].tree.body
    assert by_name["firmware.can.native"].absolute(first) == "firmware.can"
    assert by_name["firmware.can.native"].absolute(second) == "firmware.log"
    here = bundle.Module("firmware.can", ROOT / "can/__init__.py", "from .native import Z\n")
    assert here.absolute(here.tree.body[0]) == "firmware.can.native"


def test_lines_are_told():
    source = (
        '"""Text."""\n\n# comment\nX = (\n    1,\n\n    2,\n)\n\n\ndef f():\n    """Only."""\n'
    )
    made = joined({"a": source})[0]
    assert made.source.splitlines() == ["X = (", "    1,", "    2,", ")", "def f():", "    pass"]
    assert [line.rpartition(":")[2] for line in made.lines] == ["4", "5", "7", "8", "11", "12"]
    assert all(line.startswith("firmware/a.py:") for line in made.lines)


def test_lines_inside_a_text_stay():
    source = 'X = """one\n\n# two\n"""\n'
    assert run(joined({"a": source})[0].source).X == "one\n\n# two\n"


HOT = """X = 1


class A:
    def f(self, once):
        local = self.often.often.often
        return local(once, key=X, other="short"), "a longer text", "two words"


async def g(argument):
    return [print(each) for each in argument.often] or X or None
"""


def test_names_used_most_come_first():
    made = lean.hot_first(HOT, 3)
    first, rest = made.split("\n", 1)
    assert rest == HOT
    assert first.startswith("if __name__ == 0: __name__.often") and ".X" in first
    assert "local" not in lean.hot_first(HOT).split("\n", 1)[0]
    assert "'two words'" in lean.hot_first(HOT).split("\n", 1)[0]
    assert "longer" not in lean.hot_first(HOT).split("\n", 1)[0]
    assert run(made).A().f.__name__ == "f"


def test_a_source_without_functions_has_nothing_to_name():
    assert lean.hot_first("X = 1\n") == "X = 1\n"
