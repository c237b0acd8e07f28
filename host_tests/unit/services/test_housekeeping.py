"""The watchdog is fed only while every vital loop turns."""

import asyncio
import gc

from firmware.services.housekeeping import Housekeeping
from host_tests.unit.services.link_bench import VirtualLoop
from host_tests.unit.services.station_bench import Clock, Log


class Loop:
    turns = 0


class Watchdog:
    fed = 0

    def feed(self):
        self.fed += 1


def make(count=2):
    loops = tuple(Loop() for _ in range(count))
    keeper = Housekeeping(loops, Clock(), Log())
    keeper.watchdog = Watchdog()
    return keeper, loops


def test_fed_while_all_loops_turn():
    keeper, loops = make()
    for _ in range(5):
        for loop in loops:
            loop.turns += 1
        assert keeper.turn()
    assert keeper.watchdog.fed == 5


def test_not_fed_when_one_stands_still_and_again_when_it_goes_on():
    keeper, loops = make()
    keeper.turn()
    loops[0].turns += 1
    assert not keeper.turn()
    assert keeper.watchdog.fed == 1
    assert keeper._log.errors() == ["loop 1 stands still"]
    for loop in loops:
        loop.turns += 1
    assert keeper.turn()
    assert keeper.watchdog.fed == 2


def test_without_a_watchdog_it_tells_all_the_same():
    keeper, _ = make()
    keeper.watchdog = None
    assert keeper.turn()
    assert not keeper.turn()


def test_runs_once_a_second_and_collects_every_five(monkeypatch):
    keeper, loops = make(1)
    collected = []
    monkeypatch.setattr(gc, "collect", lambda: collected.append(1))

    async def run():
        task = asyncio.create_task(keeper.run())
        for _ in range(20):
            loops[0].turns += 1
            await asyncio.sleep(1)
        task.cancel()

    loop = VirtualLoop()
    try:
        loop.run_until_complete(run())
    finally:
        loop.close()
    assert 19 <= keeper.watchdog.fed <= 21
    assert len(collected) == 4
