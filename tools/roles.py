"""What the names of the firmware's sources are: attributes, variables, names of other people."""

import ast
import builtins
import io
import re
import tokenize
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from tools.trees import parsed, walk

_FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)
WORD = re.compile(r"[A-Za-z_]\w*")
# A text that may be a piece of a name, as in getattr(options, kind + "_tx") or "power_%s_pin".
_PIECE = re.compile(r"(?:\w|%[sd]|\{\w*\})+")
_PROSE = {"a", "and", "does", "in", "is", "it", "not", "of", "or", "that", "the", "to", "too"}
_HOLE = re.compile(r"%[sd]|\{\w*\}")


def names_in(tree: ast.AST) -> Iterator[str]:
    """Every name in a tree, whatever it is there."""
    for node in walk(tree):
        kind: type = type(node)
        for field in _named(kind):
            value = getattr(node, field, None)
            if isinstance(value, str):
                yield from value.split(".")
        if isinstance(node, ast.Global | ast.Nonlocal):
            yield from node.names


@cache
def _named(kind: Any) -> tuple[str, ...]:
    """The fields of a kind of nodes that hold a name."""
    names = ("id", "attr", "arg", "name", "asname", "module")
    return tuple(name for name in names if name in kind._fields)


def bare(source: str) -> list[tuple[int, str]]:
    """(line number, line) of a source without docstrings, comment lines and blank lines."""
    drop: set[int] = set()
    keep: set[int] = set()
    passes: dict[int, str] = {}  # a body that was only a docstring
    for node in walk(parsed(source)):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            value = body[0].value
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                drop |= set(range(value.lineno, (value.end_lineno or 0) + 1))
                if len(body) == 1 and not isinstance(node, ast.Module):
                    passes[value.lineno] = " " * value.col_offset + "pass"
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE,
                              tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER):  # fmt: skip
            keep |= set(range(token.start[0], token.end[0] + 1))
    lines = source.splitlines()
    kept = sorted(keep - drop | set(passes))
    return [(n, passes.get(n) or lines[n - 1]) for n in kept]


def bare_tree(source: str) -> ast.Module:
    """The tree without annotations and docstrings: the compiler keeps neither."""
    tree = ast.parse(source)
    for node in walk(tree):
        if isinstance(node, _FUNCTION):
            node.returns = None
        elif isinstance(node, ast.arg):
            node.annotation = None
        elif isinstance(node, ast.AnnAssign):
            node.annotation = ast.Constant(None)
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [s for s in body if not _is_text(s)]  # type: ignore[attr-defined]
    return tree


