"""The charger's data (settings, journal, register, certificates) to a file on the PC and back.

A backup is a zip archive with the files as they lie on the flash, and `backup.json` beside them.
It holds passwords and keys: only its owner may read it.
"""

import hashlib
import json
import os
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

from tools.deploy.board import Board, BoardError, Fact
from tools.deploy.code import ORDERED, is_code
from tools.update_layout import SLOT_FILE

STAGE = "/restore"
_PASSING = (SLOT_FILE, SLOT_FILE + ".new", *ORDERED)
_FACTS = "backup.json"
_FORMAT = 1
_LARGEST = 2 << 20

Progress = Callable[[int], None]


def data_files(present: dict[str, Fact]) -> dict[str, Fact]:
    """Of the board's files those that are not code, nor the order to install some."""
    return {
        name: fact
        for name, fact in present.items()
        if not is_code(name) and name not in _PASSING and not name.startswith(STAGE + "/")
    }


def backup(board: Board, present: dict[str, Fact], target: Path, progress: Progress) -> int:
    """Copy the data into `target`, whole or not at all; answers how many files."""
    found = data_files(present)
    if not found:
        raise BoardError("there is no data on this board yet: nothing to back up")
    content = {name: board.read(name, progress) for name in sorted(found)}
    for name, data in content.items():
        if hashlib.sha256(data).hexdigest() != found[name].sha256:
            raise BoardError(f"{name} did not arrive as it is on the board. Try again")
    facts = {
        "format": _FORMAT,
        "made": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "files": {name: found[name].sha256 for name in sorted(found)},
    }
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file, zipfile.ZipFile(file, "w") as archive:
        archive.writestr(_FACTS, json.dumps(facts, indent=1))
        for name, data in content.items():
            archive.writestr(name[1:], data, zipfile.ZIP_DEFLATED)
    part.replace(target)
    return len(content)


def read(source: Path) -> dict[str, bytes]:
    """The files of a backup, checked. Raises BoardError with what is wrong."""
    try:
        with zipfile.ZipFile(source) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > _LARGEST:
                raise BoardError(f"{source} is larger than a charger's flash")
            facts = json.loads(archive.read(_FACTS))
            if facts.get("format") != _FORMAT:
                raise BoardError(f"{source} was made by a newer version of this tool")
            content = {name: archive.read(name[1:]) for name in facts["files"]}
    except OSError as error:
        raise BoardError(f"{source}: {error.strerror or error}") from error
    except (zipfile.BadZipFile, KeyError, ValueError, AttributeError) as error:
        raise BoardError(f"{source} is no backup, or a damaged one ({error})") from error
    for name, data in content.items():
        good = hashlib.sha256(data).hexdigest() == facts["files"][name]
        if not good or not name.startswith("/") or ".." in name or is_code(name):
            raise BoardError(f"{source} is damaged: {name}")
    return content


def restore(
    board: Board, present: dict[str, Fact], content: dict[str, bytes], progress: Progress
) -> None:
    """Replace the board's data by `content`: all is written and checked before the first goes."""
    board.remove([name for name in present if name.startswith(STAGE + "/")])
    for name, data in content.items():
        board.write(STAGE + name, data, progress)
    for name, data in content.items():
        board.check(STAGE + name, Fact(hashlib.sha256(data).hexdigest(), len(data)))
    board.remove([name for name in data_files(present) if name not in content])
    board.move([(STAGE + name, name) for name in content])
    board.remove([STAGE + "/x"])
