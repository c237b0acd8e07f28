"""Puts private functions that are called from one place into that place, for the chip.

Each function takes some 65 bytes of RAM beside its code. The sources stay as they are; a line of
the result is told as one of the source's (`Inlined.lines`). Only what surely means the same is
moved (inline_body.py); everything else stays a function.
"""

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tools.inline_body import CannotInline, Function, statements, value
from tools.trees import parsed, walk

_FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)
_INNER = (*_FUNCTION, ast.ClassDef, ast.Lambda, ast.comprehension)
_Owner = ast.Module | ast.ClassDef
_PRIVATE = re.compile(r"_[a-z]\w*$")


class Inlined(NamedTuple):
    """A module's new text, and the line of the old one for each line of it."""

    text: str
    lines: list[int]


class _Call(NamedTuple):
    """A call and where it stands: `body[at]` is the statement, in `caller`."""

    call: ast.Call
    caller: Function
    body: list[ast.stmt]
    at: int


def inlined(
    texts: dict[str, str], which: set[str], wanted: set[str] | None = None
) -> dict[str, Inlined]:
    """Module -> its text without private functions called once, of those of `which` that have any.

    `texts` are all modules, because a subclass elsewhere may call or replace a method. With
    `wanted` there is one, and all functions that are not in there are private.
    """
    trees = {name: ast.parse(text) for name, text in texts.items()}
    foreign = _foreign(trees) | (wanted or set())
    related = _related(trees)
    classes = _classes(trees)
    found = {}
    for name in sorted(which):
        tree = trees[name]
        changed = _shortened(tree, [tree], foreign, wanted is not None)
        for owner in [node for node in tree.body if isinstance(node, ast.ClassDef)]:
            family = [kind for other in sorted(related[owner.name]) for kind in classes[other]]
            changed |= _shortened(owner, family, foreign, False)
        if changed:
            found[name] = _printed(tree)
    return found


def _foreign(trees: dict[str, ast.Module]) -> set[str]:
    """Private names that are used other than by `self`, or told in a text."""
    names: set[str] = set()
    for tree in trees.values():
        for node in walk(tree):
            if isinstance(node, ast.Attribute):
                if not (isinstance(node.value, ast.Name) and node.value.id == "self"):
                    names.add(node.attr)
            elif isinstance(node, ast.ImportFrom):
                names.update(alias.name for alias in node.names)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                names.update(re.findall(r"\w+", node.value))
    return names


def _related(trees: dict[str, ast.Module]) -> dict[str, set[str]]:
    """Name of a class -> names of all that it inherits from or that inherit from those."""
    groups: dict[str, set[str]] = {}
    for tree in trees.values():
        for node in walk(tree):
            if isinstance(node, ast.ClassDef):
                names = {node.name, *(ast.unparse(base).rpartition(".")[2] for base in node.bases)}
                group = set().union(*(groups.get(name, {name}) for name in names))
                groups |= dict.fromkeys(group, group)
    return groups


def _classes(trees: dict[str, ast.Module]) -> dict[str, list[ast.ClassDef]]:
    """Name -> the classes that are called so; none for those of others."""
    found: dict[str, list[ast.ClassDef]] = defaultdict(list)
    for tree in trees.values():
        for node in walk(tree):
            if isinstance(node, ast.ClassDef):
                found[node.name].append(node)
    return found


def _shortened(owner: _Owner, places: Sequence[_Owner], foreign: set[str], every: bool) -> bool:
    """Has any of the owner's functions been moved; `places` are where they could be meant.

    With `every` those count as private that are not called so.
    """
    uses: Counter[str] = Counter()
    for place in places:
        uses.update(_mentions(place))
    left = [node for node in owner.body if isinstance(node, _FUNCTION)]
    left = [f for f in left if (every or _PRIVATE.match(f.name)) and not f.decorator_list]
    left = [f for f in left if uses[f.name] == 2 and f.name not in foreign]
    moved = True
    changed = False
    while moved:  # what moves may have made room for another
        moved = False
        for function in list(left):
            if _moved(function, owner):
                left.remove(function)
                owner.body.remove(function)
                owner.body = owner.body or [ast.copy_location(ast.Pass(), function)]
                moved = changed = True
    return changed


def _mentions(place: _Owner) -> Iterator[str]:
    """Names of the functions defined, and what else could mean one of them.

    A method can be meant by its plain name in the class's own statements, a module's function
    cannot be by an attribute: those of other modules are foreign.
    """
    for node in walk(place):
        if isinstance(node, _FUNCTION):
            yield node.name
        elif isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(place, ast.ClassDef):
            yield node.attr


