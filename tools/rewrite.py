"""Points the names of one module at those of the joined one, see bundle.py."""

import ast
from collections.abc import Iterable

from tools.bundle import BUNDLE, BundleError, Module, Names, bound_by
from tools.trees import walk


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
        for part in walk(node):
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
        bound = {name for statement in node.body for name in bound_by(statement)}
        self._scopes.append((True, bound))
        for statement in node.body:
            self.visit(statement)
        self._scopes.pop()

    def _comprehension(self, node: ast.AST) -> None:
        targets = {
            part.id
            for generator in node.generators  # type: ignore[attr-defined]
            for part in walk(generator.target)
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
    yield from (n for n in bound_by(statement))
    for part in walk(statement):
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
