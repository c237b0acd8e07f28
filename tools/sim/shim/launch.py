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


async def _serve(charger) -> None:
    stream = asyncio.StreamReader(_channel)
    while True:
        line = await stream.readline()
        if not line:
            break
        if len(line) > 1:
            charger.core.supervisor.clear_latched()
            charger.stayed_up()
        _channel.write(json.dumps(charger.status()).encode() + b"\n")
    raise SystemExit  # the hardware is gone


def observe(charger) -> None:
    """Handed to main.run(): answers on the status channel."""
    asyncio.create_task(_serve(charger))


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
    gc.collect()
    link.ask(0x11, 0, 0, gc.mem_alloc() - before)
    vfs.umount("/")
    vfs.mount(vfs.VfsLfs2(flash), "/")
    os.chdir("/")
    sys.path[:] = ["", ".frozen", "/lib"]
    with open("/boot.py") as file:
        code = file.read()
    exec(code, {"__name__": "__main__"})
