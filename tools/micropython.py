"""MicroPython's unix port for tests and the bench, 64 and 32 bit, without root.

`python -m tools.micropython` takes Debian's package (trixie and newer have it) through the
machine's own package sources into .tools/, with private lists and caches: the system is only
read. `command(name)` tells everybody else how to start an interpreter.
"""

import argparse
import functools
import os
import platform
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".tools"
OLDEST = (1, 24)
NAMES = ("micropython", "micropython32", "cpython")

# The first Debian that packages MicroPython, and those before it.
_SUITE = "trixie"
_OLDER = ("bookworm", "bullseye", "buster", "stretch")
_ALIASES = ("stable", "oldstable", "testing", "unstable", "sid")
# Where the package is looked for when an index is broken, as on a mirror in mid-update.
_SPARE_SUITES = ("stable", "testing")
# The machine's Debian architecture -> the packages that run on it, 64 and 32 bit.
_ARCHITECTURES = {"amd64": ("amd64", "i386"), "arm64": ("arm64", "armhf")}
_PARTS = ("micropython", "bin")  # what a fetch consists of
_PROBE = "import sys; v = sys.implementation.version; print(v[0], v[1], sys.maxsize >> 31)"
_WRAPPER = """#!/bin/sh
# Written by tools/micropython.py: runs the unpacked package with its own loader and libraries.
r="$(dirname "$(readlink -f "$0")")/../micropython/{arch}"
exec "$r/{loader}" --library-path "$r/{libraries}" "$r/usr/bin/micropython" "$@"
"""


class Unavailable(Exception):
    """MicroPython cannot be had here; the text says why in one line."""


def probe(command: list[str]) -> tuple[tuple[int, int], int] | None:
    """((major, minor), 64 or 32) of the interpreter; None when it does not run."""
    try:
        done = subprocess.run([*command, "-c", _PROBE], capture_output=True, text=True, timeout=20)
        major, minor, wide = (int(word) for word in done.stdout.split())
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return (major, minor), 64 if wide else 32


@functools.lru_cache
def command(name: str, root: Path = TOOLS) -> list[str] | None:
    """How to start interpreter `name` (one of NAMES), None where it cannot be had."""
    if name not in NAMES:
        raise ValueError(f"no interpreter {name!r}: choose from {', '.join(NAMES)}")
    if name == "cpython":
        return [sys.executable]
    on_path = _on_path() if name == "micropython" else None
    fetched = root / "bin" / name
    return on_path or ([str(fetched)] if os.access(fetched, os.X_OK) else None)


def _on_path() -> list[str] | None:
    found = shutil.which("micropython")
    facts = probe([found]) if found else None
    return [found] if found and facts and facts[0] >= OLDEST and facts[1] == 64 else None


# --- package sources ---------------------------------------------------------------------------


def sources(etc_apt: Path, codename: str) -> str:
    """The machine's own sources reduced to the base suite, which becomes trixie if it is older.

    Answers the text of one deb822 file. Raises Unavailable when there is no such entry.
    """
    stanzas = []
    for path in sorted(etc_apt.glob("sources.list.d/*.sources")):
        stanzas += _deb822(path.read_text())
    for path in (etc_apt / "sources.list", *sorted(etc_apt.glob("sources.list.d/*.list"))):
        if path.is_file():
            stanzas += _one_line(path.read_text())
    kept = []
    for fields in stanzas:
        # -updates and -security are left out: the package lies in the base suite.
        suites = [s for s in fields.get("suites", "").split() if s in (codename, *_ALIASES)]
        if "deb" not in fields.get("types", "").split() or not suites:
            continue
        fields |= {"types": "deb", "suites": _SUITE if codename in _OLDER else suites[0]}
        fields.pop("architectures", None)
        lines = "".join(f"{key}: {value}\n" for key, value in fields.items())
        if lines not in kept:
            kept.append(lines)
    if not kept:
        raise Unavailable(f"no package source of Debian {codename or '(unknown)'} is configured")
    return "\n".join(kept)


