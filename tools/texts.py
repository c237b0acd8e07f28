"""Packs the short texts of a module that is loaded for one use into one long text.

MicroPython keeps every text of up to ten letters in a compiled file for ever, as it does names;
longer ones go when the module goes. So `"Accepted"` becomes a slice of one text at the module's
head, in the place of its docstring: every line stays. A text that is a name anyway is left alone.
"""

import ast
import keyword
from collections.abc import Iterator

from tools.lean import SHORT_TEXT
from tools.rename import cheap_names
from tools.roles import bare_tree, names_in
from tools.squeeze import replace
from tools.trees import parsed


def known_texts(texts: dict[str, str], resident: set[str]) -> set[str]:
    """What the interpreter keeps anyway: all names, and the short texts of `resident` modules."""
    known = {*cheap_names(), *keyword.kwlist}
    for module, text in texts.items():
        tree = bare_tree(text)
        known |= set(names_in(tree))
        if module in resident:
            known |= {text for text, _ in _short_texts(tree)}
    return known


def packed(source: str, known: set[str]) -> str:
    """`source` with its short texts in one; as it is where there are none or no docstring."""
    tree = parsed(source)
    head = tree.body[0] if tree.body else None
    if not isinstance(head, ast.Expr) or not isinstance(head.value, ast.Constant):
        return source
    found = sorted(
        ((text, node) for text, node in _short_texts(tree) if text not in known),
        key=lambda pair: (pair[1].lineno, pair[1].col_offset),
    )
    if not found:
        return source
    whole = ""
    for text in sorted({text for text, _ in found}, key=lambda text: (-len(text), text)):
        if text not in whole:
            whole += text
    used = set(names_in(tree))
    name = next(name for name in cheap_names() if name not in used)
    lines = [line.encode() for line in source.splitlines(keepends=True)]
    for text, node in reversed(found):
        start = whole.index(text)
        replace(lines, node, f"{name}[{start}:{start + len(text)}]".encode())
    replace(lines, head, f"{name} = {whole.ljust(SHORT_TEXT + 1)!a}".encode())
    return b"".join(lines).decode()


def _short_texts(tree: ast.AST) -> Iterator[tuple[str, ast.Constant]]:
    """The texts of up to `SHORT_TEXT` letters, and where they are.

    Not those that the compiler drops (annotations, docstrings), nor pieces of f-strings.
    """
    if isinstance(tree, ast.JoinedStr):
        return
    if isinstance(tree, ast.Expr) and isinstance(tree.value, ast.Constant):
        return
    if isinstance(tree, ast.Constant) and isinstance(tree.value, str):
        if 0 < len(tree.value) <= SHORT_TEXT and tree.value.isascii():
            yield tree.value, tree
        return
    for name, value in ast.iter_fields(tree):
        if name in ("annotation", "returns"):
            continue
        for node in value if isinstance(value, list) else [value]:
            if isinstance(node, ast.AST):
                yield from _short_texts(node)
