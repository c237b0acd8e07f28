"""GB/T 27930 against the virtual vehicle: long waits, a full battery, a pause, a lost vehicle."""

from collections import deque

import pytest

from firmware.charging.readings import BmsReading
from firmware.drivers.bms.gbt27930 import make
from firmware.drivers.can import Frame
from tools.sim.chips.can_bus import CanBus, Device
from tools.sim.plant.battery import Battery
from tools.sim.plant.bms_gbt import CCS, CEM, CSD, CST, GbtVehicle


class Charger:
    """The driver on a virtual bus, its session opened and closed by hand; time by `run`.

    Like the real controller it keeps two frames between two polls.
    """

    def __init__(self):
        self.now_ms = 0.0
        self.bus = CanBus(250_000)
        self.vehicle = GbtVehicle(self.bus, Battery(60.0, 90.0), lambda: self.now_ms)
        self.vehicle.set_current_limit(90.0)
        self.node = Device(self.bus, lambda: True, self._receive)
        self.waiting = deque()
        self.lost = 0
        self.reading = BmsReading()
        self.driver = make(self, self.reading, None)
        self.driver.report(76_000, 0)
        self.vehicle.switch(True, True)

    def set_filters(self, filters):
        pass

    def send(self, id, data, ext=True):
        self.node.send(id, bytes(data), self.now_ms)
        return True

    def _receive(self, frame):
        if len(self.waiting) < 2:
            self.waiting.append(frame)
        else:
            self.lost += 1

    def run(self, seconds, until=lambda: False):
        end_ms = self.now_ms + seconds * 1000
        frame = Frame()
        while self.now_ms < end_ms and not until():
            self.now_ms += 1
            self.vehicle.advance(self.now_ms)
            self.bus.advance(self.now_ms)
            if self.now_ms % 10:
                continue
            while self.waiting:
                heard = self.waiting.popleft()
                frame.id, frame.ext, frame.len = heard.id, heard.ext, len(heard.data)
                frame.data[: len(heard.data)] = heard.data
                self.driver.on_frame(frame)
            self.reading.age_ms += 10
            self.driver.poll(10)

    def until_allowed(self):
        self.run(10, lambda: self.reading.allowed)
        assert self.reading.allowed and self.reading.complete

    def until_charging(self):
        self.until_allowed()
        self.driver.session(True)
        self.run(0.1)
        self.run(5, lambda: self.reading.current_limit_ma == 90_000)
        assert self.vehicle.stage == "charging" and self.reading.allowed


@pytest.fixture
def charger():
    return Charger()


def test_charging(charger):
    charger.until_charging()
    charger.driver.report(80_000, 85_000)
    charger.run(30)
    reading = charger.reading
    assert reading.allowed and reading.age_ms < 200 and not charger.driver.refused
    assert (reading.voltage_limit_mv, reading.current_limit_ma) == (84_000, 90_000)
    assert (reading.soc_c100, reading.voltage_mv) == (6000, 76_600)
    assert charger.vehicle.heard[CCS].hex() == "20034e0c0000fdff"
    assert charger.vehicle.errors == 0 and charger.lost < 5


def test_a_session_minutes_after_plugging_in(charger):
    charger.until_allowed()
    forbidden_ms = 0
    for _ in range(3_000):  # five minutes
        charger.run(0.1)
        forbidden_ms += 0 if charger.reading.allowed and charger.reading.age_ms < 3_000 else 100
    assert charger.vehicle.errors >= 4  # it has lost patience again and again
    assert forbidden_ms < 6_000
    charger.until_charging()


def test_a_full_battery_ends_it(charger):
    charger.until_charging()
    charger.vehicle.battery.soc = 100.0
    charger.run(3)
    assert not charger.reading.allowed and charger.reading.age_ms < 3_000
    assert charger.vehicle.heard[CST][0] == 0x40 and CSD in charger.vehicle.heard
    charger.run(60)
    assert not charger.reading.allowed and charger.vehicle.stage == "asleep"


def test_the_end_of_a_session_and_another_one(charger):
    charger.until_charging()
    charger.driver.session(False)
    charger.run(1)
    assert charger.vehicle.heard[CST][0] == 0x04 and CSD in charger.vehicle.heard
    charger.until_charging()
    assert charger.vehicle.errors == 0


def test_a_pause(charger):
    charger.until_charging()
    charger.vehicle.allowed = False
    charger.run(5)
    assert not charger.reading.allowed and charger.reading.age_ms < 200
    assert charger.vehicle.heard[CCS][6] == 0xFC
    charger.vehicle.allowed = True
    charger.run(1)
    assert charger.reading.allowed and charger.vehicle.errors == 0


def test_a_lost_vehicle_comes_back(charger):
    charger.until_charging()
    charger.vehicle.switch(True, False)
    charger.run(1.2)
    assert not charger.reading.allowed
    charger.run(5)
    assert charger.reading.age_ms > 5_000
    charger.vehicle.switch(True, True)
    charger.run(10, lambda: charger.reading.current_limit_ma == 90_000)
    charger.run(1)
    assert charger.vehicle.stage == "charging" and charger.reading.allowed
    assert CEM not in charger.vehicle.heard  # it was not there to hear it


def test_a_silent_charger_is_given_up(charger):
    charger.until_charging()
    poll = charger.driver.poll
    charger.driver.poll = lambda dt_ms: None
    charger.run(1.2)
    assert charger.vehicle.stage == "error"
    charger.driver.poll = poll
    charger.run(8)
    assert charger.vehicle.stage == "charging" and charger.reading.allowed
