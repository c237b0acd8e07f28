"""Joins the modules that are always loaded into one, for the chip: each costs RAM of its own.

The sources stay apart; the build writes `firmware/resident.mpy` with all of them in one name space
and points the imports of the others at it. Comments and docstrings go; `LineMap` tells which line
of which file a line of the bundle was, for reading tracebacks (`python -m tools.where`).
"""

import ast
import io
import tokenize
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

BUNDLE = "firmware.resident"
_DEFINITION = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
# What a constant's expression may consist of so that the build can put its value in place.
_PLAIN = (ast.Constant, ast.BinOp, ast.UnaryOp, ast.operator, ast.unaryop)
# What a table may consist of that the build leaves out when nobody reads it.
_TABLE = (ast.Constant, ast.Tuple, ast.List, ast.Dict, ast.Name, ast.expr_context)


class BundleError(Exception):
    """A module does something that cannot be moved into another name space."""


@dataclass
class Module:
    """One source of the firmware."""

    name: str
    path: Path
    source: str
    tree: ast.Module = field(init=False)

    def __post_init__(self) -> None:
        self.tree = ast.parse(self.source)

    def absolute(self, node: ast.ImportFrom) -> str:
        """The module that an import statement of ours names."""
        if not node.level:
            return node.module or ""
        package = self.name.split(".")
        if self.path.name != "__init__.py":
            package = package[:-1]
        package = package[: len(package) - node.level + 1]
        return ".".join([*package, *([node.module] if node.module else [])])

    def defined(self) -> list[str]:
        """Names that the module itself defines at its top level."""
        names: list[str] = []
        for node in self.tree.body:
            names.extend(_bound(node))
        return list(dict.fromkeys(names))


def _bound(node: ast.stmt) -> Iterable[str]:
    """Names a statement binds in its own scope, imports left out."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
        return
    if isinstance(node, ast.Import | ast.ImportFrom):
        return
    inner = {
        name
        for part in ast.walk(node)
        if isinstance(part, ast.comprehension)
        for name in ast.walk(part.target)
    }
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store) and part not in inner:
            yield part.id
        elif isinstance(part, ast.ExceptHandler) and part.name:
            yield part.name


def _constants(tree: ast.Module) -> Iterable[str]:
    """Names of `X = const(...)` statements."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            function, target = node.value.func, node.targets[0]
            if isinstance(function, ast.Name) and function.id == "const":
                if isinstance(target, ast.Name):
                    yield target.id


def _values(module: Module) -> Iterable[tuple[str, str]]:
    """(name, literal) of the `X = const(...)` statements whose value is plain to see."""
    constants = set(_constants(module.tree))
    for node in module.tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            target, value = node.targets[0], node.value.args
            if isinstance(target, ast.Name) and target.id in constants and len(value) == 1:
                if all(isinstance(part, _PLAIN) for part in ast.walk(value[0])):
                    found = eval(ast.unparse(value[0]), {"__builtins__": {}})  # noqa: S307
                    if isinstance(found, int):
                        yield target.id, f"({found})" if found < 0 else str(found)


