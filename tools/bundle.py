"""Joins the modules that are always loaded into one, for the chip: each costs RAM of its own.

The sources stay apart; the build writes `firmware/resident.mpy` with all of them in one name space
and points the imports of the others at it (rewrite.py). Comments and docstrings go; `Bundle.lines`
tells which line of which file a line of the bundle was, for `python -m tools.where`.
"""

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tools.roles import bare
from tools.trees import parsed, walk

BUNDLE = "firmware.resident"
_DEFINITION = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
# What a constant's expression may consist of so that the build can put its value in place.
_PLAIN = (ast.Constant, ast.BinOp, ast.UnaryOp, ast.operator, ast.unaryop)


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
        self.tree = parsed(self.source)

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
            names.extend(bound_by(node))
        return list(dict.fromkeys(names))


def bound_by(node: ast.stmt) -> Iterable[str]:
    """Names a statement binds in its own scope, imports left out."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
        return
    if isinstance(node, ast.Import | ast.ImportFrom):
        return
    inner = {
        name
        for part in walk(node)
        if isinstance(part, ast.comprehension)
        for name in walk(part.target)
    }
    for part in walk(node):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store) and part not in inner:
            yield part.id
        elif isinstance(part, ast.ExceptHandler) and part.name:
            yield part.name


def constants(tree: ast.Module) -> Iterable[str]:
    """Names of `X = const(...)` statements."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            function, target = node.value.func, node.targets[0]
            if isinstance(function, ast.Name) and function.id == "const":
                if isinstance(target, ast.Name):
                    yield target.id


def _values(module: Module) -> Iterable[tuple[str, str]]:
    """(name, literal) of the `X = const(...)` statements whose value is plain to see."""
    fixed = set(constants(module.tree))
    for node in module.tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            target, value = node.targets[0], node.value.args
            if isinstance(target, ast.Name) and target.id in fixed and len(value) == 1:
                if all(isinstance(part, _PLAIN) for part in walk(value[0])):
                    found = eval(ast.unparse(value[0]), {"__builtins__": {}})  # noqa: S307
                    if isinstance(found, int):
                        yield target.id, f"({found})" if found < 0 else str(found)


def _locals(tree: ast.Module) -> Iterable[str]:
    """Every name that some function binds."""
    for node in walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            arguments = node.args
            for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
                yield argument.arg
            for extra in (arguments.vararg, arguments.kwarg):
                if extra:
                    yield extra.arg
            for part in walk(node):
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
        imports = [
            (module, node)
            for module in others
            for node in walk(module.tree)
            if isinstance(node, ast.ImportFrom)
        ]
        for module in others:
            self._refuse_second_hand(module, imports)
        self._of: dict[tuple[str, str], str] = {}
        self._taken: dict[str, tuple[str, str]] = {}
        asked_for = {
            (module.absolute(node), alias.name) for module, node in imports for alias in node.names
        }
        # A name that is also some function's local could be captured there.
        local = {name for module in modules for name in _locals(module.tree)}
        for module in modules:
            fixed = set(constants(module.tree))
            for name in module.defined():
                thing = (module.name, name)
                inner = name in fixed and (thing in self.values or thing not in asked_for)
                # With an underscore the compiler puts the value in and forgets the name.
                wanted = f"_{name}" if inner and name[0] != "_" else name
                if wanted in local:
                    wanted = f"{module.name.rpartition('.')[2]}_{wanted}"
                self.claim(thing, wanted)

    def _refuse_second_hand(
        self, module: Module, imports: list[tuple[Module, ast.ImportFrom]]
    ) -> None:
        """A module apart does not hold the constants it imports: nobody may take them from it."""
        held = {
            alias.asname or alias.name
            for node in module.tree.body
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
            if (module.absolute(node), alias.name) in self.values
        }
        for other, node in imports:
            if held and other.absolute(node) == module.name:
                for alias in node.names:
                    if alias.name in held:
                        raise BundleError(f"{other.name}: {alias.name} is not of {module.name}")

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
