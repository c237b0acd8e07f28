"""Installs a downloaded update when the chip starts, before the charger is built. For main.py.

Then nearly all of the memory is free, nobody charges and nothing has to be answered; outputs are
off. It takes a minute or so, and ends in a restart whatever comes of it. `update.go` orders it and
holds the number of tries that are left, `update.json` what has become of it, for
services/transfers.py.
"""

from firmware import VERSION
from firmware.errors import ChargerError
from firmware.storage.files import read_bytes, remove, write_atomic, write_json
from firmware.storage.json_files import read_json
from firmware.update import room, slots, unpacking
from firmware.update.signature import check

GO = "update.go"
IMAGE = "update.bin"
RESULT = "update.json"
_TROUBLE = (OSError, ValueError, LookupError, MemoryError, ChargerError)


def run(feed: "Callable") -> None:
    """Try to install; `feed` is called again and again, for the watchdog. Raises OSError."""
    try:
        left = int(read_bytes(GO))
    except ValueError:
        left = 0
    if left <= 0:
        _give_up("it was cut off again and again")
        return
    write_atomic(GO, str(left - 1).encode())
    try:
        size = check(IMAGE, feed)
        downgrade = read_json("settings.json").get("update_downgrade") is True
        idle, version = unpacking.unpack(IMAGE, size, VERSION, downgrade, feed)
    except _TROUBLE as error:
        _give_up(str(error) or repr(error))
        for _ in room.make():
            feed()
        return
    write_json(RESULT, {"slot": idle, "version": version})
    remove(GO)  # before the trial is ordered: the new firmware must not install itself
    slots.try_out(idle, slots.current())
    remove(IMAGE)


def _give_up(why: str) -> None:
    """What runs stays; tell it."""
    print("update:", why)
    write_json(RESULT, {"failed": why})
    remove(GO)
    remove(IMAGE)
