"""What a called function's body becomes in the place where it is called (inline.py)."""

import ast
import copy
from collections.abc import Callable
from typing import TypeVar

from tools.trees import walk

Function = ast.FunctionDef | ast.AsyncFunctionDef
_NESTED = (
    ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.comprehension, ast.Yield,
    ast.YieldFrom, ast.Global, ast.Nonlocal, ast.Import, ast.ImportFrom, ast.NamedExpr, ast.Delete,
)  # fmt: skip
_Node = TypeVar("_Node", bound=ast.AST)
_End = Callable[[ast.expr | None], list[ast.stmt]]


class CannotInline(Exception):
    """It would, or might, mean something else."""


def statements(
    call: ast.Call, function: Function, caller: Function, statement: ast.stmt, last: bool
) -> list[ast.stmt]:
    """What stands for `statement`, whose value is the call; `last`: the caller ends with it."""
    first, body = _bound(call, function, caller, substitute_all=False)
    if isinstance(statement, ast.Return):
        return [*first, *body, *([] if _leaves(body) else [_at(call, ast.Return())])]
    if isinstance(statement, ast.Assign):
        targets = statement.targets
        if not all(isinstance(target, (ast.Name, ast.Tuple)) for target in targets):
            raise CannotInline("a target that is evaluated")

        def end(value: ast.expr | None) -> list[ast.stmt]:
            kept = value or _at(call, ast.Constant(None))
            return [_at(call, ast.Assign(copy.deepcopy(targets), kept))]

    else:

        def end(value: ast.expr | None) -> list[ast.stmt]:
            plain = value is None or isinstance(value, (ast.Constant, ast.Name))
            return [] if plain or value is None else [_at(call, ast.Expr(value))]

    try:
        settled = _settled(copy.deepcopy(body), end)
    except CannotInline:
        values = (part.value for part in _walk(body) if isinstance(part, ast.Return))
        if last and isinstance(statement, ast.Expr) and all(v is None for v in values):
            settled = body
        else:
            settled = [_at(call, ast.While(ast.Constant(True), _left(body, end), []))]
    return [*first, *settled] or [_at(call, ast.Pass())]


def value(call: ast.Call, function: Function, caller: Function) -> ast.expr:
    """What stands for the call within an expression: the function is one `return`."""
    first, body = _bound(call, function, caller, substitute_all=True)
    if first or len(body) != 1 or not isinstance(body[0], ast.Return) or not body[0].value:
        raise CannotInline("more than an expression")
    return body[0].value


def _at(place: ast.AST, node: _Node) -> _Node:
    return ast.copy_location(node, place)


def _walk(body: list[ast.stmt]) -> list[ast.AST]:
    return [part for statement in body for part in walk(statement)]


# ---- names ----


def _bound(
    call: ast.Call, function: Function, caller: Function, substitute_all: bool
) -> tuple[list[ast.stmt], list[ast.stmt]]:
    """(what gives the parameters their values, the body in the caller's names)."""
    body = [s for s in copy.deepcopy(function.body) if not _says_nothing(s)]
    parts = _walk(body)
    if any(isinstance(part, _NESTED) for part in parts):
        raise CannotInline("a scope, or names, of its own")
    arguments = _arguments(call, function)
    stored = {p.id for p in parts if isinstance(p, ast.Name) and isinstance(p.ctx, ast.Store)}
    stored |= {p.name for p in parts if isinstance(p, ast.ExceptHandler) and p.name}
    loads = [p.id for p in parts if isinstance(p, ast.Name) and isinstance(p.ctx, ast.Load)]
    theirs, locals_ = _names_of(caller)
    if (set(loads) - stored - arguments.keys()) & locals_:
        raise CannotInline("a name means something else there")
    new: dict[str, ast.expr] = {}
    first: list[ast.stmt] = []
    taken = theirs | stored | set(loads)
    for name in sorted(stored - arguments.keys()):
        if name in theirs:
            new[name] = ast.Name(_free(name, taken), ast.Load())
    for name, given in arguments.items():
        simple = isinstance(given, (ast.Name, ast.Constant))
        if name not in stored and simple:
            new[name] = given
        elif substitute_all:
            if not _pure(given) or loads.count(name) != 1 or _has_call(parts) or name in stored:
                raise CannotInline("an argument that would be evaluated at another time")
            new[name] = given
        else:
            free = _free(name, taken) if name in theirs else name
            new[name] = ast.Name(free, ast.Load())
            target = ast.Name(free, ast.Store())
            first.append(ast.copy_location(ast.Assign([target], given), call))
    for statement in first:
        ast.fix_missing_locations(statement)
    renamed = [_Names(new).visit(statement) for statement in body]
    return first, renamed


def _says_nothing(statement: ast.stmt) -> bool:
    constant = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    return constant or isinstance(statement, ast.Pass)


