"""Turns the firmware's sources into the texts that are compiled for the chip.

Modules that are always needed are joined (bundle.py, lean.py), names are shortened (squeeze.py,
rename.py), log texts go into a file. `prepare` does all of it for the firmware, in `dst` leaving
the log's texts and the tables for `python -m tools.where`.
"""

import ast
import re
from pathlib import Path
from typing import NamedTuple

from tools import bundle, lean
from tools.families import families, shared_names
from tools.inline import Inlined, inlined
from tools.layout import (
    CHOSEN,
    FOLDER,
    chosen,
    module_name,
    on_demand,
    short_modules,
    with_short_modules,
)
from tools.rename import cheap_modules, platform_names, renamed, short_names, words
from tools.rewrite import rewrite
from tools.squeeze import LogTexts, keywords, shorten, shorten_arguments
from tools.texts import known_texts, packed
from tools.trees import parsed, walk

LINES = "resident.lines"  # where each line of the joined module comes from, when it has lines
MODULES = "resident.modules"  # which source each file on the chip is made from
NAMES = "resident.names"  # what each function is called on the chip, and where it comes from
LOG_TEXTS = "log.txt"  # what firmware/log.py prints, see squeeze.py
# Type-only imports: a constant condition makes the compiler drop the block (71 bytes a module).
_TYPE_ONLY = (
    (re.compile(r"^TYPE_CHECKING = False$", re.M), ""),
    (re.compile(r"^if TYPE_CHECKING:", re.M), "if False:"),
)
# The folder of the modules with short names is found first, wherever this package lies.
_FIND_SHORT = f'\nimport sys\nsys.path[:0] = ["/x", __path__[:-8] + {FOLDER!r}]\n'
_LOADER = ("firmware.on_demand", "load")
# What people use by hand: functions keep their names.
_REPL = ("firmware.charger", "firmware.bring_up")
_FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)


class PrepareError(Exception):
    """A source is not Python."""


class Prepared(NamedTuple):
    """What becomes a file on the chip; does it stay in RAM once it is loaded."""

    text: str
    stays: bool


def plain(paths: list[Path], dst: Path) -> dict[Path, str]:
    """The sources without what only type checkers read and without the texts of log lines."""
    texts = LogTexts()
    sources = {}
    for path in paths:
        text = path.read_text(encoding="utf-8")
        for pattern, replacement in _TYPE_ONLY:
            text = pattern.sub(replacement, text)
        try:
            sources[path] = texts.take_out(text)
        except SyntaxError as error:
            raise PrepareError(f"{path}:{error.lineno}: {error.msg}") from None
    (dst / LOG_TEXTS).write_bytes(texts.data)
    return sources


def prepare(
    src: Path, dst: Path, paths: list[Path], outside: list[Path], lines: bool
) -> dict[str, Prepared]:
    """Output (below `dst`, without suffix) -> what to compile, for the firmware in `src`.

    `outside` are sources that use the firmware and are not part of it. `lines`: the joined
    module will have line numbers; their places are noted down, too.
    """
    sources = plain(paths, dst)
    moved = {} if lines else _inlined(src, sources)
    modules = _modules(src, {p: moved[p].text if p in moved else sources[p] for p in sources})
    packages = {m.name for m in modules if m.path.name == "__init__.py"}
    used = {word for path in outside for word in words(path.read_text(encoding="utf-8"))}
    tables = {_place(path, src): moved[path].lines for path in moved}
    texts, places, loader = _joined(modules, packages, tables, None if lines else used)
    for module in modules:
        if module.name in _REPL:
            used |= {name.rpartition(".")[2] for _, name in _qualified(module.tree)}
    new = short_names(texts, used, platform_names(), CHOSEN)
    short = short_modules(texts, packages, cheap_modules())
    texts = {name: renamed(text, new) for name, text in texts.items()}
    paths_of = {m.name: m.path for m in modules}
    origins = {_place(p, src): dict(_qualified(parsed(text))) for p, text in sources.items()}
    table = _functions(texts, paths_of, places, short, origins, tables)
    (dst / NAMES).write_text("".join(f"{row}\n" for row in table))
    (dst / LINES).unlink(missing_ok=True)
    if lines:  # the first is made up by hot_first
        (dst / LINES).write_text("\n".join([places[0], *places]) + "\n")
    texts = _finished(texts, packages, short, new.get(loader, loader))
    outputs = _outputs(texts, packages, short)
    rows = sorted(
        f"{output}\t{_place(paths_of[name], src)}\n"
        for name, output in outputs.items()
        if name in paths_of
    )
    (dst / MODULES).write_text("".join(rows))
    return {
        output: Prepared(texts[name], name == bundle.BUNDLE or chosen(name))
        for name, output in outputs.items()
    }


def _place(path: Path, src: Path) -> str:
    return path.relative_to(src.parent).as_posix()


