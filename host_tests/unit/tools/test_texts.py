"""Packed modules do the same, line for line, and keep no short text of their own."""

import ast

import pytest

from tools.texts import known_texts, packed

SOURCE = '''"""What the module is for,

in three lines."""
WORDS = {"alpha": "beta", "gamma": 'it\\'s'}


class Answer:
    kind = "alpha"

    def text(self, sep="; ", end: "Final" = "") -> "Beta":
        """Says it."""
        return sep.join(
            [
                self.kind,
                "two "
                "parts",
                "%s-%d" % ("gamma", 5),
                f"{self.kind} is it",
                "a long text stays as it is",
                "grün",
            ]
        ) + end


def answer():
    if "beta" == WORDS["alpha"]: return Answer().text(), WORDS, WORDS.get("gamma")
'''


def run(source):
    names = {}
    exec(compile(source, "source", "exec"), names)
    return names["answer"]()


def short_texts(source):
    tree = ast.parse(source)
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}


def test_it_does_the_same_on_the_same_lines():
    new = packed(SOURCE, set())
    assert run(new) == run(SOURCE)
    assert new.count("\n") == SOURCE.count("\n")
    lines = [node.lineno for node in ast.walk(ast.parse(SOURCE)) if isinstance(node, ast.Return)]
    assert lines == [n.lineno for n in ast.walk(ast.parse(new)) if isinstance(n, ast.Return)]


def test_short_texts_are_gone_and_others_are_not():
    left = short_texts(packed(SOURCE, set()))
    assert not {"alpha", "beta", "gamma", "it's", "two parts", "%s-%d", "; "} & left
    assert {"a long text stays as it is", "grün", ""} <= left


def test_what_is_kept_anyway_is_left_alone():
    new = packed(SOURCE, {"alpha", "gamma"})
    assert {"alpha", "gamma"} <= short_texts(new)
    assert "beta" not in short_texts(new)
    assert run(new) == run(SOURCE)


def test_the_long_text_is_no_short_one():
    """A module with one letter only would gain nothing else."""
    new = packed('"""What it is for."""\n\ndef answer():\n    return "a" + "aa"\n', set())
    assert run(new) == "aaa"
    assert max(map(len, short_texts(new) - {0, 1, 2})) > 10


@pytest.mark.parametrize(
    "source",
    [
        "",
        "def answer():\n    return 'a'\n",  # no place for it
        '"""A text."""\nNAME = "a long text only"\n',
    ],
)
def test_left_alone(source):
    assert packed(source, set()) == source


def test_the_name_of_the_text_is_not_used_otherwise():
    source = '"""A text."""\nn = 5\n\ndef answer(e=1):\n    return "a" * e, n\n'
    assert run(packed(source, set())) == ("a", 5)


def test_known_are_names_everywhere_and_texts_of_modules_that_stay():
    texts = {
        "stays": "TABLE = {'kept': 1}\n",
        "goes": "def voltage(limit: 'Type'):\n    return limit.amps, 'gone'\n",
    }
    known = known_texts(texts, {"stays"})
    assert {"TABLE", "kept", "voltage", "limit", "amps", "return"} <= known
    assert not {"gone", "Type"} & known
