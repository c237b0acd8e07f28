"""Starts the firmware on MicroPython: shim in place, flash mounted, then boot.py and main.run().

sys.argv: descriptors of the wire and of the status channel, flash image, wall or virtual, and the
names of further shim modules. Forgotten once it has done its work.
"""

import asyncio
import gc
import json
import os
import sys

import link
import vfs

_channel = None
_taken = 0


def _report(before: int) -> None:
    """How much of the heap is ours and not the firmware's."""
    global _taken
    gc.collect()
    _taken += gc.mem_alloc() - before
    link.ask(0x11, 0, 0, _taken)


async def _serve(charger, stream: asyncio.StreamReader) -> None:
    while True:
        line = await stream.readline()
        if not line:
            break
        if len(line) > 1:
            charger.core.supervisor.clear_latched()
            charger.stayed_up()
        try:
            _channel.write(json.dumps(charger.status()).encode() + b"\n")
        except MemoryError:  # the firmware needs all of it at this moment
            _channel.write(b"{}\n")
    raise SystemExit  # the hardware is gone


def observe(charger) -> None:
    """Handed to main.run(): answers on the status channel."""
    reader = asyncio.StreamReader  # loads a module of asyncio's, which the firmware needs as well
    gc.collect()
    before = gc.mem_alloc()
    asyncio.create_task(_serve(charger, reader(_channel)))
    _report(before)


def start() -> object:
    """Put the shim in place; answers the flash."""
    global _channel
    link.wire = open(int(sys.argv[1]), "r+b")
    _channel = open(int(sys.argv[2]), "r+b")
    import machine

    sys.modules["network"] = sys.modules["esp32"] = machine
    sys.modules["socket"] = link
    if sys.argv[4] == "virtual":
        import clock

        sys.modules["time"] = clock
    for name in sys.argv[5:]:
        __import__(name)
    del sys.modules["launch"]
    return link.Flash(sys.argv[3])


def boot(flash: object, before: int) -> None:
    """Once `start` is out of the heap: report what the shim takes of it, mount, boot.py."""
    _report(before)
    vfs.umount("/")
    files = vfs.VfsLfs2(flash)
    if "slow" in sys.modules:
        files = sys.modules["slow"].Files(files)
    vfs.mount(files, "/")
    os.chdir("/")
    sys.path[:] = ["", ".frozen", "/lib"]
    with open("/boot.py") as file:
        code = file.read()
    exec(code, {"__name__": "__main__"})