def _moved(function: Function, owner: _Owner) -> bool:
    """Has it been put into the place where it is called; nothing is changed when not."""
    for place in _callers(owner):
        if place is function:
            continue
        for found in _calls(place, function.name, isinstance(owner, ast.ClassDef)):
            try:
                _replace(found, function)
                return True
            except CannotInline:
                return False
    return False


def _callers(owner: _Owner) -> Iterator[Function]:
    for node in owner.body:
        if isinstance(node, _FUNCTION):
            yield node
        elif isinstance(node, ast.ClassDef):
            yield from (inner for inner in node.body if isinstance(inner, _FUNCTION))


def _calls(caller: Function, name: str, method: bool) -> Iterator[_Call]:
    """The call of `name` in the caller's own statements."""
    bodies = [caller.body]
    while bodies:
        body = bodies.pop()
        for at, statement in enumerate(body):
            for field, part in ast.iter_fields(statement):
                if isinstance(statement, _INNER):
                    continue
                if field in ("body", "orelse", "finalbody"):
                    bodies.append(part)
                elif field == "handlers":
                    bodies += [handler.body for handler in part]
                else:
                    for call in _calls_in(part, name, method):
                        yield _Call(call, caller, body, at)


def _calls_in(part: object, name: str, method: bool) -> Iterator[ast.Call]:
    for node in part if isinstance(part, list) else [part]:
        if not isinstance(node, ast.AST) or isinstance(node, _INNER):
            continue
        if isinstance(node, ast.Call) and _names(node.func, name, method):
            yield node
        for _, inner in ast.iter_fields(node):
            yield from _calls_in(inner, name, method)


def _names(node: ast.expr, name: str, method: bool) -> bool:
    if method:
        return isinstance(node, ast.Attribute) and node.attr == name
    return isinstance(node, ast.Name) and node.id == name


def _replace(found: _Call, function: Function) -> None:
    """Put the function's body in place of the call. Raises CannotInline."""
    if isinstance(found.caller, ast.AsyncFunctionDef):
        raise CannotInline("while a coroutine waits, it holds all its locals")
    statement = found.body[found.at]
    called: ast.expr | None = getattr(statement, "value", None)
    if isinstance(function, ast.AsyncFunctionDef):
        raise CannotInline("a coroutine")
    if called is found.call and isinstance(statement, (ast.Expr, ast.Return, ast.Assign)):
        last = found.body is found.caller.body and statement is found.body[-1]
        found.body[found.at : found.at + 1] = statements(
            found.call, function, found.caller, statement, last
        )
        return
    try:
        new = value(found.call, function, found.caller)
        found.body[found.at] = _Exchange(found.call, new).done(statement)
    except CannotInline:
        _hoist(found, function)


def _hoist(found: _Call, function: Function) -> None:
    """Compute what the statement begins with before it. Raises CannotInline."""
    statement = found.body[found.at]
    node: object = None
    if isinstance(statement, ast.If):
        node = statement.test
    elif isinstance(statement, (ast.Return, ast.Assign)):
        node = statement.value
    while node is not found.call:
        node = _leftmost(node)
        if node is None:
            raise CannotInline("within an expression")
    name = f"{function.name.strip('_')}_"
    given = ast.copy_location(ast.Assign([ast.Name(name, ast.Store())], found.call), found.call)
    before = statements(found.call, function, found.caller, given, False)
    known = ast.copy_location(ast.Name(name, ast.Load()), found.call)
    after = _Exchange(found.call, known).done(statement)
    found.body[found.at : found.at + 1] = [*before, after]


def _leftmost(node: object) -> ast.expr | None:
    """What is evaluated first of an expression."""
    if isinstance(node, ast.UnaryOp):
        return node.operand
    if isinstance(node, ast.BoolOp):
        return node.values[0]
    if isinstance(node, (ast.Compare, ast.BinOp)):
        return node.left
    return node.test if isinstance(node, ast.IfExp) else None


class _Exchange(ast.NodeTransformer):
    """One node for another."""

    def __init__(self, old: ast.expr, new: ast.expr) -> None:
        self._old = old
        self._new = new

    def done(self, statement: ast.stmt) -> ast.stmt:
        """The statement with the other node in it."""
        self.generic_visit(statement)
        return statement

    def visit(self, node: ast.AST) -> ast.AST:
        """What stands there afterwards."""
        return self._new if node is self._old else super().generic_visit(node)


def _printed(tree: ast.Module) -> Inlined:
    text = ast.unparse(tree) + "\n"
    origin = {}
    after = [node for node in walk(parsed(text)) if isinstance(node, ast.stmt)]
    before = [node for node in walk(tree) if isinstance(node, ast.stmt)]
    for new, old in zip(after, before, strict=True):
        origin[new.lineno] = old.lineno
    lines: list[int] = []
    for number in range(1, text.count("\n") + 1):
        lines.append(origin.get(number) or (lines[-1] if lines else 1))
    return Inlined(text, lines)
