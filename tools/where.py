"""Translates lines of the chip's joined module, firmware/resident.mpy, to those of the sources.

`python -m tools.where 1546` prints file:line; without a number a traceback is read from standard
input and printed with its places translated. The build must be the one that runs on the chip.
"""

import argparse
import re
import sys
from pathlib import Path

from tools.build import LINES, OUT, ROOT

_PLACE = re.compile(r'File "resident(?:\.py)?", line (\d+)')


def origins(path: Path = OUT / "firmware" / LINES) -> list[str]:
    """The source place, "firmware/log.py:12", of each line of the joined module, in order."""
    return [_existing(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _existing(place: str) -> str:
    name, _, line = place.rpartition(":")
    package = name.removesuffix(".py") + "/__init__.py"
    return f"{package}:{line}" if (ROOT / package).exists() else place


def translated(text: str, places: list[str]) -> str:
    """A traceback with its places in the joined module replaced by those in the sources."""

    def place(match: re.Match[str]) -> str:
        number = int(match[1])
        if not 1 <= number <= len(places):
            return match[0]
        name, _, line = places[number - 1].rpartition(":")
        return f'File "{name}", line {line}'

    return _PLACE.sub(place, text)


def main(arguments: list[str] | None = None) -> int:
    """Command line. 1 when there is no such line, 2 when nothing is built."""
    parser = argparse.ArgumentParser(prog="python -m tools.where", description=__doc__)
    parser.add_argument("line", nargs="?", type=int, help="a line of resident.py")
    line = parser.parse_args(arguments).line
    try:
        places = origins()
    except FileNotFoundError as error:
        print(f"{error.filename} is missing: make compile", file=sys.stderr)
        return 2
    if line is None:
        for text in sys.stdin:
            print(translated(text, places), end="", flush=True)
        return 0
    if not 1 <= line <= len(places):
        print(f"resident.py has lines 1 to {len(places)}", file=sys.stderr)
        return 1
    print(places[line - 1])
    return 0


if __name__ == "__main__":
    sys.exit(main())
