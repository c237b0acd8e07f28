"""Brings new code into the slot of a board that does not run, and orders its trial.

The slot that runs stays as it is: it is the way back. What the idle one lacks is copied on the
board where the other slot has the same file, else sent; every file is checked; the one that makes
a slot whole comes last, and renaming /slot is the last step of all. Cut anywhere before it,
the next start runs the old code. boot.py, main.py and slots.py exist once: they are renamed over.
"""

import hashlib
from collections.abc import Callable
from typing import NamedTuple

from firmware.update.slots import TRIES, other
from tools import update_layout
from tools.deploy.board import Board, BoardError, Fact
from tools.update_layout import FIXED, SLOT_FILE, SLOTS

STAGE = "/deploy"
ORDERED = ("/update.go", "/update.bin")  # of an update over OCPP that the next start installs
_TOLD = "/update.json"
_APP = "/firmware/app.mpy"  # makes a slot whole (firmware/update/slots.py)
_BLOCK = 4096
_ENTRY = 512  # bytes of a folder that a file takes
_SPARE = 64 * 1024  # stays free for journal and log

Progress = Callable[[int], None]


class Plan(NamedTuple):
    """What there is to do. Names are paths on the board."""

    slot: str  # where the new code goes
    back: str  # the slot to fall back to; "" when there is none
    sent: dict[str, bytes]
    copied: dict[str, str]  # from the other slot
    stale: list[str]  # goes from the slot
    fixed: dict[str, bytes]  # boot.py, main.py, slots.py
    ordered: bool  # an update over OCPP is about to be installed
    there: bool  # what runs has this code already, and has proved itself

    @property
    def size(self) -> int:
        """Bytes that go over the cable."""
        return sum(map(len, self.sent.values())) + sum(map(len, self.fixed.values()))


def is_code(name: str) -> bool:
    """Does the file belong to the firmware, not to the charger's data."""
    return update_layout.is_code(name) or name.startswith(STAGE + "/")


def for_slot(tree: dict[str, bytes], slot: str) -> dict[str, bytes]:
    """The slot's part of a new charger's file system."""
    first = f"/{SLOTS[0]}/"
    return {
        f"/{slot}/" + name.removeprefix(first): data
        for name, data in tree.items()
        if name.startswith(first)
    }


def plan(present: dict[str, Fact], tree: dict[str, bytes], slot_file: bytes | None) -> Plan:
    """What brings the code of `tree` onto a board with these files and this /slot."""
    words = (slot_file or b"").decode("ascii", "replace").split()
    proved = len(words) != 3
    runs = update_layout.current(slot_file)
    # What is on trial has not proved itself: that slot is the one to fill.
    slot, back = _to_fill(present, runs if proved or words[2] not in SLOTS else words[2])
    fixed = {name: tree[name] for name in FIXED if not _same(present, name, tree[name])}
    same = not _lacking(present, for_slot(tree, runs)) and not _stale(present, tree, runs)
    wanted = for_slot(tree, slot)
    sent = {}
    copied = {}
    for name in _lacking(present, wanted):
        twin = f"/{other(slot)}" + name[2:]
        if _same(present, twin, wanted[name]):
            copied[name] = twin
        else:
            sent[name] = wanted[name]
    ordered = ORDERED[0] in present
    stale = _stale(present, tree, slot)
    return Plan(slot, back, sent, copied, stale, fixed, ordered, same and proved)


def deploy(board: Board, present: dict[str, Fact], todo: Plan, progress: Progress) -> None:
    """Carry a plan out. Raises BoardError; then the old code is what the next start runs."""
    stage = [name for name in present if name.startswith(STAGE + "/")]
    _make_sure_it_fits(board, present, todo, stage)
    if not todo.there and (todo.sent or todo.copied or todo.stale):
        _fill(board, present, todo, progress)
    board.remove(stage)
    _put_fixed(board, todo.fixed, progress)
    if todo.ordered:
        _drop_order(board)
    if not todo.there:
        line = f"{todo.slot} {TRIES} {todo.back}" if todo.back else todo.slot
        _renamed(board, SLOT_FILE, line.encode(), SLOT_FILE + ".new")


def _to_fill(present: dict[str, Fact], good: str) -> tuple[str, str]:
    """(the slot to fill, the whole one to fall back to or ""), where `good` is to stay."""
    for back in (good, other(good)):
        if f"/{back}{_APP}" in present:
            return other(back), back
    return good, ""


def _same(present: dict[str, Fact], name: str, data: bytes) -> bool:
    return name in present and present[name].sha256 == hashlib.sha256(data).hexdigest()


def _lacking(present: dict[str, Fact], wanted: dict[str, bytes]) -> list[str]:
    return [name for name, data in wanted.items() if not _same(present, name, data)]


def _stale(present: dict[str, Fact], tree: dict[str, bytes], slot: str) -> list[str]:
    wanted = for_slot(tree, slot)
    return [n for n in sorted(present) if n.startswith(f"/{slot}/") and n not in wanted]


def _make_sure_it_fits(
    board: Board, present: dict[str, Fact], todo: Plan, stage: list[str]
) -> None:
    new = [*map(len, todo.sent.values()), *map(len, todo.fixed.values())]
    new += [present[twin].size for twin in todo.copied.values()]
    gone = [*todo.stale, *stage, *(n for n in (*todo.sent, *todo.copied) if n in present)]
    size = sum(map(_on_flash, new)) - sum(_on_flash(present[name].size) for name in gone)
    free = board.free()
    if not todo.there and size + _SPARE > free:
        raise BoardError(
            f"{size:,} bytes more do not fit beside what is there ({free:,} free). Messages that "
            "the server has not got take that room: let the charger deliver them, or make backup, "
            "make flash and make restore put it in order"
        )


def _on_flash(size: int) -> int:
    return -(-size // _BLOCK) * _BLOCK + _ENTRY


def _fill(board: Board, present: dict[str, Fact], todo: Plan, progress: Progress) -> None:
    """The slot's files, checked; from the first change to the last it is not whole."""
    app = f"/{todo.slot}{_APP}"
    new = app + ".new"
    names = {app: new}
    if app in todo.sent or app in todo.copied:
        board.remove([app])
    else:
        board.move([(app, new)])
    board.remove([name for name in todo.stale if name != new])
    board.copy([(twin, names.get(name, name)) for name, twin in todo.copied.items()])
    for name, data in todo.sent.items():
        board.write(names.get(name, name), data, progress)
    facts = {name: present[twin] for name, twin in todo.copied.items()}
    facts |= {name: _fact(data) for name, data in todo.sent.items()}
    board.check_all({names.get(name, name): fact for name, fact in facts.items()})
    board.move([(new, app)])


def _put_fixed(board: Board, fixed: dict[str, bytes], progress: Progress) -> None:
    for name, data in fixed.items():
        board.write(STAGE + name, data, progress)
    board.check_all({STAGE + name: _fact(data) for name, data in fixed.items()})
    board.move([(STAGE + name, name) for name in fixed])
    board.remove([STAGE + "/x"])  # the empty folder


def _drop_order(board: Board) -> None:
    """The update that the server had ordered is not installed, and the charger tells so."""
    text = b'{"failed": "other firmware came over the cable"}'
    _renamed(board, _TOLD, text, _TOLD + ".new")
    board.remove(list(ORDERED))


def _renamed(board: Board, name: str, data: bytes, new: str) -> None:
    board.write(new, data)
    board.check(new, _fact(data))
    board.move([(new, name)])


def _fact(data: bytes) -> Fact:
    return Fact(hashlib.sha256(data).hexdigest(), len(data))