def _is_text(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


class Roles:
    """What the names of all sources are: attributes, or looked up as they stand, or both."""

    def __init__(self, trees: Iterable[ast.Module], modules: Iterable[str]) -> None:
        self._modules = set(modules)
        self.all: set[str] = set()
        self.attributes: set[str] = set()  # of anything, a module too, and keywords of calls
        self.plain: set[str] = set()  # variables and arguments
        self.defined: set[str] = set()  # by us, and kept in RAM: no function's variables
        self.fixed: set[str] = set()  # constants, names of other people's modules
        self._texts: set[str] = set()
        self._bases: list[tuple[str, set[str]]] = []
        for tree in trees:
            self.all |= set(names_in(tree))
            others = set(map(id, (*_only_read(tree), *_owned(tree))))
            for node in walk(tree):
                if id(node) not in others:
                    self._note(node)
            for statement in tree.body:
                self.defined |= _bound(statement)
        self._errors()

    def _note(self, node: ast.AST) -> None:
        if isinstance(node, ast.Attribute):
            self.attributes.add(node.attr)
            if not isinstance(node.ctx, ast.Load):
                self.defined.add(node.attr)
        elif isinstance(node, ast.keyword) and node.arg:
            self.attributes.add(node.arg)
        elif isinstance(node, ast.Name):
            self.plain.add(node.id)
        elif isinstance(node, ast.arg):
            self.plain.add(node.arg)
            self.defined.add(node.arg)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            self.plain.add(node.name)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            if node.value not in self._modules and not _says_something(node.value):
                self._texts.add(node.value)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            self._import(node)
        elif isinstance(node, ast.Assign) and _is_const(node.value):
            # The compiler puts the value in, and forgets a private name.
            self.fixed |= {name for name in _bound(node) if name[0] == "_"}
        elif isinstance(node, _FUNCTION):
            self.plain.add(node.name)
        elif isinstance(node, ast.ClassDef):
            self._class(node)

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        module = getattr(node, "module", None) or ""
        ours = module.startswith("firmware")
        self.fixed |= set(module.split("."))
        for alias in node.names:
            self.plain |= {alias.asname or alias.name, alias.name}
            if alias.name == "*":
                raise ValueError(f"from {module} import *")
            if not ours or f"{module}.{alias.name}" in self._modules:
                self.fixed |= set(alias.name.split("."))

    def _class(self, node: ast.ClassDef) -> None:
        self.plain.add(node.name)
        self._bases.append((node.name, {name for base in node.bases for name in names_in(base)}))
        for statement in node.body:
            self.attributes |= _bound(statement)
            self.defined |= _bound(statement)
            # What is looked up while the class is made finds the class's own names, too.
            now: list[ast.AST | None] = [statement]
            if isinstance(statement, _FUNCTION):
                arguments = statement.args
                now = [*arguments.defaults, *arguments.kw_defaults, *statement.decorator_list]
            for part in filter(None, now):
                self.attributes |= {n.id for n in walk(part) if isinstance(n, ast.Name)}

    def _errors(self) -> None:
        """Classes of errors keep their names: they are printed."""
        known = {name for name in dir(builtins) if name.endswith(("Error", "Exception"))}
        more = known
        while more:
            more = {name for name, bases in self._bases if bases & known} - known
            known |= more
        self.fixed |= known

    def of_one_module(self, trees: dict[str, ast.Module], joined: str) -> set[str]:
        """Names that are only ever bound at the top level of modules, not of `joined`."""
        found: set[str] = set()
        others: set[str] = set()
        for module, tree in trees.items():
            for statement in tree.body:
                (others if module == joined else found).update(_bound(statement))
            for node in walk(tree):
                if isinstance(node, ast.ClassDef):
                    for statement in node.body:
                        others |= _bound(statement)
                elif isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
                    others.add(node.attr)
                elif isinstance(node, ast.keyword | ast.arg) and node.arg:
                    others.add(node.arg)
        return found - others

    def mentioned(self) -> set[str]:
        """Names that a text mentions or could be a piece of."""
        found = {word for text in self._texts for word in WORD.findall(text)}
        patterns = []
        for text in self._texts:
            fixed = [re.escape(part) for part in _HOLE.split(text)]
            if not _PIECE.fullmatch(text) or len("".join(fixed)) < 2:
                continue
            if len(fixed) > 1:
                patterns.append(r"\w*".join(fixed))
            if text[0] == "_":
                patterns.append(r"\w*" + r"\w*".join(fixed))
            if text[-1] == "_":
                patterns.append(r"\w*".join(fixed) + r"\w*")
        if patterns:
            whole = re.compile("|".join(patterns))
            found |= {name for name in self.all if whole.fullmatch(name)}
        return found


def _says_something(text: str) -> bool:
    """JSON, a head of HTTP, a line for people: no list of names, nor a table of them."""
    if '":' in text or "\r\n" in text:
        return True
    return "\n" not in text and bool(_PROSE & set(text.split()))


def _only_read(tree: ast.AST) -> Iterator[ast.AST]:
    """Texts that can name nothing: what an error says, and the key in `row["key"]`."""
    for node in walk(tree):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            for argument in node.exc.args:
                text = argument.left if isinstance(argument, ast.BinOp) else argument
                if isinstance(text, ast.Constant):
                    yield text
        elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            yield node.slice


def _owned(tree: ast.AST) -> Iterator[ast.AST]:
    """Where a class binds its own names: attributes, and nothing else by that."""
    for node in walk(tree):
        for statement in node.body if isinstance(node, ast.ClassDef) else ():
            if isinstance(statement, _FUNCTION):
                yield statement
            elif isinstance(statement, ast.Assign):
                yield from (target for target in statement.targets if isinstance(target, ast.Name))


def _bound(node: ast.stmt) -> set[str]:
    """Names that a statement of a module or class binds."""
    if isinstance(node, _FUNCTION + (ast.ClassDef,)):
        return {node.name}
    return {
        part.id
        for part in walk(node)
        if isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Load)
    }


def _is_const(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and getattr(node.func, "id", "") == "const"
