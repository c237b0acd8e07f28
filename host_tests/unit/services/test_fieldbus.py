"""The CAN loop: frames to the drivers that want them, bus-off answered with back-off."""

import asyncio
from types import SimpleNamespace

import pytest

from firmware.drivers.can import BUS_OFF, OK
from firmware.services.fieldbus import Fieldbus
from host_tests.unit.services.link_bench import VirtualLoop
from host_tests.unit.services.station_bench import Log


class Ticks:
    """`ticks` on the loop's time."""

    def ticks(self):
        return round(asyncio.get_running_loop().time() * 1000)


class Can:
    """A controller: ids waiting to be received, and a state that a restart may heal."""

    def __init__(self, ids=(), heals=True):
        self.waiting = list(ids)
        self.now = OK
        self.heals = heals
        self.restarts_s = []

    def receive(self, frame):
        if not self.waiting:
            return False
        frame.id = self.waiting.pop(0)
        return True

    def state(self):
        return self.now

    def restart(self):
        self.restarts_s.append(asyncio.get_running_loop().time())
        if self.heals:
            self.now = OK
        return True


class Driver:
    """Takes frames of its ids."""

    def __init__(self, *ids):
        self.ids = ids
        self.got = []
        self.polled_ms = 0

    def on_frame(self, frame):
        if frame.id not in self.ids:
            return False
        self.got.append(frame.id)
        return True

    def poll(self, dt_ms):
        self.polled_ms += dt_ms


def play(seconds, *buses, events=()):
    """Run for `seconds`; `events` are (at_s, function)."""
    log = Log()

    async def run():
        board = SimpleNamespace(buses=buses, polled=(), in_hand=False)
        fieldbus = Fieldbus(board, Ticks(), log)
        task = asyncio.create_task(fieldbus.run())
        for at_s, event in events:
            asyncio.get_running_loop().call_later(at_s, event)
        await asyncio.sleep(seconds)
        assert not task.done(), task.exception()
        task.cancel()
        return fieldbus

    loop = VirtualLoop()
    try:
        return loop.run_until_complete(run()), log
    finally:
        loop.close()


def test_frames_reach_their_driver_on_their_bus():
    a, b, c = Driver(1, 2), Driver(3), Driver(1)
    play(0.1, (Can([1, 3, 9, 2]), (a, b)), (Can([1]), (c,)))
    assert (a.got, b.got, c.got) == ([1, 2], [3], [1])


def test_a_flood_leaves_time_for_the_others():
    flooded = Can([1] * 1000)
    other = Driver(5)
    fieldbus, _ = play(0.095, (flooded, (Driver(1),)), (Can([5]), (other,)))
    assert fieldbus.turns == 10
    assert len(flooded.waiting) == 1000 - 160
    assert other.got == [5]


def test_drivers_are_polled_with_the_time_that_has_passed():
    driver = Driver()
    play(2, (Can(), (driver,)))
    assert driver.polled_ms == pytest.approx(2000, abs=20)


def off(*cans):
    def fall():
        for can in cans:
            can.now = BUS_OFF

    return fall


def test_a_bus_that_is_off_is_restarted_soon():
    can = Can()
    driver = Driver()
    _, log = play(5, (can, (driver,)), events=[(1, off(can))])
    assert len(can.restarts_s) == 1
    assert 1 < can.restarts_s[0] < 1.35
    assert [letter for letter, _ in log.lines] == ["W"]
    assert driver.polled_ms > 4900, "the drivers go on meanwhile"


def test_a_broken_bus_is_tried_ever_more_seldom_at_last_every_10_s():
    can = Can(heals=False)
    can.now = BUS_OFF
    play(120, (can, (Driver(),)))
    waits = [round(b - a, 3) for a, b in zip(can.restarts_s, can.restarts_s[1:], strict=False)]
    assert waits[0] == pytest.approx(0.4, abs=0.05)
    assert waits == sorted(waits)
    assert waits[-1] == pytest.approx(10, abs=0.2)


def test_a_frame_that_was_understood_ends_the_back_off():
    can = Can(heals=False)
    can.now = BUS_OFF

    def heard():
        can.waiting.append(1)

    play(80, (can, (Driver(1),)), events=[(60, heard)])
    after = [at_s for at_s in can.restarts_s if at_s > 60]
    assert after[0] < 60.5 and len(after) >= 5


def test_one_bus_off_leaves_the_other_alone():
    broken, well = Can(heals=False), Can([1] * 50)
    broken.now = BUS_OFF
    driver = Driver(1)
    play(5, (broken, ()), (well, (driver,)))
    assert len(driver.got) == 50 and well.restarts_s == []
