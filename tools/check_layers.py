"""Checks that imports in firmware/ point down only, and that importing a module does nothing.

`python -m tools.check_layers [FOLDER]` prints one line a finding, file:line and what to do, and
exits 1 when there are any. The picture of the layers is in docs/architecture.md.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# part of firmware/ -> the parts that it may import besides itself and what anybody may
_ANYBODY = ("", "errors", "on_demand", "values")
_LEAVES = ("log", "tasks", "settings")
_MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "errors": (),
    "on_demand": (),
    "values": (),
    "charging": (),
    "ocpp": (),
    "log": (),
    "tasks": ("log", "last_words"),
    "settings": ("log", "storage", "charging", "ocpp"),
    "drivers": ("charging", "ocpp", *_LEAVES),
    "net": ("charging", "ocpp", *_LEAVES),
    "storage": ("charging", "ocpp", *_LEAVES),
    "provisioning": ("net", "storage", "charging", "ocpp", *_LEAVES),
    "update": ("storage", *_LEAVES),
    "web": ("net", "storage", "charging", "ocpp", "provisioning", "status", *_LEAVES),
    "services": ("drivers", "net", "storage", "update", "charging", "ocpp", *_LEAVES),
}
_ANYTHING = ("app", "board", "bring_up", "charger", "console", "last_words", "made_once", "status")
_PURE = ("charging", "ocpp")
_LOADERS = ("__import__", "load")  # load: firmware/on_demand.py
# What the pure parts may use of the standard library.
_PURE_MODULES = (
    *("micropython", "json", "struct", "binascii", "hashlib", "collections", "array", "sys"),
    *("io", "re"),
)
_HINTS = {
    "time": "take the time as an argument",
    "machine": "take the pin or the bus as an argument",
    "asyncio": "await in net/ or services/, answer with an event or a value here",
    "os": "take the bytes, or a function that gives them, as an argument",
}

# Calls that may happen while a module is imported.
_PURE_CALLS = {
    *("const", "namedtuple", "calcsize", "object", "tuple", "frozenset", "bytes", "len", "range"),
    *("from_bytes", "min", "max", "sum", "int", "float", "str", "ord", "chr", "dict", "list"),
    *("set", "sorted"),
}
_PURE_METHODS = {"split", "encode", "join", "format", "replace", "upper", "lower", "strip"}
_MUTABLE_CALLS = {"list", "dict", "set", "bytearray", "array", "deque", "OrderedDict"}
_MUTATING = {
    *("append", "add", "update", "pop", "clear", "extend", "insert", "remove", "setdefault"),
    *("popitem", "discard", "sort", "reverse"),
}
_MUTABLE = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
_FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)

Finding = tuple[int, str]


def check(folder: Path) -> list[str]:
    """All findings of the tree whose top is `folder` (the one called firmware)."""
    findings = []
    for path in sorted(folder.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
        module = path.relative_to(folder).with_suffix("")
        shown = path.relative_to(folder.parent)
        found = [*_imports(tree, module.parts, folder), *_import_time(tree), *_state(tree)]
        findings += [f"{shown}:{line}: {text}" for line, text in sorted(set(found))]
    return findings


# --- which way the arrows point ----------------------------------------------------------------


def _imports(tree: ast.Module, module: tuple[str, ...], folder: Path) -> Iterator[Finding]:
    part = module[0]
    for node, name in _imported(tree, module, folder):
        complaint = _judge(part, module, name.split("."), folder)
        if complaint:
            yield node.lineno, complaint


def _judge(part: str, module: tuple[str, ...], name: list[str], folder: Path) -> str:
    if part in _ANYTHING or (part == "__init__" and name[0] != "firmware"):
        return ""
    if name[0] != "firmware":
        if part in _PURE and name[0] not in _PURE_MODULES:
            hint = _HINTS.get(name[0], "do that in services/ and hand the result in")
            return f"{part}/ is pure and may not import {name[0]}: {hint}"
        return ""
    target = name[1] if len(name) > 1 else ""
    if target == part == "drivers":
        return _between_drivers(module, name, folder)
    if target in (*_ANYBODY, part) or target in _MAY_IMPORT.get(part, ()):
        return ""
    if part not in _MAY_IMPORT:
        return f"{part} has no layer: give it one in tools/check_layers.py"
    return f"{part} may not import firmware.{target}: let app.py build it and hand it in"


def _between_drivers(module: tuple[str, ...], name: list[str], folder: Path) -> str:
    """Plain modules are building blocks; a bus or a device (a folder) is handed in."""
    mine, theirs = module[1], name[2] if len(name) > 2 else ""
    if theirs in ("", mine) or not (folder / "drivers" / theirs).is_dir():
        return ""
    return f"drivers/{mine} may not import drivers/{theirs}: take the driver as an argument"


def _imported(
    tree: ast.Module, module: tuple[str, ...], folder: Path
) -> Iterator[tuple[ast.stmt | ast.expr, str]]:
    """Every (node, dotted name) that is imported, in functions too; type-only blocks left out."""
    texts = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in _run_time(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, module)
            for alias in node.names:
                # `from package import module` imports the module.
                path = folder.parent.joinpath(*base.split("."), alias.name)
                is_module = path.is_dir() or path.with_suffix(".py").is_file()
                yield node, f"{base}.{alias.name}" if is_module else base
        elif isinstance(node, ast.Call) and _name(node.func) in _LOADERS and node.args:
            text = _leading_text(node.args[0], texts)
            if text:
                yield node, text


def _absolute(node: ast.ImportFrom, module: tuple[str, ...]) -> str:
    if not node.level:
        return node.module or ""
    package = ["firmware", *module][: -node.level]
    return ".".join([*package, *([node.module] if node.module else [])])


def _leading_text(node: ast.expr, texts: dict[str, ast.Constant]) -> str:
    """The constant text that an expression begins with: "a.b." + x -> a.b"""
    if isinstance(node, ast.BinOp):
        return _leading_text(node.left, texts)
    if isinstance(node, ast.JoinedStr) and node.values:
        return _leading_text(node.values[0], texts)
    if isinstance(node, ast.Name) and node.id in texts:
        node = texts[node.id]
    text = node.value if isinstance(node, ast.Constant) else ""
    return text.rstrip(".") if isinstance(text, str) else ""


def _run_time(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and _name(node.test) == "TYPE_CHECKING":
            continue
        yield node
        yield from _run_time(node)


# --- what happens while a module is imported ---------------------------------------------------


def _import_time(tree: ast.Module) -> Iterator[Finding]:
    for node in _executed(tree):
        if isinstance(node, ast.Call) and not _is_pure_call(node):
            name = ast.unparse(node.func)
            yield node.lineno, f"{name}() runs at import: call it in a function, from app.py"


def _is_pure_call(node: ast.Call) -> bool:
    called = node.func
    if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Constant):
        return called.attr in _PURE_METHODS
    # bytearray() is a mutable value: _state complains of it
    return _name(called) in _PURE_CALLS or _name(called) in _MUTABLE_CALLS


def _executed(tree: ast.AST) -> Iterator[ast.AST]:
    """The nodes that run when the module is imported: no function bodies, no annotations."""
    for field, value in ast.iter_fields(tree):
        if field in ("annotation", "returns") or (field == "body" and isinstance(tree, _FUNCTION)):
            continue
        for node in value if isinstance(value, list) else [value]:
            if isinstance(node, ast.AST) and not _is_main_guard(node):
                yield node
                yield from _executed(node)


def _is_main_guard(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test).startswith("__name__")


# --- state that outlives an object -------------------------------------------------------------


def _state(tree: ast.Module) -> Iterator[Finding]:
    tables = set()
    for node in _executed(tree):
        if isinstance(node, ast.Assign):
            names, value = node.targets, node.value
        elif isinstance(node, ast.AnnAssign) and node.value:
            names, value = [node.target], node.value
        else:
            continue
        for name in (n.id for n in names if isinstance(n, ast.Name)):
            kind = _mutable_kind(value)
            if kind and (kind == "bytearray" or not _is_constant(name)):
                yield (
                    node.lineno,
                    f"{name} is a {kind} shared by all chargers of the process: "
                    "make it in __init__ (a table that never changes is NAMED_LIKE_THIS)",
                )
            elif kind:
                tables.add(name)
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            yield node.lineno, f"global {', '.join(node.names)}: keep it in an object instead"
        name = _mutated(node)
        if name in tables:
            line = getattr(node, "lineno", 1)
            yield line, f"{name} is a constant table and is changed here: keep it in an object"


def _mutable_kind(value: ast.expr) -> str:
    if isinstance(value, _MUTABLE):
        return type(value).__name__.replace("Comp", "").lower()
    name = _name(value.func) if isinstance(value, ast.Call) else ""
    return name if name in _MUTABLE_CALLS else ""


def _mutated(node: ast.AST) -> str:
    """The name of the plain variable that `node` changes in place, or nothing."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return _plain(node.func.value) if node.func.attr in _MUTATING else ""
    if isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
        return _plain(node.value)
    return _plain(node.target) if isinstance(node, ast.AugAssign) else ""


def _plain(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def _name(node: ast.expr) -> str:
    """The last word of a dotted name."""
    return node.attr if isinstance(node, ast.Attribute) else _plain(node)


def _is_constant(name: str) -> bool:
    return name == name.upper() or name.startswith("__")


def main(arguments: list[str]) -> int:
    """Command line. 1 when there are findings."""
    findings = check(Path(arguments[0]).resolve() if arguments else ROOT / "firmware")
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