def _locals(tree: ast.Module) -> Iterable[str]:
    """Every name that some function binds."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            arguments = node.args
            for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
                yield argument.arg
            for extra in (arguments.vararg, arguments.kwarg):
                if extra:
                    yield extra.arg
            for part in ast.walk(node):
                if part is not node and isinstance(part, _DEFINITION):
                    yield part.name
                if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                    yield part.id
                elif isinstance(part, ast.ExceptHandler) and part.name:
                    yield part.name
                elif isinstance(part, ast.Import | ast.ImportFrom):
                    for alias in part.names:
                        yield alias.asname or alias.name.split(".")[0]


class Names:
    """Which name each top-level thing has in the bundle."""

    def __init__(self, modules: list[Module], others: list[Module]) -> None:
        self.apart = {module.name for module in others}
        self.wanted: set[str] = set()  # what modules apart ask the bundle for
        self.bundled = {module.name: module for module in modules}
        self.values = {
            (module.name, name): literal for module in modules for name, literal in _values(module)
        }
        for module in others:
            self._refuse_second_hand(module, others)
        self._of: dict[tuple[str, str], str] = {}
        self._taken: dict[str, tuple[str, str]] = {}
        asked_for = {
            (module.absolute(node), alias.name)
            for module in others
            for node in ast.walk(module.tree)
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        # A name that is also some function's local could be captured there.
        local = {name for module in modules for name in _locals(module.tree)}
        for module in modules:
            constants = set(_constants(module.tree))
            for name in module.defined():
                thing = (module.name, name)
                inner = name in constants and (thing in self.values or thing not in asked_for)
                # With an underscore the compiler puts the value in and forgets the name.
                wanted = f"_{name}" if inner and name[0] != "_" else name
                if wanted in local:
                    wanted = f"{module.name.rpartition('.')[2]}_{wanted}"
                self.claim(thing, wanted)

    def _refuse_second_hand(self, module: Module, others: list[Module]) -> None:
        """A module apart does not hold the constants it imports: nobody may take them from it."""
        held = {
            alias.asname or alias.name
            for node in module.tree.body
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
            if (module.absolute(node), alias.name) in self.values
        }
        for other in others:
            for node in ast.walk(other.tree):
                if isinstance(node, ast.ImportFrom) and other.absolute(node) == module.name:
                    for alias in node.names:
                        if alias.name in held:
                            raise BundleError(
                                f"{other.name}: {alias.name} is not of {module.name}"
                            )

    def claim(self, thing: tuple[str, str], name: str) -> str:
        """The bundle's name for `thing`, `name` if that is free."""
        if thing not in self._of:
            unique, number = name, 2
            while unique in self._taken:
                unique, number = f"{name}{number}", number + 1
            self._of[thing] = unique
            self._taken[unique] = thing
        return self._of[thing]

    def of(self, module: str, name: str) -> str:
        """The bundle's name of `module`'s `name`. Raises BundleError when it has none."""
        try:
            return self._of[module, name]
        except KeyError:
            raise BundleError(f"{module} has no {name} of its own") from None

    def use(self, module: str, name: str) -> str:
        """What stands for `module`'s `name` elsewhere: the value of a constant, else its name."""
        return self.values.get((module, name)) or self.of(module, name)


