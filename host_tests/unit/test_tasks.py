"""Named tasks: what happens when one dies."""

import asyncio

import pytest

from firmware.tasks import Tasks
from host_tests.unit.services.link_bench import VirtualLoop
from host_tests.unit.services.station_bench import Log


class Job:
    """A service that dies, ends or waits, by a list of how its lives go."""

    def __init__(self, *lives):
        self.lives = list(lives)
        self.began_s = []
        self.cancelled = False

    async def run(self):
        self.began_s.append(asyncio.get_running_loop().time())
        how = self.lives.pop(0) if self.lives else "wait"
        if isinstance(how, Exception):
            raise how
        try:
            while how == "wait":
                await asyncio.sleep(1)
        except asyncio.CancelledError:
            self.cancelled = True
            raise


class FullLog(Log):
    """There is no memory left for a line."""

    def error(self, component, text, *args):
        raise MemoryError


def play(jobs, end_s=0.0, log=None, safe=lambda: None):
    """Run the (name, job, vital) list until `wait` returns or the time is over."""
    log = log or Log()

    async def run():
        tasks = Tasks(log, safe)
        for name, job, vital in jobs:
            tasks.spawn(name, job.run, vital)
        if end_s:
            asyncio.get_running_loop().call_later(end_s, tasks.end)
        await tasks.wait()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return tasks, asyncio.get_running_loop().time()

    loop = VirtualLoop()
    try:
        return *loop.run_until_complete(run()), log
    finally:
        loop.close()


@pytest.mark.parametrize("how", [ValueError("x"), OSError(5), MemoryError(), "end"])
def test_a_vital_one_that_ends_stops_everything_and_is_named(how):
    other = Job()
    tasks, _, log = play([("reader", Job(how), True), ("other", other, False)])
    assert tasks.died == "reader"
    assert other.cancelled
    assert "reader" in log.errors()[0]
    if how != "end":
        assert type(how).__name__ in log.errors()[0]
        assert any("Traceback" in line for letter, line in log.lines if letter == "trace")


@pytest.mark.parametrize("vital, told", [(True, ["off", "E"]), (False, ["E"] * 3)])
def test_the_outputs_are_off_before_anything_is_said(vital, told):
    log = Log()
    play(
        [("control", Job(*[ValueError("x")] * 3), vital)], 4, log,
        lambda: log.lines.append(("off", "")),
    )  # fmt: skip
    assert [letter for letter, _ in log.lines if letter != "trace"] == told


@pytest.mark.parametrize("how", [ValueError("x"), "end"])
def test_another_one_is_started_again_after_a_second(how):
    job = Job(how, how)
    tasks, _, log = play([("link", job, False)], end_s=5)
    assert job.began_s == [0, 1, 2]
    assert tasks.died == "" and len(log.errors()) == 2


def test_end_cancels_all_and_is_no_death():
    jobs = [Job(), Job()]
    tasks, now_s, log = play([("a", jobs[0], True), ("b", jobs[1], False)], end_s=3)
    assert [job.cancelled for job in jobs] == [True, True]
    assert (tasks.died, now_s, log.errors()) == ("", 3, [])


def test_a_death_that_cannot_be_told_counts_all_the_same():
    restarted = Job(MemoryError())
    tasks, _, _ = play([("link", restarted, False)], 3, FullLog())
    assert len(restarted.began_s) == 2
    tasks, _, _ = play([("control", Job(MemoryError()), True)], 3, FullLog())
    assert tasks.died == "control"
