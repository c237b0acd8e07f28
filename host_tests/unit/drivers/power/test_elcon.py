"""Elcon bricks in parallel: shares, dropping one, and what is summed."""

import struct

import pytest

from firmware.charging.readings import FAULT_MODULE
from firmware.drivers.power import elcon
from host_tests.unit.drivers.power.cases import Alone, Options
from host_tests.unit.drivers.power.rig import Rig
from tools.sim.plant.power_elcon import HARDWARE, ElconBricks

COMMANDS = {0x1806E5F4: 0, 0x1806E7F4: 1, 0x1806E8F4: 2, 0x1806E9F4: 3}
STATUS = (0x18FF50E5, 0x18FF50E7, 0x18FF50E8, 0x18FF50E9)
FINE = "0348000000000000"


class Four(Options):
    power_units = 4
    power_max_ma = 25_000


def shares(sent):
    """The last command to each: tenths of an ampere, or "stop"."""
    found = {}
    for id, text in sent:
        volts, amps, control = struct.unpack(">HHB", bytes.fromhex(text)[:5])
        found[COMMANDS[id]] = "stop" if control else amps
    return [found.get(unit) for unit in range(4)]


@pytest.fixture
def four():
    rig = Alone("elcon", Four)
    rig.here = {0, 1, 2, 3}
    rig.flags = ["00"] * 4

    def run(ms):
        sent = []
        for _ in range(ms // 100):
            for unit in rig.here:
                rig.hear(STATUS[unit], "0348000A" + rig.flags[unit] + "000000")
            sent += rig.poll(100)
        return sent

    rig.run = run
    for unit in range(4):
        rig.hear(STATUS[unit], FINE)
    return rig


def test_the_current_is_divided(four):
    four.driver.set(84_000, 60_000)
    four.driver.enable(True)
    assert shares(four.run(600)) == [150, 150, 150, 150]
    assert four.reading.output_ma == 4_000


def test_no_brick_is_asked_for_more_than_its_rating(four):
    four.driver.set(84_000, 200_000)
    four.driver.enable(True)
    assert shares(four.run(600)) == [250, 250, 250, 250]
    four.flags[1] = "01"
    assert shares(four.run(200)) == [250, "stop", 250, 250]


@pytest.mark.parametrize("flag", ["01", "02", "04", "10"])
def test_one_that_reports_trouble_is_stopped_and_the_rest_take_over(four, flag):
    four.driver.set(84_000, 60_000)
    four.driver.enable(True)
    four.run(600)
    four.flags[2] = flag
    assert shares(four.run(100)) == [200, 200, "stop", 200]
    assert four.reading.fault == 0
    four.flags[2] = "00"
    assert shares(four.run(100)) == [150, 150, 150, 150]


def test_a_missing_battery_is_no_trouble(four):
    four.flags[0] = "08"
    four.driver.set(84_000, 60_000)
    four.driver.enable(True)
    assert shares(four.run(600)) == [150, 150, 150, 150]


def test_one_that_is_silent_for_3_s_is_stopped(four):
    four.driver.set(84_000, 60_000)
    four.driver.enable(True)
    four.run(600)
    four.here = {0, 1, 2}
    assert shares(four.run(2_500)) == [150, 150, 150, 150]
    assert shares(four.run(600)) == [200, 200, 200, "stop"]
    assert four.driver.online and four.reading.output_ma == 3_000


def test_all_in_trouble_is_a_fault(four):
    four.driver.set(84_000, 60_000)
    four.driver.enable(True)
    four.flags = ["01"] * 4
    assert shares(four.run(600)) == ["stop"] * 4
    assert four.reading.fault == FAULT_MODULE


def test_nobody_is_started_before_it_has_been_heard():
    rig = Alone("elcon", Four, greet=False)
    rig.driver.set(84_000, 60_000)
    rig.driver.enable(True)
    assert shares(rig.poll(600)) == ["stop"] * 4
    rig.hear(STATUS[2], FINE)
    assert shares(rig.poll(600)) == ["stop", "stop", 250, "stop"]


def test_off_reaches_all_of_them_first():
    rig = Alone("elcon", Four)
    for unit in range(4):
        rig.hear(STATUS[unit], FINE)
    rig.driver.set(84_000, 60_000)
    rig.driver.enable(True)
    send = rig.can.send
    room = [0]

    def one_at_a_time(id, data, ext=True):
        room[0] -= 1
        return room[0] >= 0 and send(id, data, ext)

    rig.can.send = one_at_a_time
    for _ in range(2):  # in the middle of telling them the set points
        room[0] = 1
        rig.driver.poll(10)
    rig.can.take()
    rig.driver.enable(False)
    sent = []
    for _ in range(4):
        room[0] = 1
        rig.driver.flush()
        sent += rig.can.take()
    assert shares(sent) == ["stop"] * 4


def test_on_the_bus_one_of_two_bricks_breaks_down():
    rig = Rig(elcon, ElconBricks, power_max_ma=40_000).deliver(60)
    assert [brick.amps for brick in rig.module.bricks] == [30.0, 30.0]
    rig.module.bricks[1].flags = HARDWARE
    rig.run(1_500)
    assert rig.module.amps == pytest.approx(40, abs=0.1)
    assert not rig.module.bricks[1].run and rig.reading.fault == 0
    rig.module.bricks[1].flags = 0
    rig.run(2_500)
    assert rig.module.amps == pytest.approx(60, abs=0.1)
    rig.module.bricks[0].present = False
    rig.run(5_000)
    assert rig.module.amps == pytest.approx(40, abs=0.1)
