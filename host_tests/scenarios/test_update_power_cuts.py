"""Power fails at each flash write of an update: the next start runs old or new code, whole.

One update is recorded write by write. The flash as it is after N writes, with the N-th torn, is
looked at for every N: which slot would be chosen, and is it whole. From some of them a charger is
started, which then has to get the update done.
"""

from functools import cache
from pathlib import Path

import pytest

from host_tests.scenarios.updates import compiled, order, signed, slot, told, whole, with_key
from tools.sim.bench import Bench
from tools.sim.flash import BLOCK, ImageFlash, _mount
from tools.update_layout import SLOTS

ON, HEAP = "micropython32", "112k"
EXTRA = "firmware/extra.mpy"
ALL = pytest.param("all", marks=[pytest.mark.slow, pytest.mark.timeout(1800)])
WAYS = {"all": (1, 24), "sample": (173, 1)}  # look at every n-th write, start from so many


@cache
def new() -> dict[str, bytes]:
    """The update's files: one more than the old firmware has."""
    return {**whole(), EXTRA: compiled("pass\n")}


class Recorder:
    """What is written to the flash, in order."""

    def __init__(self, flash: ImageFlash) -> None:
        self.writes: list[tuple[int, bytes]] = []  # place, data
        self._program, self._erase = flash.program, flash.erase
        flash.program, flash.erase = self.program, self.erase  # type: ignore[method-assign]

    def program(self, block: int, offset: int, data: bytes) -> None:
        self.writes.append((block * BLOCK + offset, bytes(data)))
        self._program(block, offset, data)

    def erase(self, block: int) -> None:
        self.writes.append((block * BLOCK, b"\xff" * BLOCK))
        self._erase(block)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, list[tuple[int, bytes]]]:
    """The flash before an update, and the writes up to its confirmation."""
    path = tmp_path_factory.mktemp("update") / "flash"
    bench = with_key(Bench(on=ON, heap=HEAP, flash=path))
    try:
        bench.power_on()
        bench.expect("StatusNotification", within_s=20, connectorId=1, status="Available")
        before = path.read_bytes()
        recorder = Recorder(bench.charger.flash)
        order(bench, signed(new()))
        told(bench, "Downloading", "Downloaded", "Installing", "Installed")
        assert slot(bench) == "b"
    finally:
        bench.close()
    return before, recorder.writes


def runs(image: bytes) -> str:
    """ "old" or "new": what the next start would run. AssertionError unless it is whole."""
    fs = _mount(image)
    names = {f"{folder.rstrip('/')}/{n}" for folder, _, files in fs.walk("/") for n in files}

    def read(name: str) -> bytes:
        with fs.open(name, "rb") as file:
            return bytes(file.read())

    words = read("/slot").decode().split() if "/slot" in names else ["a"]
    chosen = words[0]
    if f"/{chosen}/firmware/app.mpy" not in names:
        chosen = SLOTS[chosen == SLOTS[0]]
    present = {n[3:]: read(n) for n in names if n.startswith(f"/{chosen}/")}
    kind = "new" if EXTRA in present else "old"
    assert present == (new() if kind == "new" else whole()), f"slot {chosen} is in pieces"
    return kind


def torn(image: bytes, place: int, data: bytes) -> bytes:
    """The image with half of the write done."""
    half = data[: len(data) // 2]
    return image[:place] + half + image[place + len(half) :]


def goes_on(image: bytes, path: Path) -> str:
    """A charger with this flash is brought up to date; what it said at first."""
    path.write_bytes(image)
    bench = with_key(Bench(on=ON, heap=HEAP, flash=path))
    bench.files_server.files["/new.update"] = signed(new())
    try:
        bench.power_on()
        bench.expect("StatusNotification", within_s=60, connectorId=1, status="Available")
        bench.run(150)
        said = [e.payload["status"] for e in bench.log if e.kind == "FirmwareStatusNotification"]
        if runs(path.read_bytes()) == "old":
            order(bench, signed(new()))
            bench.run(150)
        bench.call("GetConfiguration", {"key": ["HeartbeatInterval"]})
        assert runs(path.read_bytes()) == "new" and slot(bench) == "b", bench.output
    finally:
        bench.close()
    return said[-1] if said else ""


@pytest.mark.parametrize("way", [ALL, "sample"])
def test_old_or_new_code_runs_after_any_cut_and_the_update_gets_done(recorded, way, tmp_path):
    before, writes = recorded
    every, starts = WAYS[way]
    image = bytearray(before)
    seen = {"old": 0, "new": 0}
    said: dict[str, int] = {}
    started_at = {len(writes) * (2 * n + 1) // (2 * starts) for n in range(starts)}
    for number, (place, data) in enumerate(writes):
        if number % every == 0 or number > len(writes) - 12:
            seen[runs(torn(bytes(image), place, data))] += 1
        if number in started_at:
            last = goes_on(torn(bytes(image), place, data), tmp_path / "flash")
            said[last] = said.get(last, 0) + 1
        image[place : place + len(data)] = data
    assert runs(bytes(image)) == "new" and seen["old"] and seen["new"]
    print(
        f"update power cuts: {len(writes)} flash writes, {sum(seen.values())} looked at: "
        f"{seen['old']} run the old code, {seen['new']} the new; {starts} started: {said}"
    )
