"""Wi-Fi: joins, joins again after a loss, and tells of every change."""

import asyncio

import pytest

from firmware.net.wifi import WiFi
from firmware.settings import defaults
from host_tests.unit.services.link_bench import VirtualLoop
from host_tests.unit.services.station_bench import Log


class Wlan:
    """A WLAN whose network is there or not; joining takes a while."""

    def __init__(self, there=True, joins_in_s=4):
        self.there = there
        self.joins_in_s = joins_in_s
        self.asked_s = []
        self.is_active = False
        self.broken = False
        self.words = None

    def active(self, on):
        self.is_active = on

    def connect(self, ssid, password):
        if self.broken:
            raise OSError("Wifi Internal Error")
        assert self.is_active
        self.words = ssid, password
        self.asked_s.append(asyncio.get_running_loop().time())

    def isconnected(self):
        now_s = asyncio.get_running_loop().time()
        return self.there and bool(self.asked_s) and now_s - self.asked_s[-1] >= self.joins_in_s


def play(wlan, seconds, events=(), ssid="yard"):
    """Run for `seconds`; `events` are (at_s, function). What was told, and the log."""
    settings = defaults()
    settings.wifi_ssid, settings.wifi_password = ssid, "secret pass"
    log = Log()
    told = []
    wifi = WiFi(wlan, settings, told.append, log)

    async def run():
        task = asyncio.create_task(wifi.run())
        for at_s, event in events:
            asyncio.get_running_loop().call_later(at_s, event)
        await asyncio.sleep(seconds)
        task.cancel()

    loop = VirtualLoop()
    try:
        loop.run_until_complete(run())
    finally:
        loop.close()
    assert "secret pass" not in str(log.lines)
    return wifi, told, log


def test_it_joins_at_once_and_asks_no_more():
    wlan = Wlan()
    wifi, told, _ = play(wlan, 100)
    assert wlan.words == ("yard", "secret pass")
    assert wlan.asked_s == [0]
    assert wifi.up and told == [True]


def test_a_network_that_is_not_there_is_asked_for_ever_less_often():
    wlan = Wlan(there=False)
    wifi, told, _ = play(wlan, 900)
    pauses = [15, 30, 45, 60, 75, 90, 105, 120, 120, 120]
    assert wlan.asked_s == pytest.approx([sum(pauses[:n]) for n in range(11)], abs=0.1)
    assert not wifi.up and told == []


def test_a_loss_is_told_and_the_network_joined_again():
    wlan = Wlan()

    def lose():
        wlan.asked_s.clear()

    wifi, told, log = play(wlan, 60, [(20.5, lose)])
    assert told == [True, False, True] and wifi.up
    assert [line for _, line in log.lines] == ["joined yard", "lost yard", "joined yard"]
    assert wlan.asked_s[0] <= 22, "at once"


def test_a_radio_that_fails_is_asked_again():
    wlan = Wlan()
    wlan.broken = True

    def repaired():
        wlan.broken = False

    _, told, log = play(wlan, 60, [(20, repaired)])
    assert told == [True]
    assert [letter for letter, _ in log.lines] == ["W", "W", "I"]
