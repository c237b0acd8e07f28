"""A charger whose power dies at one flash write of a story, and what its books then say.

A `Story` is what happens up to the cut; `Play` runs it from an image of the flash, cuts, switches
on again, lets a normal session follow and has the verdict (verdict.py).
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from host_tests.scenarios.power_cuts.verdict import judge, look
from host_tests.scenarios.steps import TAG
from tools.sim.bench import Bench, BenchError
from tools.sim.charger import PowerLost

NEXT_TAG = "1122334455"  # of the normal session after the cut
INTERVAL_S = 1
SETTINGS = {"MeterValueSampleInterval": INTERVAL_S, "LocalAuthorizeOffline": "true"}
HEAP = {"micropython32": "112k"}
_SAMPLES = 2
_RESUMES_S = 5  # power-up, vehicle heard, start
_ENOUGH_S = 60
_LATER_S = 100


class Story(NamedTuple):
    """`before` makes the flash that each run begins with, `act` is what is cut."""

    name: str
    before: Callable[[Bench], None]
    act: Callable[[Bench], None]
    settings: dict[str, Any] = {}
    kept: int = 0  # sessions that `before` leaves undelivered
    resumes: bool = False


class Result(NamedTuple):
    """One run: where it was cut, what was wrong (nothing, it is hoped), and the counts."""

    cut: int
    wrong: list[str]
    counts: dict[str, int]


def online_session(bench: Bench) -> None:
    """Start by tag, a few samples, stop by tag, all of it delivered."""
    session(bench, TAG)
    delivered(bench)


def offline_session(bench: Bench) -> None:
    """The same while the central system is away."""
    bench.server.online(False)
    _by_tag(bench, TAG)
    bench.command("unplug")
    bench.run(1)


def reconnect(bench: Bench) -> None:
    """Start without the central system; it comes back and takes what has been kept for it."""
    bench.server.online(False)
    bench.run(0.5)
    bench.server.online(True)
    delivered(bench)


def session(bench: Bench, tag: str, booted: bool = False) -> None:
    """A session of a charger that is online, told in full."""
    if not booted:
        bench.expect("BootNotification", within_s=_ENOUGH_S)
        plugged = bench.hardware.plant_state()["plugged"]
        state = "Preparing" if plugged else "Available"
        bench.expect("StatusNotification", within_s=_ENOUGH_S, connectorId=1, status=state)
        bench.run(0.3)
    _by_tag(bench, tag)
    bench.expect("StartTransaction", within_s=_ENOUGH_S, idTag=tag)
    bench.expect("StopTransaction", within_s=_ENOUGH_S, reason="Local")
    bench.command("unplug")
    bench.expect("StatusNotification", connectorId=1, status="Available")


def delivered(bench: Bench) -> None:
    """Wait until the central system has everything."""
    bench.run_until(lambda: bench.server.connected, _ENOUGH_S, "a connection")
    for _ in range(_ENOUGH_S):
        if bench.state()["queued"] == 0:
            return
        bench.run(1)
    raise BenchError("not everything was delivered")


def _goes_on(bench: Bench) -> bool:
    """Has the session gone on after the cut? Then let it have samples, and stop it by its tag."""
    if not bench.hardware.plant_state()["plugged"]:
        return False
    try:
        _wait_for_current(bench, _RESUMES_S)
    except BenchError:
        return False
    bench.run(INTERVAL_S * 1.2)
    bench.command(f"tag {TAG}")
    bench.expect("StopTransaction", within_s=_ENOUGH_S, reason="Local")
    bench.run(0.5)
    return True


def _by_tag(bench: Bench, tag: str) -> None:
    """Plug unless the gun is in, start, charge for some samples, stop."""
    if not bench.hardware.plant_state()["plugged"]:
        bench.command("plug")
        bench.run(0.6)
    bench.command(f"tag {tag}")
    _wait_for_current(bench, _ENOUGH_S)
    bench.run(INTERVAL_S * _SAMPLES)
    bench.command(f"tag {tag}")
    bench.run_until(lambda: bench.hardware.plant_state()["amps"] < 0.1, 10, "no current")
    bench.run(0.3)


def _wait_for_current(bench: Bench, within_s: float) -> None:
    bench.run_until(lambda: bench.hardware.plant_state()["amps"] > 1, within_s, "current")


class Play:
    """Runs a story, each time from the same flash. `folder` holds the images."""

    def __init__(self, story: Story, on: str, folder: Path) -> None:
        self.story = story
        self._on = on
        self._image = folder / f"{story.name}-{on}.img"
        self._run = folder / f"{story.name}-{on}.run"
        if not self._image.exists():
            self._prepare()

    def _prepare(self) -> None:
        fresh = self._image.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        with self._bench(fresh, {**SETTINGS, **self.story.settings}) as bench:
            bench.run_until(lambda: bench.server.connected, _ENOUGH_S, "a connection")
            bench.run(1)
            self.story.before(bench)
        fresh.replace(self._image)

    def _bench(self, flash: Path, settings: dict[str, Any] | None = None) -> Bench:
        return Bench(on=self._on, heap=HEAP.get(self._on), flash=flash, settings=settings)

    def writes(self) -> int:
        """How many flash writes the story has, uncut."""
        with self._fresh() as bench:
            self.story.act(bench)
            return int(bench.charger.flash.counter.writes)

    def _fresh(self) -> Bench:
        shutil.copyfile(self._image, self._run)
        bench = self._bench(self._run)
        bench.run(_LATER_S)  # the flash has been written before
        return bench

    def run(self, cut: int, again: int = 0, part: float = 0.5) -> Result:
        """Cut at flash write `cut`; at `again` of the next life, too (0: no).

        A `part` of the write gets done.
        """
        self._part = part
        bench = self._fresh()
        lives = [look(bench)]
        try:
            self._cut_life(bench, cut, self.story.act)
            lives.append(look(bench))
            if again:
                self._cut_life(bench, again, lambda bench: bench.run(5))
                lives.append(look(bench))
            resumed = self._in_peace(bench, cut)
            lives.append(look(bench))
        except BenchError as error:
            return Result(cut, [f"stuck: {error}"], {"stuck": 1})
        finally:
            bench.close()
        wrong, counts = judge(bench, lives, INTERVAL_S, self.story.kept)
        return Result(cut, wrong, {**counts, "resumed": int(resumed)})

    def _cut_life(self, bench: Bench, cut: int, act: Callable[[Bench], None]) -> None:
        bench.cut_at(cut, self._part)
        try:
            bench.power_on()
            act(bench)
        except PowerLost:
            return
        bench.command("power")

    def _in_peace(self, bench: Bench, cut: int) -> bool:
        """Power back for good; a normal session. After some of the cuts the gun was pulled.

        Has the session that was cut gone on before it?
        """
        bench.cut_at(None)
        bench.run(0.2)
        if cut % (4 if self.story.resumes else 2) == 1:  # so every odd step meets both
            bench.command("unplug")
        bench.server.online(True)
        bench.seen()
        bench.power_on()
        resumed = self.story.resumes and _goes_on(bench)
        session(bench, NEXT_TAG, booted=resumed)
        delivered(bench)
        return resumed
