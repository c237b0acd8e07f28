"""The charger's page under load: what those who watch cost, and clients that want to harm it.

The viewers' figures are of the virtual clock; the flood is of real sockets, for
tools/bench_power_path.py.
"""

import asyncio
import contextlib
import random
from collections.abc import Iterator

from tools.bench_kit import HEAP, ROOMY, Row, begin, booted, live, size
from tools.sim.page_visits import PAGE, watch

BUDGET = 84_000
GROWTH = 1_000
SECONDS = 20
_HEAD = b"GET /%s HTTP/1.1\r\nHost: 127.0.0.1\r\n"
_REST_S = 0.05  # between two requests of one client


def viewers() -> Iterator[Row]:
    """Heap and longest tick with 0, 1 and 4 who watch a session, and after they have gone."""
    first = 0
    bench = booted(ROOMY, PAGE)
    try:
        begin(bench)
        seen: list = []
        for count in (0, 1, 4):
            while len(seen) < count:
                seen.append(watch(bench))
            bench.run(SECONDS)
            heap = live(bench)
            first = first or heap
            gap = bench.state()["tick_max_ms"]
            yield Row(
                f"live heap in a session, {count} viewers",
                f"{size(heap)} ({heap - first:+,}), tick at most {gap} ms (virtual)",
                f"{size(BUDGET)} when idle",
            )
        for viewer in seen:
            viewer.close()
        bench.run(SECONDS)
        left = live(bench) - first
        yield Row("  and after they have gone", f"{left:+,} bytes", f"{GROWTH:,}", left <= GROWTH)
    finally:
        bench.close()
    yield _in_chip()


def _in_chip() -> Row:
    """Four viewers and a session in the chip's memory."""
    bench = booted(HEAP, PAGE)
    try:
        seen = [watch(bench) for _ in range(4)]
        begin(bench)
        bench.run(SECONDS)
        fine = bench.charger.starts == 1 and bench.state()["connector"] == "Charging"
        still = sum(not viewer.over for viewer in seen)
        told = f"{'yes' if fine else 'no'}, {still} still watching"
        return Row(f"a session with 4 viewers in {HEAP}", told, "yes", fine)
    finally:
        bench.close()


class Flood:
    """Clients of the page that want no answer; `sent` counts their requests."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._random = random.Random(port)
        self.sent = 0

    async def run(self) -> None:
        """For ever; cancel it."""
        async with asyncio.TaskGroup() as clients:
            for client in (self._slow, self._half_open, self._oversized, self._malformed):
                clients.create_task(self._again(client))

    async def _again(self, client) -> None:  # type: ignore[no-untyped-def]
        while True:
            with contextlib.suppress(OSError, asyncio.TimeoutError, asyncio.IncompleteReadError):
                async with asyncio.timeout(10):
                    reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
                    self.sent += 1
                    try:
                        await client(reader, writer)
                    finally:
                        writer.close()
            await asyncio.sleep(_REST_S)

    async def _slow(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for byte in _HEAD % b"status.json":
            writer.write(bytes((byte,)))
            await asyncio.sleep(0.2)

    async def _half_open(self, reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read(1)

    async def _oversized(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(_HEAD % b"" + b"Content-Length: 10485760\r\n\r\n" + bytes(1 << 20))
        await reader.read(64)

    async def _malformed(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(self._random.randbytes(self._random.randrange(1, 600)) + b"\r\n\r\n")
        await reader.read(64)
