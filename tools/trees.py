"""Python's syntax trees for a build that looks at them dozens of times: fast to read and walk."""

import ast
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, lru_cache
from typing import Any

_NO_CHILDREN = {
    "ctx", "id", "attr", "arg", "name", "asname", "module", "level", "kind", "type_comment",
    "is_async", "conversion", "simple",
}  # fmt: skip


@contextmanager
def uncollected() -> Iterator[None]:
    """Without garbage collections: they look at all trees each time, and trees have no cycles.

    CPython 3.11 even fails when one that happens within a parse parses something itself.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


@lru_cache(maxsize=2048)
def parsed(source: str) -> ast.Module:
    """The tree of a source, the same one for everybody: not to be changed. Raises SyntaxError."""
    return ast.parse(source)


def walk(tree: ast.AST) -> list[ast.AST]:
    """All nodes of a tree in the order of `ast.walk`, without the contexts (Load, Store, Del)."""
    nodes = [tree]
    for node in nodes:  # grows meanwhile
        kind: type = type(node)
        for field in _fields(kind):
            value = getattr(node, field, None)
            if type(value) is list:
                nodes += [part for part in value if isinstance(part, ast.AST)]
            elif isinstance(value, ast.AST):
                nodes.append(value)
    return nodes


@cache
def _fields(kind: Any) -> tuple[str, ...]:
    """The fields of a kind of nodes that can hold others."""
    if kind is ast.Constant:
        return ()
    return tuple(field for field in kind._fields if field not in _NO_CHILDREN)
