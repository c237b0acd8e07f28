"""The red button while the rest of the firmware has its hands full, on the wall clock.

Real processes and real sockets: `tools.sim` runs the firmware as a child, and the central system
of bench_stress.py makes its trouble. Measured is what the plant sees: from the edge at the red
button to module off and contactor open. A PC is not an ESP32: what this shows is that nothing in
the firmware holds up the control loop, not how fast the chip computes.

    python -m tools.bench_power_path [--edges 200] [--on micropython32] [--lanes 2] [KIND...]
"""

import argparse
import asyncio
import contextlib
import json
import random
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

from tools.bench_kit import HEAP, ON, Row
from tools.bench_page import Flood
from tools.bench_stress import Server, identity
from tools.micropython import ROOT
from tools.ports import free_port
from tools.sim import process
from tools.sim.flash import ImageFlash

TYPICAL_MS, ALWAYS_MS = 100, 150
FLOOD = 200  # CALLs a second
KINDS = {
    "idle": "idle",
    "flood": f"{FLOOD} messages/s",
    "tls": "TLS reconnect",
    "flash": "flash full of writes",
    "page": "the page flooded",
}
_SESSION_S = 40.0
_RECONNECTION_S = 120.0  # who loses its line again and again waits ever longer
_POLL_S = 0.1
_MOST_RETRIES = 5
_FLASH_LEFT = 76  # blocks: so few that samples are thinned
_ERASE_MS = 45  # as flash chips are specified
_NET_OFF_S = 1.2  # the charger looks once a second
_OUTAGE_S = 2.5