def in_suite(own_sources: str, suite: str) -> str:
    """The text of `sources` with another suite in every entry."""
    return re.sub(r"^suites: .*$", f"suites: {suite}", own_sources, flags=re.M)


def _deb822(text: str) -> list[dict[str, str]]:
    text = re.sub(r"^#.*\n", "", text, flags=re.M)
    stanzas = []
    for block in re.split(r"\n\s*\n", text):
        fields: dict[str, str] = {}
        for line in block.splitlines():
            if line[:1].isspace() and fields:
                fields[list(fields)[-1]] += "\n" + line
            elif ":" in line:
                key, value = line.split(":", 1)
                fields[key.strip().lower()] = value.strip()
        if fields.get("enabled", "yes").lower() not in ("no", "false", "0"):
            stanzas.append(fields)
    return stanzas


def _one_line(text: str) -> list[dict[str, str]]:
    """`deb [signed-by=...] URI suite component...` as deb822 fields."""
    stanzas = []
    for line in text.splitlines():
        found = re.match(r"deb\s+(?:\[([^]]*)\]\s+)?(\S+)\s+(\S+)\s+([^#]+)", line.strip())
        if not found:
            continue
        options, uri, suite, components = found.groups()
        fields = {"types": "deb", "uris": uri, "suites": suite, "components": components.strip()}
        for option in (options or "").split():
            key, _, value = option.partition("=")
            if key.lower() in ("signed-by", "trusted"):
                fields[key.lower()] = value
        stanzas.append(fields)
    return stanzas


# --- fetching ----------------------------------------------------------------------------------


class _Apt:
    """apt-get with everything that it writes in one private folder."""

    def __init__(self, folder: Path, own_sources: str, architectures: tuple[str, ...]) -> None:
        self.folder = folder
        for name in ("lists/partial", "archives/partial", "parts", "log"):
            (folder / name).mkdir(parents=True)
        (folder / "status").touch()
        self.use(own_sources)
        (folder / "parts" / "own.sources").symlink_to(folder / "own.sources")
        (folder / "apt.conf").write_text(self._configuration(architectures))

    def use(self, own_sources: str) -> None:
        """Take packages from there from now on; `update` reads the lists anew."""
        (self.folder / "own.sources").write_text(own_sources)

    def _configuration(self, architectures: tuple[str, ...]) -> str:
        # The machine's proxy and certificate settings count, its hooks do not.
        dump = subprocess.run(["apt-config", "dump"], capture_output=True, text=True).stdout
        lines = [
            line
            for line in dump.splitlines()
            if re.match(r"Acquire::(?!Index|Change|cdrom)", line)
        ]
        own = {
            "Dir::Etc::sourcelist": "/dev/null",
            "Dir::Etc::sourceparts": f"{self.folder}/parts",
            "Dir::Etc::preferences": "/dev/null",
            "Dir::Etc::preferencesparts": "/dev/null",
            "Dir::Etc::main": "/dev/null",
            "Dir::Etc::parts": "/dev/null",
            "Dir::State": str(self.folder),
            "Dir::State::lists": f"{self.folder}/lists",
            "Dir::State::status": f"{self.folder}/status",
            "Dir::State::extended_states": f"{self.folder}/extended_states",
            "Dir::Cache": str(self.folder),
            "Dir::Cache::archives": f"{self.folder}/archives",
            "Dir::Log": f"{self.folder}/log",
            "APT::Architecture": architectures[0],
            "APT::Sandbox::User": "",
            "Debug::NoLocking": "true",
            "Acquire::Languages": "none",
            "Acquire::Retries": "2",
            "Acquire::http::Timeout": "30",
            "Acquire::https::Timeout": "30",
        }
        lines += [f'{key} "{value}";' for key, value in own.items()]
        lines.append("APT::Architectures { " + " ".join(f'"{a}";' for a in architectures) + " };")
        return "\n".join(lines) + "\n"

    def run(self, *words: str) -> tuple[bool, str]:
        """Run apt-get; (worked, the first thing that it complained of)."""
        environment = {**os.environ, "APT_CONFIG": f"{self.folder}/apt.conf", "LC_ALL": "C"}
        try:
            done = subprocess.run(
                ["apt-get", "-q", *words],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                timeout=300,
            )
        except subprocess.TimeoutExpired:
            return False, "apt-get took longer than 5 minutes"
        # The first is the cause, the others follow from it.
        complaints = [line for line in done.stdout.splitlines() if line.startswith(("E:", "W:"))]
        return done.returncode == 0, complaints[0][2:].strip(" .") if complaints else ""

    def download(self, package: str) -> list[Path]:
        """The .deb files of `package` and all that it needs."""
        archives = self.folder / "archives"
        for old in archives.glob("*.deb"):
            old.unlink()
        worked, complaint = self.run(
            "install", "-y", "--download-only", "--no-install-recommends", package
        )
        if not worked:
            raise Unavailable(f"{package}: {complaint}")
        return sorted(archives.glob("*.deb"))


