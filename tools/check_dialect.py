"""Checks that firmware/ keeps to what MicroPython 1.24 on a chip has, and to the house's errors.

`python -m tools.check_dialect [FILE OR FOLDER]...` prints one line a finding, exits 1 for any.
The compiler refuses what it cannot parse; this finds what would fail only when it runs.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_ABSENT_MODULES = {
    *("typing", "__future__", "enum", "dataclasses", "abc", "logging", "contextlib", "functools"),
    *("itertools", "datetime", "pathlib", "threading", "queue", "traceback", "argparse", "copy"),
    *("unittest", "subprocess", "signal", "string", "textwrap", "operator", "urllib", "warnings"),
    *("decimal", "calendar", "inspect", "weakref", "zlib", "base64", "types", "shutil"),
}
_ABSENT_METHODS = {
    *("removeprefix", "removesuffix", "isidentifier", "casefold", "ljust", "rjust", "zfill"),
    *("expandtabs", "swapcase", "title", "translate", "maketrans"),
    *("fromisoformat", "bit_length", "bit_count", "isdecimal", "isnumeric", "isprintable"),
}
# The two places where any failure of a task ends: logged with its name, outputs made safe.
_CATCH_ALL = ("tasks.py", "main.py", "boot.py")
_ABSENT = "MicroPython has no"


def check(path: Path) -> list[str]:
    """All findings of one file."""
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    shown = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
    found = set()
    for node in ast.walk(tree):
        for text in _judge(node, path.name):
            found.add((getattr(node, "lineno", 1), text))
    return [f"{shown}:{line}: {text}" for line, text in sorted(found)]


def _judge(node: ast.AST, file: str) -> Iterator[str]:
    match node:
        case ast.Import(names=names):
            for alias in names:
                if alias.name.split(".")[0] in _ABSENT_MODULES:
                    yield f"{_ABSENT} module {alias.name}"
        case ast.ImportFrom(module=str(module)) if module.split(".")[0] in _ABSENT_MODULES:
            yield f"{_ABSENT} module {module} (a type-only name needs no import, quote it)"
        case ast.Attribute(attr=name) if name in _ABSENT_METHODS:
            yield f"{_ABSENT} .{name}()"
        case ast.Raise(cause=ast.expr()):
            yield "raise ... from: MicroPython drops the cause, put it into the message"
        case ast.Match():
            yield f"{_ABSENT} match statement"
        case ast.ExceptHandler(type=None):
            yield "bare except: name what may happen"
        case ast.ExceptHandler(type=ast.Name(id="Exception" | "BaseException")):
            if file not in _CATCH_ALL:
                yield "except Exception is for tasks.py and main.py: name what may happen"
        case ast.Call(func=ast.Name(id="zip"), keywords=[_, *_]):
            yield f"{_ABSENT} zip(strict=)"
        case ast.Call(func=ast.Attribute(attr="to_bytes"), keywords=[_, *_]):
            yield f"{_ABSENT} to_bytes(signed=)"
        case ast.Call(func=ast.Attribute(attr="hex"), args=[_, *_]):
            yield ".hex(separator) is not everywhere: binascii.hexlify"
        case ast.Assert() if any(isinstance(n, ast.Await | ast.NamedExpr) for n in ast.walk(node)):
            yield "this assert does something, and the compiler removes asserts"


def main(arguments: list[str]) -> int:
    """Command line. 1 when there are findings."""
    named = [Path(a).resolve() for a in arguments]
    places = named or [ROOT / name for name in ("firmware", "boot.py", "main.py")]
    findings = []
    for place in places:
        for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            if path.exists():
                findings += check(path)
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
