"""Runs mypy: over firmware/ against MicroPython's own stubs, over tools/ against CPython's.

In firmware/ the classes of other modules are named in quotes and not imported, for the chip's
sake. mypy sees a copy of the tree that has those imports at the end of each file (line numbers
stay). A quoted name that is no class of the firmware describes an interface and counts as Any;
so do attributes that begin as None or empty, tables whose rows mix types, and what a module loaded
on demand holds. A class without `__init__` or fields of its own gets its attributes from outside.
"""

import ast
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / "build" / "types"
_STUBS = ("micropython-esp32-stubs", "micropython-stdlib-stubs")
_TYPING = {"Any", "Callable", "Iterator", "Iterable", "Generator", "Coroutine", "Awaitable"}
_SETTINGS = """[mypy]
explicit_package_bases = true
python_version = 3.11
check_untyped_defs = true
disallow_untyped_defs = true
disallow_incomplete_defs = true
no_implicit_optional = true
warn_redundant_casts = true
strict_optional = false
strict_bytes = false
allow_redefinition = true
disable_error_code = var-annotated

# MicroPython's stubs are not free of faults of their own.
[mypy-{stubs}]
ignore_errors = true
"""
# They leave attributes of the TLS context out (verify_mode).
_CONTEXT = re.compile(r"^(class SSLContext.*:)$", re.M)
_OPEN_CONTEXT = r"""\1
    def __getattr__(self, name: str) -> object: ...
    def __setattr__(self, name: str, value: object) -> None: ...
"""
# They make the tick a type of its own; the firmware hands ticks round as ints.
_TICKS = re.compile(r"^class (_Ticks\w+):\n(?:    .*\n)+|^(_Ticks) = .*\n", re.M)


def unpack_stubs(folder: Path) -> Path:
    """A folder that holds nothing but the stubs: mypy takes none from site-packages."""
    done = folder / ".versions"
    versions = " ".join(f"{name}={importlib.metadata.version(name)}" for name in _STUBS)
    if done.exists() and done.read_text() == versions:
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    for name in _STUBS:
        for file in importlib.metadata.files(name) or ():
            if file.suffix == ".pyi" or file.name == "VERSIONS":
                target = folder / file
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(str(file.locate()), target)
    ticks = folder / "_mpy_shed" / "time_mp.pyi"
    aliased = _TICKS.sub(lambda m: f"{m[1] or m[2]}: TypeAlias = int\n", ticks.read_text())
    ticks.write_text(aliased)
    for name in ("tls.pyi", "stdlib/ssl.pyi"):
        stub = folder / name
        stub.write_text(_CONTEXT.sub(_OPEN_CONTEXT, stub.read_text()))
    done.write_text(versions)
    return folder


def copy_firmware(root: Path, target: Path) -> list[str]:
    """Copy boot.py, main.py and firmware/, adding the imports that quoted annotations leave out.

    Answers the names of what was copied, for mypy's command line.
    """
    top = [path for path in (root / "boot.py", root / "main.py") if path.exists()]
    paths = [*top, *sorted((root / "firmware").rglob("*.py"))]
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in paths}
    home: dict[str, str] = {}
    for path, tree in trees.items():
        module = ".".join(path.relative_to(root).with_suffix("").parts)
        for node in tree.body:
            if isinstance(node, ast.ClassDef):
                # A name that two modules use stays unknown: Any.
                home[node.name] = "" if node.name in home else module.removesuffix(".__init__")
    wanted = set()
    for path, tree in trees.items():
        lines = [_import_line(name, home) for name in sorted(_quoted(tree) - _defined(tree))]
        copy = target / path.relative_to(root)
        wanted.add(copy)
        copy.parent.mkdir(parents=True, exist_ok=True)
        text = _annotated(path.read_text(encoding="utf-8"), tree) + "".join(lines)
        text += "from typing import Any as _Any\n"
        if not copy.exists() or copy.read_text(encoding="utf-8") != text:
            copy.write_text(text, encoding="utf-8")
    for stale in set((target / "firmware").rglob("*.py")) - wanted:
        stale.unlink()
    return [path.name for path in top] + ["firmware"]