class Charger:
    """A virtual charger in a process of its own, and its control port."""

    def __init__(
        self,
        on: str,
        url: str,
        flash: Path | None,
        settings: dict[str, str],
        erase_ms: int = _ERASE_MS,
    ) -> None:
        self._port, self.page_port = free_port(), free_port()
        self._words = [
            *("-m", "tools.sim", "--csms", url, "--on", on, "--control", str(self._port)),
            *(("--heap", HEAP) if on != "cpython" else ()),
            *(("--flash", str(flash)) if flash else ()),
            *("--erase-ms", str(erase_ms), "--web", str(self.page_port)),
            *(word for key, value in settings.items() for word in ("--set", f"{key}={value}")),
        ]
        self.said = b""

    async def start(self) -> None:
        """Until it takes commands. OSError: it does not."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, *self._words, cwd=ROOT, stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        self._listening = asyncio.create_task(self._listen())
        for attempt in range(200):
            try:
                self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
                return
            except OSError:
                if attempt == 199 or self._process.returncode is not None:
                    raise
                await asyncio.sleep(_POLL_S)

    async def _listen(self) -> None:
        assert self._process.stdout
        while line := await self._process.stdout.readline():
            self.said = (self.said + line)[-4000:]

    async def command(self, line: str) -> dict[str, Any]:
        """One command; its answer. RuntimeError when it is refused."""
        text = b""
        with contextlib.suppress(ConnectionError):
            self._writer.write(line.encode() + b"\n")
            text = await self._reader.readline()
        answer: dict[str, Any] = json.loads(text or b'{"error": "the charger is gone"}')
        if "error" in answer:
            raise RuntimeError(f"{line}: {answer['error']}\n{self.said.decode()}")
        return answer

    async def close(self) -> None:
        """End the process."""
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        await self._process.wait()
        await self._listening


class Lane:
    """One charger under one kind of trouble. `times` are in ms, an edge each."""

    def __init__(self, kind: str, on: str, folder: Path, seed: int = 1) -> None:
        self.kind = kind
        self.times: list[float] = []
        self.tick_max_ms = 0
        self.rate = 0.0  # messages a second that were really answered
        self.requests = 0  # of the page, before the presses
        self._on = on
        self._folder = folder
        self._random = random.Random(seed)

    async def run(self, edges: int) -> None:
        """Measure; RuntimeError or OSError when a session does not come about."""
        ca = identity(self._folder)
        self.server = Server(self._folder / "server.pem" if self.kind == "tls" else None)
        url = await self.server.start()
        settings = {"MeterValueSampleInterval": "1" if self.kind == "flash" else "30"}
        if self.kind == "page":
            settings["web_port"] = "80"
        self.charger = Charger(self._on, url, self._prepare(ca), settings)
        try:
            await self.charger.start()
            await self._until(lambda state: state["online"], "registration")
            await self._edges(edges)
            self.tick_max_ms = (await self.charger.command("state"))["tick_max_ms"]
        finally:
            await self.charger.close()
            self.server.close()

    def _prepare(self, ca: bytes) -> Path | None:
        flash = self._folder / "flash"
        if self._on == "cpython":
            flash.mkdir()
            (flash / "ca.der").write_bytes(ca)
            return flash
        image = ImageFlash(flash)
        image.prepare(process.code_files(None), {"/ca.der": ca})
        if self.kind == "flash":
            image.close()
            free = _free_blocks(flash)
            image.prepare(
                process.code_files(None), {"/ballast": bytes(4096 * (free - _FLASH_LEFT))}
            )
        image.close()
        return flash

    async def _edges(self, edges: int) -> None:
        retries = 0
        while len(self.times) < edges:
            try:
                await self._begin()
                async with self._trouble():
                    self.times.append(await self._press())
            except TimeoutError:
                retries += 1
                if retries > _MOST_RETRIES + edges // 20:
                    raise RuntimeError(f"{self.kind}: sessions do not begin") from None
            await self._end()

    async def _begin(self) -> None:
        """Gun in, remote start, current flows. TimeoutError: it did not."""
        seen = self.server.vehicles
        await self.charger.command("plug")
        for _ in range(100):
            if self.server.vehicles > seen:
                break
            await asyncio.sleep(_POLL_S)
        await self._until(lambda state: state["connector"] == "Preparing", "Preparing")
        await self.server.call("RemoteStartTransaction", {"connectorId": 1, "idTag": "TEST_TAG"})
        await self._until(lambda state: state["plant"]["amps"] > 1, "current")

    async def _end(self) -> None:
        self.server.answers = True
        await self.charger.command("estop off")
        await self.charger.command("unplug")
        await self._until(
            lambda state: state["connector"] == "Available" and state["online"],
            "the end",
            _RECONNECTION_S,
        )

    async def _until(self, true: Any, what: str, within_s: float = _SESSION_S) -> None:
        async with asyncio.timeout(within_s):
            while not true(await self.charger.command("state")):
                await asyncio.sleep(_POLL_S)

    @contextlib.asynccontextmanager
    async def _trouble(self) -> AsyncIterator[None]:
        """Make it, go on when the moment to press has come, end it."""
        loop = asyncio.get_running_loop()
        task, since, answered = None, loop.time(), self.server.answered
        try:
            if self.kind == "flood":
                task = asyncio.create_task(self.server.flood(FLOOD))
                await asyncio.sleep(0.5 + self._random.random() / 2)
            elif self.kind == "page":
                flood = Flood(self.charger.page_port)
                task = asyncio.create_task(flood.run())
                await asyncio.sleep(1 + self._random.random())
                self.requests += flood.sent
            elif self.kind == "tls":
                await self._break_line()
            elif self.kind == "flash":
                await self._outage()
            else:
                await asyncio.sleep(self._random.random() / 5)
            yield
        finally:
            if task:
                self.rate = (self.server.answered - answered) / (loop.time() - since)
                task.cancel()

    async def _break_line(self) -> None:
        """Press within the TLS handshake that follows."""
        came = self.server.front.came
        came.clear()
        self.server.front.drop()
        await self.charger.command("net off")
        await asyncio.sleep(_NET_OFF_S)
        await self.charger.command("net on")  # so that it connects at once, whatever its back-off
        async with asyncio.timeout(_SESSION_S):
            await came.wait()
        await asyncio.sleep(self._random.random() / 10)

    async def _outage(self) -> None:
        """The server falls silent and each sample is written; then all is sent and forgotten."""
        self.server.answers = False
        await asyncio.sleep(_OUTAGE_S)
        if self._random.random() < 0.5:
            self.server.answers = True
            self.server.front.drop()
            await asyncio.sleep(1)
        await asyncio.sleep(self._random.random())

    async def _press(self) -> float:
        """The red button; ms until the power is off."""
        await self.charger.command("estop on")
        for _ in range(40):
            await asyncio.sleep(0.25)
            plant = (await self.charger.command("state"))["plant"]
            if plant["edge_to_off_ms"] is not None:
                return float(plant["edge_to_off_ms"])
        raise RuntimeError("the power stayed on after the red button")


def _free_blocks(flash: Path) -> int:
    from littlefs import LittleFS
    from littlefs.context import UserContext

    context = UserContext(0)
    context.buffer = bytearray(flash.read_bytes())
    fs = LittleFS(context=context, mount=True, block_size=4096, block_count=512)
    return 512 - int(fs.used_block_count)


async def measure(kind: str, on: str, edges: int, lanes: int) -> list[Lane]:
    """`edges` edges on `lanes` chargers at once."""
    with tempfile.TemporaryDirectory(prefix="rivot-power-") as folder:
        running = []
        async with asyncio.TaskGroup() as group:
            for number in range(lanes):
                place = Path(folder, str(number))
                place.mkdir()
                lane = Lane(kind, on, place, number)
                running.append(lane)
                group.create_task(lane.run(-(-edges // lanes)))
    return running


def rows(kind: str, on: str, edges: int, lanes: int) -> Iterator[Row]:
    """The figures of one kind of trouble on one interpreter."""
    running = asyncio.run(measure(kind, on, edges, lanes))
    times = sorted(ms for lane in running for ms in lane.times)
    what = f"E-stop to off, {on}, {KINDS[kind]}, {len(times)} edges: "
    rank = times[min(len(times) - 1, int(len(times) * 0.999))]
    yield Row(what + "median", f"{statistics.median(times):.1f} ms")
    yield Row(what + "99.9 %", f"{rank:.1f} ms", f"{TYPICAL_MS} ms", rank <= TYPICAL_MS)
    yield Row(what + "longest", f"{times[-1]:.1f} ms", f"{ALWAYS_MS} ms", times[-1] <= ALWAYS_MS)
    gap = max(lane.tick_max_ms for lane in running)
    yield Row("  longest time between two control ticks, start included", f"{gap} ms")
    if kind == "flood":
        rate = statistics.mean(lane.rate for lane in running)
        yield Row("  messages answered while it lasted", f"{rate:.0f}/s of {FLOOD}/s")


def main(arguments: list[str] | None = None) -> int:
    """Command line. 1 when a budget is missed."""
    from tools.bench import show

    parser = argparse.ArgumentParser(prog="python -m tools.bench_power_path")
    parser.add_argument("--edges", type=int, default=200)
    parser.add_argument("--lanes", type=int, default=2, help="chargers at once")
    parser.add_argument("--on", default=ON, choices=("cpython", "micropython", "micropython32"))
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=", ".join(KINDS))
    options = parser.parse_args(arguments)
    made: list[Row] = []
    for kind in options.kinds or KINDS:
        made += rows(kind, options.on, options.edges, options.lanes)
    show(made)
    return 1 if any(row.ok is False for row in made) else 0


if __name__ == "__main__":
    sys.exit(main())
