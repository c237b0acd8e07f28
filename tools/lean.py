"""Leaves out of the joined module what costs RAM and serves nobody on the chip."""

import ast
from collections import Counter
from collections.abc import Iterator
from keyword import iskeyword

from tools.bundle import Bundle, constants
from tools.roles import bare_tree
from tools.trees import parsed, walk

# What a table may consist of that the build leaves out when nobody reads it.
_TABLE = (ast.Constant, ast.Tuple, ast.List, ast.Dict, ast.Name, ast.expr_context)

SHORT_TEXT = 10  # the compiler keeps texts up to this length as names


def lean(bundle: Bundle, wanted: set[str]) -> Bundle:
    """The bundle without top-level tables that it never reads, nor a module apart (`wanted`).

    Private names that are bound once to a number or text become constants: the compiler puts
    their value in and forgets the name. No line moves but those after one that goes.
    """
    if not bundle.lines:
        return bundle
    tree = parsed(bundle.source)
    lines = bundle.source.splitlines()
    names = [part for part in walk(tree) if isinstance(part, ast.Name)]
    used = Counter(part.id for part in names)
    stored = Counter(part.id for part in names if not isinstance(part.ctx, ast.Load))
    gone: set[int] = set()
    for node in tree.body:
        if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Name):
            continue
        name, value = node.targets[0].id, node.value
        row, one_line = node.lineno - 1, node.lineno == node.end_lineno
        if (
            used[name] == 1
            and name not in wanted
            and all(isinstance(part, _TABLE) for part in walk(value))
        ):
            gone |= set(range(row, node.end_lineno or 0))
        elif one_line and name[0] == "_" and isinstance(value, ast.Constant):
            if used["const"] and stored[name] == 1 and name not in wanted:
                lines[row] = f"{name} = const({ast.unparse(value)})"
    kept = [row for row in range(len(lines)) if row not in gone]
    text = "\n".join(lines[row] for row in kept) + "\n"
    return Bundle(text, [bundle.lines[row] for row in kept])


def hot_first(source: str, most: int = 120) -> str:
    """`source` with a first statement, never run, that names what its functions name most often.

    A name takes one byte in the bytecode where it is among the first 128 of its module, else two;
    they are numbered as they are met. Long texts that could be names are named, too: the compiler
    then keeps each once, as a name, instead of a copy for every place. The statement itself is
    gone once the module is loaded.
    """
    uses: Counter[str] = Counter()
    tree = parsed(source)
    for node in walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            uses.update(_named_by(node))
    for constant in constants(tree):  # the compiler forgets them
        del uses[constant]
    hot = [text for text, _ in uses.most_common(most)]
    shown = [*hot, *sorted(_long_texts(source) - {*hot})]
    names = "".join(f".{text}" for text in shown if text.isidentifier() and not iskeyword(text))
    texts = ", ".join(repr(text) for text in hot if not text.isidentifier())
    return f"if __name__ == 0: __name__{names}({texts})\n{source}" if shown else source


def _long_texts(source: str) -> set[str]:
    """The texts that could be names, of what the compiler keeps."""
    parts = walk(bare_tree(source))
    texts = {p.value for p in parts if isinstance(p, ast.Constant) and isinstance(p.value, str)}
    return {text for text in texts if text.isidentifier() and len(text) > SHORT_TEXT}


def _named_by(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    """Names and short texts that a function's bytecode refers to, as often as it does."""
    arguments = [a.arg for a in (*function.args.posonlyargs, *function.args.args)]
    yield function.name
    yield from arguments
    parts = [part for statement in function.body for part in walk(statement)]
    inside = set(arguments)
    inside |= {
        part.id
        for part in parts
        if isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Load)
    }
    for part in parts:
        if isinstance(part, ast.Attribute):
            yield part.attr
        elif isinstance(part, ast.Name) and part.id not in inside:
            yield part.id
        elif isinstance(part, ast.keyword) and part.arg:
            yield part.arg
        elif isinstance(part, ast.Constant) and isinstance(part.value, str):
            if len(part.value) <= SHORT_TEXT:
                yield part.value