def _annotated(text: str, tree: ast.Module) -> str:
    """The source with `_Any` put where the value or the annotation would be too narrow a type."""
    edits = []  # (row, from column, to column, text)
    for target in _vague(tree):
        row, column = (target.end_lineno or 1) - 1, target.end_col_offset or 0
        edits.append((row, column, column, ": _Any"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and not node.bases and _filled_from_outside(node):
            # With Any as its base it has every attribute.
            column = node.col_offset + len(f"class {node.name}")
            edits.append((node.lineno - 1, column, column, "(_Any)"))
        # Handed in and used by shape: `object` tells the reader that any such thing will do.
        for name in _annotation_names(node):
            if name.id in ("object", "type"):
                row, column = name.lineno - 1, name.col_offset
                edits.append((row, column, column + len(name.id), "_Any"))
    lines = text.split("\n")
    for row, start, end, new in sorted(edits, reverse=True):
        line = lines[row].encode()  # the tree counts columns in bytes
        lines[row] = line[:start].decode() + new + line[end:].decode()
    return "\n".join(lines)


def _filled_from_outside(owner: ast.ClassDef) -> bool:
    """Has it neither an `__init__` nor fields: others set its attributes."""
    return not any(
        isinstance(part, ast.Assign | ast.AnnAssign) or getattr(part, "name", "") == "__init__"
        for part in owner.body
    )


def _vague(tree: ast.Module) -> list[ast.Name | ast.Attribute]:
    """What is assigned a table of mixed rows, or begins as nothing in `__init__`."""
    found = [s for s in tree.body if isinstance(s, ast.Assign) and _is_table(s.value)]
    for owner in (node for node in tree.body if isinstance(node, ast.ClassDef)):
        for method in owner.body:
            if isinstance(method, ast.FunctionDef) and method.name == "__init__":
                found += [
                    s for s in method.body if isinstance(s, ast.Assign) and _is_open(s.value)
                ]
    targets = [s.targets[0] for s in found if len(s.targets) == 1]
    return [t for t in targets if isinstance(t, ast.Name | ast.Attribute)]


def _is_open(value: ast.expr) -> bool:
    """Nothing yet, or a list of several things."""
    if isinstance(value, ast.List) and value.elts:
        return len({type(getattr(e, "value", e)) for e in value.elts}) > 1
    return ast.unparse(value) in ("None", "[]", "{}")


def _is_table(value: ast.expr) -> bool:
    return isinstance(value, ast.Tuple) and any(isinstance(e, ast.Tuple) for e in value.elts)


def _import_line(name: str, home: dict[str, str]) -> str:
    if name in _TYPING:
        return f"from typing import {name}\n"
    module = home.get(name)
    return f"from {module} import {name}\n" if module else f"from typing import Any as {name}\n"


def _quoted(tree: ast.Module) -> set[str]:
    """The names that occur in quoted annotations."""
    names: set[str] = set()
    for node in ast.walk(tree):
        for part in _annotation(node):
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                names |= set(re.findall(r"(?<![\w.])[A-Z]\w*", part.value))
    return names


def _annotation_names(node: ast.AST) -> list[ast.Name]:
    return [part for part in _annotation(node) if isinstance(part, ast.Name)]


def _annotation(node: ast.AST) -> list[ast.AST]:
    """Every part of the annotations that `node` itself carries."""
    annotations = (getattr(node, "annotation", None), getattr(node, "returns", None))
    return [part for annotation in annotations if annotation for part in ast.walk(annotation)]


def _defined(tree: ast.Module) -> set[str]:
    names = {"None", "True", "False"}
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {alias.asname or alias.name for alias in node.names}
    return names


def _mypy(words: list[str], folder: Path, path: str = "") -> int:
    environment = {**os.environ, "MYPYPATH": path, "MYPY_FORCE_COLOR": "0"}
    command = [sys.executable, "-m", "mypy", "--no-error-summary", *words]
    return subprocess.run(command, cwd=folder, env=environment).returncode


def main() -> int:
    """Command line. Not 0 when there are errors."""
    stubs = unpack_stubs(WORK / "stubs")
    copied = copy_firmware(ROOT, WORK)
    names = sorted({p.name.split(".")[0] for p in stubs.iterdir() if p.suffix == ".pyi"} - {""})
    names += sorted(p.name for p in stubs.iterdir() if p.is_dir())
    settings = _SETTINGS.format(stubs=",".join(f"{name},{name}.*" for name in names))
    (WORK / "mypy.ini").write_text(settings)
    words = ["--config-file", "mypy.ini", "--custom-typeshed-dir", str(stubs), *copied]
    firmware = _mypy(words, WORK, str(stubs))
    return _mypy([], ROOT) or firmware


if __name__ == "__main__":
    sys.exit(main())
