"""Brings the code of a running board up to date and leaves its data alone.

What differs is written beside and checked; only then it is renamed into place, because modules
of two builds do not fit together: names are shortened over all of them.
"""

import hashlib
from collections.abc import Callable

from tools import update_layout
from tools.deploy.board import Board, BoardError, Fact

STAGE = "/deploy"
_SPARE = 64 * 1024  # stays free for journal and log

Say = Callable[[str], None]
Progress = Callable[[int], None]


def is_code(name: str) -> bool:
    """Does the file belong to the firmware, not to the charger's data."""
    return update_layout.is_code(name) or name.startswith(STAGE + "/")


def for_slot(tree: dict[str, bytes], slot: str) -> dict[str, bytes]:
    """The code of a new charger's file system, as it lies in the slot that a board runs."""
    first = f"/{update_layout.SLOTS[0]}/"
    return {
        f"/{slot}/" + name.removeprefix(first) if name.startswith(first) else name: data
        for name, data in tree.items()
        if is_code(name)
    }


def changes(
    present: dict[str, Fact], wanted: dict[str, bytes], slot: str
) -> tuple[dict[str, bytes], list[str]]:
    """What has to be written, and which files have to go; the other slot stays as it is."""
    fresh = {
        name: data
        for name, data in wanted.items()
        if name not in present or present[name].sha256 != hashlib.sha256(data).hexdigest()
    }
    mine = (f"/{slot}/", STAGE + "/")
    return fresh, [
        name for name in sorted(present) if name.startswith(mine) and name not in wanted
    ]


def deploy(board: Board, fresh: dict[str, bytes], stale: list[str], progress: Progress) -> None:
    """Write, check, put in place, delete what is left over. Raises BoardError."""
    left_over = [name for name in stale if name.startswith(STAGE)]
    board.remove(left_over)  # of a deploy that was broken off
    size = sum(-(-len(data) // 4096) * 4096 + 512 for data in fresh.values())
    if size + _SPARE > board.free():
        raise BoardError(
            f"{size:,} bytes do not fit beside what is there ({board.free():,} free). "
            "make backup, make flash and make restore put it in order"
        )
    for name, data in fresh.items():
        board.write(STAGE + name, data, progress)
    for name, data in fresh.items():
        board.check(STAGE + name, Fact(hashlib.sha256(data).hexdigest(), len(data)))
    board.move([(STAGE + name, name) for name in sorted(fresh, key=_order)])
    board.remove([name for name in stale if name not in left_over])
    board.remove([STAGE + "/x"])  # the empty folders


def _order(name: str) -> tuple[bool, str]:
    """boot.py and main.py, which start whatever there is, last."""
    return name in update_layout.FIXED, name