def _joined(
    modules: list[bundle.Module],
    packages: set[str],
    tables: dict[str, list[int]],
    used: set[str] | None,
) -> tuple[dict[str, str], list[str], str]:
    """Texts of all modules, places of the joined one's lines, the name of on_demand's `load`.

    `used`: what is asked for from outside; None keeps every function where it is.
    """
    resident = bundle.ordered([m for m in modules if not on_demand(m.name)])
    inside = {module.name for module in resident}
    names = bundle.Names(resident, [m for m in modules if m.name not in inside])
    ready = {m.name: rewrite(m, names, m.name in inside) for m in modules}
    loader = names.of(*_LOADER) if _LOADER[0] in inside else ""
    names.wanted.add(loader)
    joined = lean.lean(bundle.join(resident, names, ready), names.wanted)
    joined = bundle.Bundle(joined.source, [_told(place, tables) for place in joined.lines])
    if used is not None:
        joined = _alone(joined, names.wanted | used)
    texts = {m.name: ready[m.name] for m in modules if m.name not in inside}
    # What is loaded on demand still needs its package.
    texts |= dict.fromkeys(packages & inside, "")
    texts[bundle.BUNDLE] = joined.source
    return texts, joined.lines, loader


def _finished(
    texts: dict[str, str], packages: set[str], short: dict[str, str], loader: str
) -> dict[str, str]:
    """The renamed texts with short modules, short texts packed and hot names first."""
    texts = {name: with_short_modules(text, short, loader) for name, text in texts.items()}
    known = known_texts(texts, {bundle.BUNDLE, *packages})
    for name in texts.keys() - {bundle.BUNDLE, *packages}:
        texts[name] = packed(texts[name], known)
    texts[bundle.BUNDLE] = lean.hot_first(texts[bundle.BUNDLE])
    if short and "firmware" in texts:
        texts["firmware"] += _FIND_SHORT
    return texts


def _outputs(texts: dict[str, str], packages: set[str], short: dict[str, str]) -> dict[str, str]:
    """Module -> its file on the chip, without suffix; none for packages that nobody needs."""
    files = [name for name in texts if name not in short and name not in packages]
    needed = {package for package in packages if _needed(package, files)}
    return {
        name: _output(name, needed, short)
        for name in texts
        if name in needed or name not in packages
    }


def _inlined(src: Path, sources: dict[Path, str]) -> dict[Path, Inlined]:
    """Source -> its text without functions called once, of those that stay in RAM."""
    texts = {module_name(src, path): text for path, text in sources.items()}
    found = inlined(texts, {name for name in texts if not on_demand(name) or chosen(name)})
    return {p: found[module_name(src, p)] for p in sources if module_name(src, p) in found}


def _alone(joined: bundle.Bundle, wanted: set[str]) -> bundle.Bundle:
    """The joined module without functions that one module had for another."""
    found = inlined({bundle.BUNDLE: joined.source}, {bundle.BUNDLE}, wanted)
    if not found:
        return joined
    text, lines = found[bundle.BUNDLE]
    return bundle.Bundle(text, [joined.lines[line - 1] for line in lines])


def _told(place: str, tables: dict[str, list[int]]) -> str:
    """A place in a source as it is now: where it was before functions moved."""
    name, _, line = place.rpartition(":")
    table = tables.get(name) or tables.get(name.removesuffix(".py") + "/__init__.py")
    return f"{name}:{table[int(line) - 1]}" if table else place


def _modules(src: Path, sources: dict[Path, str]) -> list[bundle.Module]:
    kept = keywords(list(sources.values()))
    plain_ones = [bundle.Module(module_name(src, path), path, sources[path]) for path in sources]
    shared: dict[str, dict[str, str]] = {}
    for group in families(plain_ones):
        shared |= shared_names(plain_ones, group)
    modules = []
    for number, module in enumerate(plain_ones):
        mark = "" if on_demand(module.name) else f"{number:x}"
        text = shorten(module.source, mark, shared.get(module.name))
        modules.append(bundle.Module(module.name, module.path, shorten_arguments(text, kept)))
    return modules


def _needed(package: str, modules: list[str]) -> bool:
    """Is there a module in the package that is a file of its own, or anything of the package's."""
    return package == "firmware" or any(name.startswith(package + ".") for name in modules)


def _output(name: str, packages: set[str], short: dict[str, str]) -> str:
    if name in short:
        return f"{FOLDER}/{short[name]}"
    place = "/".join([*name.split(".")[1:], *(["__init__"] if name in packages else [])])
    return place


def _functions(
    texts: dict[str, str],
    paths: dict[str, Path],
    lines: list[str],
    short: dict[str, str],
    origins: dict[str, dict[int, str]],
    moved: dict[str, list[int]],
) -> list[str]:
    """A row for each function: module as tracebacks name it, its name there, place, its name.

    `origins`: source -> line -> name of the function there; `moved`: as `Inlined.lines`.
    """
    rows = []
    for module, text in texts.items():
        shown = short.get(module) or (paths[module].stem if module in paths else "resident")
        file = module.replace(".", "/") + ".py"
        for node in walk(parsed(text)):
            if isinstance(node, _FUNCTION):
                at = f"{file}:{node.lineno}"
                place = lines[node.lineno - 1] if module not in paths else _told(at, moved)
                name, _, line = place.rpartition(":")
                if name not in origins:
                    name = name.removesuffix(".py") + "/__init__.py"
                function = origins[name][int(line)]
                rows.append(f"{shown}\t{node.name}\t{name}:{line}\t{function}")
    return sorted(rows)


def _qualified(tree: ast.AST, above: str = "") -> list[tuple[int, str]]:
    """(line, dotted name) of each function."""
    found = []
    for node in ast.iter_child_nodes(tree):
        name = above
        if isinstance(node, (*_FUNCTION, ast.ClassDef)):
            name = f"{above}.{node.name}" if above else node.name
            if isinstance(node, _FUNCTION):
                found.append((node.lineno, name))
        found += _qualified(node, name)
    return found