def _codename() -> str:
    try:
        text = Path("/etc/os-release").read_text()
    except OSError:
        return ""
    found = re.search(r"^VERSION_CODENAME=\"?(\w+)", text, re.M)
    return found[1] if found else ""


def _architectures() -> tuple[str, str]:
    if platform.system() == "Darwin":
        raise Unavailable("on a Mac: brew install micropython")
    for tool in ("apt-get", "apt-config", "dpkg"):
        if not shutil.which(tool):
            raise Unavailable(f"no {tool} here (not Debian?)")
    name = subprocess.run(["dpkg", "--print-architecture"], capture_output=True, text=True)
    machine = name.stdout.strip()
    if machine not in _ARCHITECTURES:
        raise Unavailable(f"no package is known to run on {machine}")
    return _ARCHITECTURES[machine]


def fetch(root: Path = TOOLS, pause_s: float = 5) -> None:
    """Put both interpreters under `root`, whole or not at all. Raises Unavailable."""
    architectures = _architectures()
    own_sources = sources(Path("/etc/apt"), _codename())
    root.mkdir(parents=True, exist_ok=True)
    for broken_off in root.glob(".fetch-*"):
        shutil.rmtree(broken_off, ignore_errors=True)
    # The path may hold no blank for apt's configuration; the temporary folder's never does.
    with tempfile.TemporaryDirectory(prefix="rivot-apt-") as scratch:
        apt = _Apt(Path(scratch), own_sources, architectures)
        staging = Path(tempfile.mkdtemp(prefix=".fetch-", dir=root))
        try:
            _update(apt, own_sources, architectures, pause_s)
            for arch, name in zip(architectures, NAMES[:2], strict=True):
                _say(f"unpacking {arch}")
                tree = staging / "micropython" / arch
                tree.mkdir(parents=True)
                for package in apt.download(f"micropython:{arch}"):
                    subprocess.run(["dpkg", "-x", str(package), str(tree)], check=True)
                _check(_wrap(staging, arch, name), name)
            _move(staging, root)
        except (OSError, subprocess.SubprocessError) as error:
            raise Unavailable(str(error).rstrip(".")) from error
        finally:
            shutil.rmtree(staging, ignore_errors=True)


def _update(apt: _Apt, own_sources: str, architectures: tuple[str, ...], pause_s: float) -> None:
    """Refresh the private lists. What counts is that both packages can be resolved afterwards."""
    spares = [in_suite(own_sources, suite) for suite in _SPARE_SUITES]
    first = ""
    for attempt, entries in enumerate([own_sources, own_sources, *spares]):
        if attempt:
            _say(f"no luck ({first}), trying {'again' if attempt == 1 else 'another suite'}")
            time.sleep(pause_s)
        apt.use(entries)
        _, complaint = apt.run("update")
        for architecture in architectures:
            package = f"micropython:{architecture}"
            resolved, unresolved = apt.run("install", "-y", "--simulate", package)
            if not resolved:
                break
        else:
            return
        first = first or complaint or unresolved
    raise Unavailable(f"the package sources do not offer it: {first}")


