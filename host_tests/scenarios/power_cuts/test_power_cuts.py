"""Power cut at flash writes of a whole charger at work: no session is lost, none stays open.

A sample of the cuts runs in `make test`, every one of them in `make test-all`; both print counts.
"""

from collections import Counter
from pathlib import Path

import pytest

from host_tests.scenarios.power_cuts.play import (
    Play,
    Result,
    Story,
    offline_session,
    online_session,
    reconnect,
)
from host_tests.scenarios.power_cuts.verdict import FAULTS
from tools.micropython import command
from tools.sim.bench import Bench

_SAMPLE = 3  # cuts of a story in `make test`
_SAMPLE32 = 3
_PARTS = (0.0, 0.99, 0.3)  # of the write that the power dies at
_EVERY = [pytest.mark.slow, pytest.mark.timeout(1800)]


# Each story comes when the file system is about to write a directory anew, in other blocks: that
# happens in it, so that the cuts hit every kind of write.


def _three_kept(bench: Bench) -> None:
    for _ in range(3):
        bench.run(2)  # or the reader takes the tag for the same as before
        offline_session(bench)


ONLINE = Story("online", online_session, online_session)
OFFLINE = Story("offline", online_session, offline_session)
DRAIN = Story("drain", _three_kept, reconnect, kept=3)
RESUME = Story(
    "resume", online_session, online_session, {"resume_after_power_cut": "true"}, resumes=True
)
STORIES = {story.name: story for story in (ONLINE, OFFLINE, DRAIN, RESUME)}


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("flash")


def _play(story: Story, on: str, images: Path) -> Play:
    if command(on) is None:
        pytest.skip(f"{on} is missing: make setup")
    return Play(story, on, images)


def _spread(writes: int, runs: int) -> range:
    """About so many cuts, evenly; an odd step, as what follows a cut depends on its parity."""
    return range(1, writes + 1, max(1, writes // runs | 1) if runs else 1)


def _sum(results: list[Result]) -> Counter:
    total: Counter = Counter()
    for result in results:
        total.update(result.counts)
    return total


def _report(record_property, what: str, writes: int, results: list[Result]) -> None:
    total = _sum(results)
    faults = ", ".join(f"{name} {total[name]}" for name in FAULTS)
    record_property(
        "counts",
        f"{what}: {len(results)} runs over {writes} flash writes, {total['sessions']} sessions, "
        f"{total['power_loss']} closed by PowerLoss, {total['resumed']} resumed, "
        f"{total['repeats']} records sent twice; {faults}",
    )
    assert [(result.cut, result.wrong) for result in results if result.wrong] == []
    assert total["sessions"] >= len(results)


@pytest.mark.parametrize("runs", [_SAMPLE, pytest.param(0, marks=_EVERY, id="all")])
@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
def test_no_cut_harms_a_session(story: Story, runs: int, images: Path, record_property) -> None:
    play = _play(story, "micropython", images)
    writes = play.writes()
    results = [play.run(cut) for cut in _spread(writes, runs)]
    _report(record_property, f"power cuts, {story.name}", writes, results)
    assert bool(_sum(results)["resumed"]) == story.resumes


@pytest.mark.parametrize("runs", [_SAMPLE32, pytest.param(20, marks=_EVERY, id="more")])
@pytest.mark.parametrize("story", [ONLINE, RESUME], ids=lambda story: story.name)
def test_no_cut_harms_a_session_on_32_bit(
    story: Story, runs: int, images: Path, record_property
) -> None:
    play = _play(story, "micropython32", images)
    writes = play.writes()
    results = [play.run(cut) for cut in _spread(writes, runs)]
    _report(record_property, f"power cuts, {story.name}, 32 bit 112k", writes, results)
    assert bool(_sum(results)["resumed"]) == story.resumes


@pytest.mark.parametrize("runs", [2, pytest.param(0, marks=_EVERY, id="all")])
@pytest.mark.parametrize("story", [ONLINE, RESUME], ids=lambda story: story.name)
def test_nor_does_a_second_cut_at_boot(
    story: Story, runs: int, images: Path, record_property
) -> None:
    play = _play(story, "micropython", images)
    writes = play.writes()
    results = [
        play.run(cut, again=1 + index * 7 % 23, part=_PARTS[index % len(_PARTS)])
        for index, cut in enumerate(_spread(writes, runs))
    ]
    _report(record_property, f"power cuts, {story.name}, cut twice", writes, results)
