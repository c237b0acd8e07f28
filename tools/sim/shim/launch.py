"""Starts the firmware on MicroPython: shim in place, flash mounted, boot.py, main.run().

Arguments: descriptor of the wire, descriptor of the status channel, flash image, clock.
"""

import asyncio
import gc
import json
import os
import sys

import vfs
from link import ask
from micropython import const

_HELLO = const(0x11)


def start(before: int) -> None:
    """`before`: bytes of heap in use before any of the bench was loaded."""
    import link

    _, wire, status, image, clock = sys.argv
    link._file = open(int(wire), "r+b")
    channel = open(int(status), "r+b")

    async def serve(charger) -> None:
        stream = asyncio.StreamReader(channel)
        while await stream.readline():
            channel.write(json.dumps(charger.status()).encode() + b"\n")
        raise SystemExit  # the hardware is gone

    def observe(charger) -> None:
        asyncio.create_task(serve(charger))

    import esp32  # noqa: F401
    import machine  # noqa: F401
    import network  # noqa: F401
    import resolver

    sys.modules["socket"] = resolver
    if clock == "virtual":
        import clock

        sys.modules["time"] = clock
    from flash import Flash

    flash = Flash(image)
    gc.collect()
    ask(_HELLO, 0, 0, gc.mem_alloc() - before)
    vfs.umount("/")
    vfs.mount(vfs.VfsLfs2(flash), "/")
    os.chdir("/")
    sys.path[:] = ["", ".frozen", "/lib"]
    _boot()
    import main

    main.run(observe)


def _boot() -> None:
    with open("/boot.py") as file:
        code = file.read()
    exec(code, {"__name__": "__main__"})
