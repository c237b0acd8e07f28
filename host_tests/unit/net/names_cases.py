"""Asks a name server for each host on stdin; prints the addresses or the error, and the gap.

The gap is the longest that another task had to wait meanwhile, in ms.
"""

import asyncio
import json
import sys
import time

if sys.implementation.name != "micropython":
    import compat

    compat.install()

from firmware.net import names


class Gap:
    """A task that wants to run every 10 ms."""

    longest_ms = 0

    async def run(self) -> None:
        """Measure until it is cancelled."""
        last = time.ticks_ms()
        while True:
            await asyncio.sleep_ms(10)
            now = time.ticks_ms()
            self.longest_ms = max(self.longest_ms, time.ticks_diff(now, last))
            last = now


async def main(hosts: list, port: int) -> list:
    """One question after the other."""
    gap = Gap()
    task = asyncio.create_task(gap.run())
    results = []
    for host in hosts:
        try:
            results.append(await names.ask(host, "127.0.0.1", port))
        except OSError as error:
            results.append(str(error))
    task.cancel()
    results.append(gap.longest_ms)
    return results


asked = json.loads(sys.stdin.read())
print(json.dumps(asyncio.run(main(asked["hosts"], asked["port"]))))
