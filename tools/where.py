"""Translates a traceback of the chip: modules and functions are called otherwise there.

`python -m tools.where < traceback.txt` prints it with the sources' files, lines and names;
`python -m tools.where sqrt` tells which functions the chip calls so. The build must be the one
that runs on the chip. What stays in RAM has no line numbers: its functions are told, and where
several share a name, those that can call the next frame's. Built with RIVOT_LINES=1 in the
environment all has lines: then it is always one place.
"""

import argparse
import ast
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from tools.build import OUT, ROOT
from tools.prepare import LINES, NAMES

# As the interpreter prints it, or as a line of the log.
_FRAME = re.compile(
    r'^((?:.* E trace:)?\s*)File "([^"]+?)(?:\.py)?", line (\d+)(?:, in (\S+))?\s*$'
)


class Place(NamedTuple):
    """A function of the sources, and what the chip calls it and its module."""

    module: str
    name: str
    file: str
    line: int
    function: str


class Map:
    """What the build noted down, from `folder`. FileNotFoundError when nothing is built."""

    def __init__(self, folder: Path = OUT / "firmware", root: Path = ROOT) -> None:
        self._root = root
        self.places: list[Place] = []
        for row in (folder / NAMES).read_text(encoding="utf-8").splitlines():
            module, name, place, function = row.split("\t")
            file, _, line = place.rpartition(":")
            self.places.append(Place(module, name, file, int(line), function))
        self.lines = origins(folder / LINES, root) if (folder / LINES).exists() else []
        self._trees: dict[str, ast.Module] = {}

    def called(self, name: str, module: str = "") -> list[Place]:
        """The functions that the chip calls so."""
        return [p for p in self.places if p.name == name and module in ("", p.module)]

    def may_call(self, place: Place, other: Place) -> bool:
        """Does the function mention the other by its name, or its class to make one."""
        if place.file not in self._trees:
            text = (self._root / place.file).read_text(encoding="utf-8")
            self._trees[place.file] = ast.parse(text)
        names = other.function.split(".")
        wanted = names[-2] if names[-1] == "__init__" else names[-1]
        return any(
            wanted == (getattr(part, "attr", None) or getattr(part, "id", None))
            or wanted == getattr(part, "value", None)
            for node in ast.walk(self._trees[place.file])
            if getattr(node, "lineno", 0) == place.line
            and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            for part in ast.walk(node)
        )

    def translated(self, lines: Iterable[str]) -> Iterator[str]:
        """The lines of a log, each traceback in it with the sources' places."""
        frames: list[str] = []
        for line in lines:
            if _FRAME.match(line):
                frames.append(line)
                continue
            yield from self._frames(frames)
            frames = []
            yield line
        yield from self._frames(frames)

    def _frames(self, frames: list[str]) -> list[str]:
        """A traceback's frames, the outermost first."""
        found = [self._candidates(line) for line in frames]
        for first, second in reversed(list(zip(found, found[1:], strict=False))):
            fits = [p for p in first if not second or any(self.may_call(p, o) for o in second)]
            first[:] = fits or first
        for first, second in zip(found, found[1:], strict=False):
            fits = [o for o in second if not first or any(self.may_call(p, o) for p in first)]
            second[:] = fits or second
        return [_shown(line, places) for line, places in zip(frames, found, strict=True)]

    def _candidates(self, frame: str) -> list[Place]:
        match = _FRAME.match(frame)
        assert match
        _, module, line, name = match.groups()
        named = self.called(name or "", module)
        if module == "resident" and self.lines:
            if not 1 <= int(line) <= len(self.lines):
                return []
            file, _, line = self.lines[int(line) - 1].rpartition(":")
        elif module == "resident" or int(line) <= 1:  # as every line without a number
            return named
        else:
            file = next((p.file for p in self.places if p.module == module), "")
        if not file:
            return []
        # The last function that begins before the line.
        above = [p for p in named if p.file == file and p.line <= int(line)]
        function = max(above, key=lambda place: place.line).function if above else name or ""
        return [Place(module, name or "", file, int(line), function)]


def _shown(frame: str, places: list[Place]) -> str:
    match = _FRAME.match(frame)
    assert match
    if not places:
        return frame
    first, *others = places
    where = f", in {first.function}" if first.function else ""
    text = f'{match[1]}File "{first.file}", line {first.line}{where}'
    more = "".join(f", or {p.file}:{p.line} {p.function}" for p in others)
    return text + more + "\n"


def origins(path: Path, root: Path = ROOT) -> list[str]:
    """The source place, "firmware/log.py:12", of each line of the joined module, in order."""
    return [_existing(line, root) for line in path.read_text(encoding="utf-8").splitlines()]


def _existing(place: str, root: Path) -> str:
    name, _, line = place.rpartition(":")
    package = name.removesuffix(".py") + "/__init__.py"
    return f"{package}:{line}" if (root / package).exists() else place


def main(arguments: list[str] | None = None) -> int:
    """Command line. 1 when there is no such name or line, 2 when nothing is built."""
    parser = argparse.ArgumentParser(prog="python -m tools.where", description=__doc__)
    parser.add_argument("name", nargs="?", help="a function's name, or a line of resident.py")
    name = parser.parse_args(arguments).name
    try:
        found = Map()
    except FileNotFoundError as error:
        print(f"{error.filename} is missing: make compile", file=sys.stderr)
        return 2
    if name is None:
        for line in found.translated(sys.stdin):
            print(line, end="", flush=True)
        return 0
    if name.isdigit():
        places = found.lines[int(name) - 1 : int(name)] if int(name) else []
    else:
        places = [f"{p.file}:{p.line} {p.function}" for p in found.called(name)]
    if not places:
        lines = f"; resident.py has lines 1 to {len(found.lines)}" if found.lines else ""
        print(f"the chip calls nothing {name}{lines}", file=sys.stderr)
        return 1
    print("\n".join(places))
    return 0


if __name__ == "__main__":
    sys.exit(main())
