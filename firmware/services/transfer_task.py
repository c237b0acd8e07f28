"""One transfer as a task: when it begins, what ordered it has left the memory. Loaded on demand.

How it goes is in a dict: `limit`, bytes that may be moved; `count`, which grows with each piece;
`result`, None under way, "" when all has been moved, False when it had to make room, else why not.
"""

import asyncio

from micropython import const

from firmware.errors import ChargerError
from firmware.on_demand import load
from firmware.storage.files import free_bytes

_LEFT = const(196608)  # of flash; the books come first
_TURN_MS = const(250)
_IDLE = const(120)  # turns; a transfer that moves nothing for so long is given up
_LONGEST = const(14400)  # turns
_TROUBLE = (OSError, EOFError, ValueError, LookupError, TypeError, ChargerError, MemoryError)


async def run(point: "ChargePoint", url: str, path: str, name: str, progress: dict) -> None:
    """Send the file at `path` as `name`, or store it at `path` where `name` is "".

    Ends it when it hangs, or when somebody comes to charge: a session needs the memory.
    """
    task = asyncio.create_task(_move(point, url, path, name, progress))
    core = point.core
    gun = core.gun
    turns = idle = seen = 0
    point.page_aside += 1  # its memory is needed
    try:
        while progress["result"] is None:
            await asyncio.sleep_ms(_TURN_MS)
            turns += 1
            idle = 0 if progress["count"] != seen else idle + 1
            seen = progress["count"]
            if progress["result"] is None:
                if core.session.open or core.connector.authorized or (core.gun and not gun):
                    progress["result"] = False
                elif idle > _IDLE or turns > _LONGEST:
                    progress["result"] = "time-out"
    finally:
        point.page_aside -= 1
        task.cancel()  # which hangs up, where it is not over
        task = None  # with all that it has loaded
        if progress["result"] is None:  # ended by the charge point
            progress["result"] = False
        point.transfers["due_s"] = 0


async def _move(point: "ChargePoint", url: str, path: str, name: str, progress: dict) -> None:
    is_ftp = url[:3].lower() == "ftp"
    try:
        while point.web:
            await asyncio.sleep_ms(_TURN_MS)
        if not name:
            await _make_room(progress)
        module = load("firmware.net.ftp_transfer" if is_ftp else "firmware.net.http_transfer")
        await module.move(url, point.link.tls, path, name, progress)
        progress["result"] = ""
    except _TROUBLE as error:
        progress["result"] = str(error) or repr(error)


async def _make_room(progress: dict) -> None:
    """For an update: the code slot that does not run goes before the download comes."""
    for _ in load("firmware.update.room").make():
        await asyncio.sleep_ms(1)
    progress["limit"] = free_bytes() - _LEFT