class _Rewriter(ast.NodeVisitor):
    """Finds every use of a top-level name; `edits` are (node, text) pairs."""

    def __init__(self, module: Module, names: Names, inside: bool) -> None:
        self._module, self._names, self._inside = module, names, inside
        self._scopes: list[tuple[bool, set[str]]] = []  # (is a class, names bound there)
        self._globals: dict[str, str] = {}  # our name -> the bundle's
        self._modules: dict[str, str] = {}  # our name -> a bundled module
        self.edits: list[tuple[ast.AST, str]] = []
        if inside:
            for name in module.defined():
                self._globals[name] = names.of(module.name, name)

    def _local(self, name: str) -> bool:
        for depth, (is_class, bound) in enumerate(reversed(self._scopes)):
            if name in bound and not (is_class and depth):
                return True
        return False

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        source = self._module.absolute(node)
        kept = []
        for alias in node.names:
            ours = alias.asname or alias.name
            whole = f"{source}.{alias.name}"
            if whole in self._names.bundled:
                self._modules[ours] = whole
                if not self._inside:
                    kept.append(("firmware", "resident"))
            elif source in self._names.bundled and whole not in self._names.apart:
                self._globals[ours] = self._names.use(source, alias.name)
                if not self._inside and self._globals[ours].isidentifier():
                    kept.append((BUNDLE, self._globals[ours]))
                    self._names.wanted.add(self._globals[ours])
            else:
                if self._inside and not self._scopes:
                    self._globals[ours] = self._names.claim((source, alias.name), ours)
                name = self._globals.get(ours, ours)
                kept.append(
                    (source, alias.name if name == alias.name else f"{alias.name} as {name}")
                )
        by_source: dict[str, list[str]] = {}
        for source, name in kept:
            if name not in by_source.setdefault(source, []):
                by_source[source].append(name)
        lines = [f"from {source} import {', '.join(found)}" for source, found in by_source.items()]
        self.edits.append((node, "; ".join(lines) or "pass"))

    def _is_joined(self, node: ast.ImportFrom, alias: ast.alias) -> bool:
        source = self._module.absolute(node)
        whole = f"{source}.{alias.name}"
        bundled = self._names.bundled
        return whole in bundled or (source in bundled and whole not in self._names.apart)

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            if alias.name.startswith("firmware"):
                raise BundleError(f"{self._module.name}: import {alias.name}; use from ... import")
            if self._inside and not self._scopes:
                self._names.claim((alias.name, ""), alias.asname or alias.name.split(".")[0])

    def visit_Attribute(self, node: ast.Attribute) -> None:
        value = node.value
        if isinstance(value, ast.Name) and value.id in self._modules and not self._local(value.id):
            unique = self._names.use(self._modules[value.id], node.attr)
            alone = self._inside or not unique.isidentifier()
            self.edits.append((node, unique if alone else f"resident.{unique}"))
            if not self._inside:
                self._names.wanted.add(unique)
        else:
            self.visit(value)

    def visit_Name(self, node: ast.Name) -> None:
        if self._local(node.id):
            return
        if node.id in self._modules:
            raise BundleError(f"{self._module.name}:{node.lineno}: module {node.id} as an object")
        unique = self._globals.get(node.id, node.id)
        if unique != node.id:
            self.edits.append((node, unique))

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._named(node)
        for outside in (*node.args.defaults, *node.args.kw_defaults, *node.decorator_list):
            if outside:
                self.visit(outside)
        arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        bound = {argument.arg for argument in arguments}
        bound |= {a.arg for a in (node.args.vararg, node.args.kwarg) if a}
        joined: set[str] = set()  # imported in here from what the bundle holds: no locals
        for part in ast.walk(node):
            if isinstance(part, ast.Global):
                raise BundleError(f"{self._module.name}:{part.lineno}: global")
            if isinstance(part, ast.ImportFrom):
                for alias in part.names:
                    constant = (self._module.absolute(part), alias.name) in self._names.values
                    if constant or (self._inside and self._is_joined(part, alias)):
                        joined.add(alias.asname or alias.name)
        for statement in node.body:
            bound |= set(_deep_bound(statement))
        self._scopes.append((False, bound - joined))
        for statement in node.body:
            self.visit(statement)
        self._scopes.pop()

    visit_FunctionDef = _function
    visit_AsyncFunctionDef = _function

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._scopes.append((False, {argument.arg for argument in node.args.args}))
        self.visit(node.body)
        self._scopes.pop()

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._named(node)
        for base in node.bases:
            self.visit(base)
        bound = {name for statement in node.body for name in _bound(statement)}
        self._scopes.append((True, bound))
        for statement in node.body:
            self.visit(statement)
        self._scopes.pop()

    def _comprehension(self, node: ast.AST) -> None:
        targets = {
            part.id
            for generator in node.generators  # type: ignore[attr-defined]
            for part in ast.walk(generator.target)
            if isinstance(part, ast.Name)
        }
        self._scopes.append((False, targets))
        self.generic_visit(node)
        self._scopes.pop()

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _comprehension

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.visit(node.target)
        if node.value:
            self.visit(node.value)

    def _named(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        """The definition's own name, when it is a top-level one that had to give way."""
        unique = self._globals.get(node.name, node.name)
        if not self._scopes and unique != node.name:
            self.edits.append((node, unique))


def _deep_bound(statement: ast.stmt) -> Iterable[str]:
    """Names bound in a function by this statement and the ones within it."""
    yield from (n for n in _bound(statement))
    for part in ast.walk(statement):
        if isinstance(part, ast.Import | ast.ImportFrom):
            for alias in part.names:
                yield alias.asname or alias.name.split(".")[0]
        elif isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield part.name


def rewrite(module: Module, names: Names, inside: bool) -> str:
    """The module's source with imports and names as the bundle has them."""
    rewriter = _Rewriter(module, names, inside)
    for statement in module.tree.body:
        rewriter.visit(statement)
    lines = [line.encode() for line in module.source.splitlines(keepends=True)]
    for node, text in sorted(
        rewriter.edits,
        key=lambda edit: (edit[0].lineno, edit[0].col_offset),  # type: ignore[attr-defined]
        reverse=True,
    ):
        _edit(lines, node, text)
    return b"".join(lines).decode()


def _edit(lines: list[bytes], node: ast.AST, text: str) -> None:
    first, last = node.lineno - 1, node.end_lineno - 1  # type: ignore[attr-defined]
    start, end = node.col_offset, node.end_col_offset  # type: ignore[attr-defined]
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        word = node.name.encode()
        start = lines[first].index(word, start + 3)
        last, end = first, start + len(word)
    tail = lines[last][end:]
    lines[first] = lines[first][:start] + text.encode() + (tail if first == last else b"\n")
    for row in range(first + 1, last):
        lines[row] = b"\n"
    if first != last:
        lines[last] = tail if tail.strip() else b"\n"


def bare(source: str) -> list[tuple[int, str]]:
    """(line number, line) of a source without docstrings, comment lines and blank lines."""
    drop: set[int] = set()
    keep: set[int] = set()
    passes: dict[int, str] = {}  # a body that was only a docstring
    for node in ast.walk(ast.parse(source)):
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


@dataclass
class Bundle:
    """The joined source, and where each of its lines came from."""

    source: str
    lines: list[str]  # "firmware/log.py:12" for each line of `source`


def join(modules: list[Module], names: Names, prepared: dict[str, str]) -> Bundle:
    """All modules, in the order given, as one source; `prepared` are their rewritten texts."""
    text: list[str] = []
    origins: list[str] = []
    seen: set[str] = set()
    for module in modules:
        for number, line in bare(prepared[module.name]):
            plain_import = line.startswith(("import ", "from "))
            if line == "pass" or (plain_import and line in seen):
                continue
            if plain_import:
                seen.add(line)
            text.append(line)
            origins.append(f"{module.name.replace('.', '/')}.py:{number}")
    return Bundle("\n".join(text) + "\n", origins)


def lean(bundle: Bundle, wanted: set[str]) -> Bundle:
    """The bundle without top-level tables that it never reads, nor a module apart (`wanted`).

    Private names that are bound once to a number or text become constants: the compiler puts
    their value in and forgets the name. No line moves but those after one that goes.
    """
    tree = ast.parse(bundle.source)
    lines = bundle.source.splitlines()
    used = Counter(part.id for part in ast.walk(tree) if isinstance(part, ast.Name))
    gone: set[int] = set()
    for node in tree.body:
        if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Name):
            continue
        name, value = node.targets[0].id, node.value
        row, one_line = node.lineno - 1, node.lineno == node.end_lineno
        if (
            used[name] == 1
            and name not in wanted
            and all(isinstance(part, _TABLE) for part in ast.walk(value))
        ):
            gone |= set(range(row, node.end_lineno or 0))
        elif one_line and name[0] == "_" and isinstance(value, ast.Constant):
            if used["const"] and _stores(tree, name) == 1 and name not in wanted:
                lines[row] = f"{name} = const({ast.unparse(value)})"
    kept = [row for row in range(len(lines)) if row not in gone]
    text = "\n".join(lines[row] for row in kept) + "\n"
    return Bundle(text, [bundle.lines[row] for row in kept])


def _stores(tree: ast.Module, name: str) -> int:
    return sum(
        isinstance(part, ast.Name) and part.id == name and not isinstance(part.ctx, ast.Load)
        for part in ast.walk(tree)
    )


def ordered(modules: list[Module]) -> list[Module]:
    """The modules so that each comes after those it imports when it is loaded."""
    by_name = {module.name: module for module in modules}
    done: dict[str, Module] = {}

    def place(module: Module) -> None:
        if module.name in done:
            return
        for node in module.tree.body:
            if isinstance(node, ast.ImportFrom):
                source = module.absolute(node)
                for name in (source, *(f"{source}.{alias.name}" for alias in node.names)):
                    if name in by_name and name != module.name:
                        place(by_name[name])
        done[module.name] = module

    for module in modules:
        place(module)
    return list(done.values())
