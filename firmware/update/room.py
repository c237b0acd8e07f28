"""Empties the code slot that does not run: room for another, or for the books. On demand."""

import os

from firmware.storage.files import remove
from firmware.update import slots

_SOME = 4


def some() -> bool:
    """Remove a few files; False when there is none left."""
    found = False
    for count, _ in enumerate(make()):
        found = True
        if count + 1 == _SOME:
            break
    return found


def make() -> "Iterator[None]":
    """Pauses after each file; what makes the slot whole (slots.py) goes first. Raises OSError."""
    runs = slots.current()
    if not runs or slots.on_trial():  # then the other one is the way back
        return
    idle = slots.other(runs)
    remove("%s/firmware/app.mpy" % idle)
    folders = [idle]
    for place in folders:
        try:
            names = os.listdir(place)
        except OSError:  # there is no such folder
            continue
        for name in names:
            path = "%s/%s" % (place, name)
            if os.stat(path)[0] & 0x4000:
                folders.append(path)
            else:
                os.remove(path)
                yield
