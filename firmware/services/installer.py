"""Installs a downloaded update in the idle code slot, as a task of its own. Loaded on demand.

Nothing is taken before its signature is right. What checks that has left the memory when the
files are written.
"""

from firmware.errors import ChargerError
from firmware.on_demand import load

_TROUBLE = (OSError, ValueError, LookupError, MemoryError, ChargerError)


async def run(point: "ChargePoint", path: str, progress: dict) -> None:
    """Set progress["result"]: "" done, False it made room, else why the update is not taken."""
    try:
        size = await load("firmware.update.signature").check(path)
        done = await load("firmware.services.unpacking").unpack(point, path, size)
        progress["result"] = "" if done else False
    except _TROUBLE as error:
        progress["result"] = str(error) or repr(error)
    finally:
        if progress["result"] is None:  # ended by the charge point
            progress["result"] = False
        point.transfers["due_s"] = 0