def _wrap(staging: Path, arch: str, name: str) -> Path:
    tree = staging / "micropython" / arch
    loader = next((p for p in sorted(tree.glob("usr/lib/*/ld-linux*.so.*"))), None)
    if loader is None:
        raise Unavailable(f"the {arch} packages hold no loader")
    # An absolute link inside a package would point into the system.
    real = loader.relative_to(tree)
    script = staging / "bin" / name
    script.parent.mkdir(exist_ok=True)
    script.write_text(_WRAPPER.format(arch=arch, loader=real, libraries=real.parent))
    script.chmod(script.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    return script


def _check(script: Path, name: str) -> None:
    facts = probe([str(script)])
    if facts is None:
        raise Unavailable(f"{name} was unpacked but does not run on this machine")
    if facts[0] < OLDEST or facts[1] != (32 if name.endswith("32") else 64):
        raise Unavailable(f"{name} is {facts[0][0]}.{facts[0][1]}, {facts[1]} bit: not fit")


def _move(staging: Path, root: Path) -> None:
    for name in _PARTS:
        if (root / name).exists():
            (root / name).rename(staging / f"old-{name}")
        (staging / name).rename(root / name)


# --- an earlier fetch --------------------------------------------------------------------------


def cache_folder() -> Path:
    """Where a fetch is kept for the next set-up, for the days when a mirror is being updated."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "rivot-charger" / "micropython"


def keep(root: Path, cache: Path) -> None:
    """Copy what was fetched into `root` to the cache; that this fails harms nobody."""
    try:
        _copy(root, cache)
    except OSError as error:
        _say(f"not kept for the next time: {error}")


def take_kept(root: Path, cache: Path) -> bool:
    """Put what an earlier fetch has kept into `root`; False when there is nothing that runs."""
    if not all(probe([str(cache / "bin" / name)]) for name in NAMES[:2]):
        return False
    try:
        _copy(cache, root)
    except OSError:
        return False
    return True


def _copy(source: Path, target: Path) -> None:
    """Both folders of a fetch, whole or not at all."""
    target.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=".fetch-", dir=target))
    try:
        for name in _PARTS:
            shutil.copytree(source / name, staging / name, symlinks=True)
        _move(staging, target)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _say(text: str) -> None:
    print(f"  micropython: {text}", flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Command line. 0 also when MicroPython cannot be had, unless CI=true."""
    parser = argparse.ArgumentParser(prog="python -m tools.micropython", description=__doc__)
    parser.add_argument("--root", type=Path, default=TOOLS, help="where to put it (.tools)")
    parser.add_argument("--force", action="store_true", help="fetch even if it is there")
    options = parser.parse_args(arguments)
    root = options.root.resolve()
    have = [name for name in NAMES[:2] if not options.force and command(name, root)]
    reason = ""
    if len(have) < 2:
        _say("fetching it through this machine's package sources (about 30 MB)")
        try:
            fetch(root)
            keep(root, cache_folder())
        except Unavailable as error:
            reason = str(error)
            if take_kept(root, cache_folder()):
                _say(f"{reason}: taken from an earlier fetch")
                reason = ""
        command.cache_clear()
    for found in filter(None, (command(name, root) for name in NAMES[:2])):
        facts = probe(found)
        if facts:
            _say(f"{facts[0][0]}.{facts[0][1]}, {facts[1]} bit: {found[0]}")
    if not reason:
        return 0
    if os.environ.get("CI", "").lower() in ("true", "1"):
        _say(f"not available: {reason}. CI needs it.")
        return 1
    _say(f"not available: {reason}. Going on without (CPython).")
    return 0


if __name__ == "__main__":
    sys.exit(main())
