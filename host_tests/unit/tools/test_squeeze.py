"""Squeezed sources behave as before; only what nobody outside sees is renamed."""

import pytest

from tools import squeeze

PRIVATE = """_LIMIT = 3
_TABLE = {"a": 1}


class Meter:
    _unit = "Wh"

    def __init__(self, start):
        self._start = start
        self.total = start

    def _add(self, amount):
        self.total += amount if amount < _LIMIT else _LIMIT
        return self

    def read(self):
        return f"{self._add(2).total} {self._unit} {getattr(self, '_start')}"


def _each(values):
    return [_twice(v) for v in values if v]


def _twice(_value):
    return 2 * _value


def answer():
    return Meter(1)._add(9).read(), _each([1, 0, 2]), _TABLE["a"]
"""


def run(source, call="answer()"):
    names = {}
    exec(compile(source, "source", "exec"), names)
    return eval(call, names)


@pytest.mark.parametrize("mark", ["", "7"])
def test_private_names_are_shortened_and_nothing_else_changes(mark):
    short = squeeze.shorten(PRIVATE, mark)
    assert run(short) == run(PRIVATE)
    assert short.count("\n") == PRIVATE.count("\n")
    for name in ("_each", "_twice", "_value"):
        assert name not in short
    assert "class Meter" in short and "def read(self)" in short


def test_names_that_a_text_mentions_stay():
    short = squeeze.shorten(PRIVATE)
    assert "self._start = start" in short  # getattr
    assert "_unit" in short and "_add" in short  # in an f-string


def test_top_level_names_carry_the_mark_and_those_of_classes_do_not():
    source = "_A = 1\n\n\nclass B:\n    def _long(self):\n        return _A\n"
    short = squeeze.shorten(source, "f")
    assert "_f_0 = 1" in short and "return _f_0" in short
    assert "_f_" not in short.split("def ")[1].split("(")[0]


@pytest.mark.parametrize(("mark", "shown"), [("", "_LIMIT"), ("7", "_7__LIMIT")])
def test_constants_keep_names_of_their_own(mark, shown):
    """The compiler forgets them; shared with another module's they could not be renamed there."""
    source = "_LIMIT = const(3)\n_other = 4\n\n\ndef f():\n    return _LIMIT, _other\n"
    short = squeeze.shorten(source, mark)
    assert f"{shown} = const(3)" in short and f"return {shown}, " in short
    assert "_other" not in short


@pytest.mark.parametrize("mark", ["", "7"])
def test_members_that_another_file_uses_become_what_is_said(mark):
    source = (
        "_also = 1\n\n\nclass A:\n    _kept = _also\n    def f(self):\n        return self._own\n"
    )
    short = squeeze.shorten(source, mark, {"_kept": "_a"})
    assert "    _a = " in short and "_also" not in short
    assert "self._b" in short or "self._c" in short


def test_a_short_name_in_use_is_not_given_again():
    source = "_a = 1\n_other = 2\n\n\ndef answer():\n    return _a, _other\n"
    short = squeeze.shorten(source)
    assert run(short) == (1, 2) and "_other" not in short


ARGUMENTS = [
    ("def f(count, limit):\n    return count - limit\n", "f(5, 3)", "count limit"),
    ("def f(count, *, limit=3):\n    return count - limit\n", "f(5)", "count"),
    ("def f(values):\n    return [v for v in values]\n", "f((1, 2))", "values"),
    ("async def f(number):\n    return number\n", "f(1).send", ""),
    ("def f(count):\n    count += 1\n    return f'{count}'\n", "f(5)", "count"),
    ("class C:\n    def m(self, count):\n        self.count = count\n        return self.count\n"
     "def f(thing):\n    return C().m(thing)\n", "f(4)", "thing"),
    ("def f(count):\n    def g():\n        return count\n    return g()\n", "f(5)", ""),
    ("def f(count):\n    return (lambda: count)()\n", "f(5)", ""),
    ("def f(*count):\n    return count\n", "f(5)", ""),
]  # fmt: skip


@pytest.mark.parametrize(("source", "call", "gone"), ARGUMENTS)
def test_arguments_are_shortened(source, call, gone):
    short = squeeze.shorten_arguments(source, set())
    if "async" not in source:
        assert run(short, call) == run(source, call)
    head = short.split("def f(")[1].splitlines()[0]
    assert not any(name in head for name in gone.split())
    if not gone and "async" not in source:
        assert short == source


def test_arguments_passed_by_keyword_are_kept():
    source = "def f(count, limit):\n    return count - limit\n"
    kept = squeeze.keywords([source, "f(5, limit=2)\n", "g(**more)\n"])
    assert kept == {"limit"}
    short = squeeze.shorten_arguments(source, kept)
    assert "limit" in short and "count" not in short
    assert run(short, "f(5, limit=2)") == 3


def test_two_arguments_never_share_a_letter():
    names = [f"argument{n}" for n in range(8)]
    source = f"def f({', '.join(names)}):\n    return ({', '.join(names)})\n"
    assert run(squeeze.shorten_arguments(source, set()), "f(*range(8))") == tuple(range(8))


LOGGED = """class A:
    def f(self, log):
        self._log.info("ocpp", "é sent %d", 3)
        log.error(
            "ocpp",
            "two "
            "pieces",
        )
        log.warn("ocpp", self.text)
        other.info("x", "stays")
        self._log.info("ocpp", "é sent %d", 4)
"""


def test_log_texts_are_numbers_into_the_file():
    texts = squeeze.LogTexts()
    short = texts.take_out(LOGGED)
    assert texts.data == "two pieces\né sent %d\n".encode() or texts.data.count(b"\n") == 2
    at = texts.data.index("é sent".encode())
    assert short.count(f'"ocpp", {at},') == 2
    assert short.count("\n") == LOGGED.count("\n")
    assert '"stays"' in short and "self.text" in short and "pieces" not in short
    compile(short, "short", "exec")


def test_a_text_of_two_lines_stays_in_the_code():
    texts = squeeze.LogTexts()
    source = 'log.info("a", "one\\ntwo")\n'
    assert texts.take_out(source) == source and texts.data == b""
