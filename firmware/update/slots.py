"""Chooses the code slot that runs. An update never changes it (/slots.py), nor boot.py or main.py.

The file `slot` has one line. No file: slot a.

    b          b runs
    b 1        b runs, and has not come up once
    b 2 a      b is on trial: 2 starts left to prove itself, then back to a

A trial's start is counted on flash before it is made, so that whatever ends it has been counted.
"""

import os

FILE = "slot"
SLOTS = ("a", "b")
TRIES = 2
_FAILURES = 3


def choose() -> "tuple[str, bool]":
    """(slot, is it on trial) of this start; "" when there are none. Never raises."""
    words = _read()
    slot = words[0]
    try:
        if len(words) == 3:
            left = int(words[1])
            if left > 0 and _whole(slot):
                _write("%s %d %s" % (slot, left - 1, words[2]))
                return slot, True
            slot = words[2]
            _write(slot)
    except (OSError, ValueError):  # what cannot be counted is not tried
        slot = words[2]
    if not _whole(slot):
        slot = other(slot)
    return (slot if _whole(slot) else ""), False


def start_failed() -> None:
    """The slot that runs could not even be built; the third time the other one gets a trial."""
    words = _read()
    if len(words) == 3 or not _whole(other(words[0])):
        return
    failures = (int(words[1]) if len(words) == 2 and words[1].isdigit() else 0) + 1
    if failures < _FAILURES:
        _write("%s %d" % (words[0], failures))
    else:
        try_out(other(words[0]), words[0])


def try_out(slot: str, back: str) -> None:
    """`slot`, which is whole, is on trial from the next start on. Raises OSError."""
    _write("%s %d %s" % (slot, TRIES, back))


def confirm() -> None:
    """What runs has proved itself. Raises OSError."""
    words = _read()
    if len(words) > 1:
        _write(words[0])


def on_trial() -> bool:
    """Is what runs on trial."""
    return len(_read()) == 3


def current() -> str:
    """The slot that runs; "" when there are none."""
    slot = _read()[0]
    return slot if _whole(slot) else ""


def other(slot: str) -> str:
    """The one beside it."""
    return SLOTS[slot == SLOTS[0]]


def _read() -> list:
    """The words of the line; of one that makes no sense only what does."""
    try:
        with open(FILE) as file:
            words = file.read(20).split()
    except (OSError, ValueError):
        words = []
    if not words or words[0] not in SLOTS:
        return [SLOTS[0]]
    if len(words) == 3 and words[2] not in SLOTS:
        return words[:1]
    return words[:3]


def _write(line: str) -> None:
    with open(FILE + ".new", "w") as file:
        file.write(line)
    os.rename(FILE + ".new", FILE)


def _whole(slot: str) -> bool:
    """An update's last step before its trial is this file."""
    try:
        os.stat("/%s/firmware/app.mpy" % slot)
        return True
    except OSError:
        return False