def _arguments(call: ast.Call, function: Function) -> dict[str, ast.expr]:
    """Parameter -> what is given, in the order of evaluation."""
    told = function.args
    if told.vararg or told.kwarg or told.kwonlyargs or told.posonlyargs:
        raise CannotInline("parameters of a rare kind")
    if any(isinstance(a, ast.Starred) for a in call.args) or any(not k.arg for k in call.keywords):
        raise CannotInline("arguments of a rare kind")
    names = [argument.arg for argument in told.args]
    given = list(call.args)
    if isinstance(call.func, ast.Attribute):
        given.insert(0, call.func.value)
    found = dict(zip(names, given, strict=False))
    found |= {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    defaults = dict(zip(names[len(names) - len(told.defaults) :], told.defaults, strict=True))
    for name in names:
        if name not in found:
            default = defaults.get(name)
            if not isinstance(default, ast.Constant):
                raise CannotInline("a default that is computed")
            found[name] = default
    return found


def _names_of(caller: Function) -> tuple[set[str], set[str]]:
    """(all names in it, those that are its own)."""
    arguments = caller.args
    own = {a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
    own |= {a.arg for a in (arguments.vararg, arguments.kwarg) if a}
    every = set(own)
    for part in walk(caller):
        if isinstance(part, ast.Name):
            every.add(part.id)
            if not isinstance(part.ctx, ast.Load):
                own.add(part.id)
        elif isinstance(part, ast.ExceptHandler) and part.name:
            own.add(part.name)
        elif isinstance(part, ast.alias):
            own.add((part.asname or part.name).partition(".")[0])
        elif isinstance(part, ast.arg):
            own.add(part.arg)
    return every | own, own


def _free(name: str, taken: set[str]) -> str:
    """A name that is not taken; it is now."""
    number = 2
    while f"{name}{number}" in taken:
        number += 1
    taken.add(f"{name}{number}")
    return f"{name}{number}"


def _pure(node: ast.expr) -> bool:
    kinds = (ast.Name, ast.Attribute, ast.Constant, ast.expr_context)
    return all(isinstance(part, kinds) for part in walk(node))


def _has_call(parts: list[ast.AST]) -> bool:
    return any(isinstance(part, (ast.Call, ast.Await)) for part in parts)


class _Names(ast.NodeTransformer):
    """The caller's names for the function's own."""

    def __init__(self, new: dict[str, ast.expr]) -> None:
        self._new = new

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """Its place stays; what is stored is a name again."""
        new = copy.deepcopy(self._new.get(node.id))
        if new is None:
            return node
        if isinstance(new, ast.Name):
            new = ast.Name(new.id, node.ctx)
        for part in walk(new):
            ast.copy_location(part, node)
        return new

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.AST:
        """The name of an exception is no Name."""
        new = self._new.get(node.name or "")
        if isinstance(new, ast.Name):
            node.name = new.id
        return self.generic_visit(node)


# ---- returns ----


def _leaves(body: list[ast.stmt]) -> bool:
    """Does the body never come to its end."""
    last = body[-1] if body else None
    if isinstance(last, ast.If):
        return _leaves(last.body) and _leaves(last.orelse)
    return isinstance(last, (ast.Return, ast.Raise))


def _left(body: list[ast.stmt], end: _End, inner: bool = False) -> list[ast.stmt]:
    """The body of a loop that runs once and is left with `break` where the function returned."""
    done: list[ast.stmt] = []
    for statement in body:
        if isinstance(statement, ast.Return):
            return [*done, *end(statement.value), ast.copy_location(ast.Break(), statement)]
        if any(isinstance(part, ast.Return) for part in walk(statement)):
            plain = isinstance(statement, ast.Try) and not statement.finalbody
            if not plain and not isinstance(statement, (ast.If, ast.With)):
                raise CannotInline("a return from within a loop, or with something after it")
            for name in ("body", "orelse"):
                if getattr(statement, name, None):
                    setattr(statement, name, _left(getattr(statement, name), end, True))
            for handler in getattr(statement, "handlers", []):
                handler.body = _left(handler.body, end, True)
        done.append(statement)
    if not inner and not _leaves(body):
        done += [*end(None), ast.copy_location(ast.Break(), body[-1])]
    return done


def _settled(body: list[ast.stmt], end: _End) -> list[ast.stmt]:
    """The body without `return`: what comes after one is in the branch that has none."""
    done: list[ast.stmt] = []
    for at, statement in enumerate(body):
        rest = body[at + 1 :]
        if isinstance(statement, ast.Return):
            return [*done, *end(statement.value)]
        if not any(isinstance(part, ast.Return) for part in walk(statement)):
            done.append(statement)
            continue
        if not isinstance(statement, ast.If):
            raise CannotInline("a return from within a loop, or the like")
        then, other = statement.body, statement.orelse
        if _leaves(then):
            other = other + rest
        elif _leaves(other):
            then = then + rest
        elif rest:
            raise CannotInline("what follows would stand there twice")
        statement.body = _settled(then, end) or [ast.copy_location(ast.Pass(), statement)]
        statement.orelse = _settled(other, end)
        return [*done, statement]
    return [*done, *([] if _leaves(body) else end(None))]
