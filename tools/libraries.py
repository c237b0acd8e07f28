"""Fetches the board's libraries into lib/, checked by hash (requirements-board.txt).

A line of that file is one requirement with its hash; the comment `# takes` above it names what of
the package goes to the board. lib/ is put in place whole or not at all.
"""

import argparse
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
LIB = ROOT / "lib"
REQUIREMENTS = ROOT / "requirements-board.txt"
_TAKES = re.compile(r"#\s*takes\s+(.+)")
_WITH_HASH = re.compile(r"([\w.-]+)==(\S+)\s+--hash=sha256:([0-9a-f]{64})$")


class FetchError(Exception):
    """A library cannot be had as it is written down; the text says why."""


class Library(NamedTuple):
    """One requirement, and the files that the board gets of it."""

    name: str
    requirement: str
    takes: tuple[str, ...]


def libraries(text: str) -> list[Library]:
    """What a requirements file asks for. Raises FetchError with the line that is wrong."""
    found = []
    takes: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        if listed := _TAKES.match(line):
            takes += tuple(listed[1].split())
        elif line.strip() and not line.startswith("#"):
            wanted = _WITH_HASH.match(line.strip())
            if not wanted or not takes:
                lacks = "name==version --hash=sha256:..." if not wanted else "a `# takes` above it"
                raise FetchError(f"requirements-board.txt:{number}: {lacks} wanted")
            found.append(Library(wanted[1], line.strip(), takes))
            takes = ()
    return found


def fetch(lib: Path = LIB, requirements: Path = REQUIREMENTS) -> list[str]:
    """Fill `lib`; answers one line for each library. Raises FetchError, with `lib` as it was."""
    lines = []
    lib.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".lib-", dir=lib.parent) as scratch:
        fresh = Path(scratch, "lib")
        fresh.mkdir()
        for library in libraries(requirements.read_text(encoding="utf-8")):
            wheel = _download(library, Path(scratch, library.name))
            size = _unpack(wheel, library, fresh)
            lines.append(f"{library.requirement.split()[0]}, {size:,} bytes of source")
        if lib.exists():
            lib.rename(Path(scratch, "old"))
        fresh.rename(lib)
    return lines


def _download(library: Library, folder: Path) -> Path:
    folder.mkdir()
    wanted = folder / "requirements.txt"
    wanted.write_text(library.requirement + "\n")
    pip = (sys.executable, "-m", "pip", "--no-input", "--disable-pip-version-check", "download")
    options = ("--quiet", "--no-deps", "--only-binary=:all:", "--require-hashes")
    done = subprocess.run(
        [*pip, *options, "--dest", str(folder), "-r", str(wanted)], capture_output=True, text=True
    )
    wheels = sorted(folder.glob("*.whl"))
    if done.returncode or len(wheels) != 1:
        said = [line for line in done.stderr.splitlines() if line.strip()]
        if "THESE PACKAGES DO NOT MATCH" in done.stderr:
            raise FetchError(
                f"{library.name}: what was downloaded has another SHA-256 than "
                "requirements-board.txt says: do not use it"
            )
        raise FetchError(f"{library.name}: {said[-1] if said else 'pip brought no wheel'}")
    return wheels[0]


def _unpack(wheel: Path, library: Library, lib: Path) -> int:
    """Copy what is taken, and the licence; answers the bytes of the sources."""
    size = 0
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        licences = [n for n in names if re.search(r"\.dist-info/(.+/)?LICENSE[^/]*$", n)]
        for name in (*library.takes, *licences):
            if name not in names or ".." in name:
                raise FetchError(f"{library.name}: the package holds no {name}")
            data = archive.read(name)
            target = lib / (f"LICENSE-{library.name}.txt" if name in licences else name)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
            size += 0 if name in licences else len(data)
    return size


def main(arguments: list[str] | None = None) -> int:
    """Command line: fetch. 1 with one line when it does not work."""
    parser = argparse.ArgumentParser(prog="python -m tools.libraries", description=__doc__)
    parser.parse_args(arguments)
    try:
        for line in fetch():
            print(f"  board library: {line}")
    except (FetchError, OSError) as error:
        print(f"The board's libraries could not be fetched. {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
