"""The clock: uptime that never wraps, and the date wherever the port's epoch lies."""

import time

import pytest

from firmware.net.clock import Clock

T = 1_768_989_066  # 2026-01-21T09:51:06Z
PERIOD = 1 << 30


class Rtc:
    """MicroPython's RTC: `datetime()` reads, `datetime(tuple)` sets."""

    def __init__(self, *now):
        self.now = now or (2000, 1, 1, 5, 0, 0, 0, 0)

    def datetime(self, now=None):
        if now is None:
            return self.now
        self.now = now


class Ticks:
    """`time.ticks_ms` with its wrap."""

    def __init__(self, now=0):
        self.now = now

    def __call__(self):
        return self.now % PERIOD


@pytest.fixture
def ticks(monkeypatch):
    ticks = Ticks()
    monkeypatch.setattr(time, "ticks_ms", ticks)
    return ticks


def test_uptime_begins_at_zero_wherever_the_ticks_are(ticks):
    ticks.now = 123_456
    clock = Clock(Rtc())
    assert clock.uptime() == (0, 0)
    ticks.now += 61_005
    assert clock.uptime() == (61, 5)
    assert clock.uptime_s() == 61


def test_uptime_goes_on_over_many_wraps(ticks):
    ticks.now = PERIOD - 5
    clock = Clock(Rtc())
    step = PERIOD // 3
    for _ in range(10):
        ticks.now += step
        clock.uptime()
    assert clock.uptime() == divmod(10 * step, 1000)


def test_milliseconds_are_not_lost_in_small_steps(ticks):
    clock = Clock(Rtc())
    for _ in range(10_000):
        ticks.now += 7
        clock.uptime()
    assert clock.uptime() == (70, 0)


def test_the_date_of_the_rtc_counts(ticks):
    clock = Clock(Rtc(2026, 1, 21, 2, 9, 51, 6, 0))
    assert clock.known and clock.unix_s() == T
    ticks.now += 10_000
    assert clock.unix_s() == T + 10


def test_an_rtc_that_was_never_set_is_known_to_be_wrong(ticks):
    clock = Clock(Rtc())
    assert not clock.known
    assert clock.unix_s() == 946_684_800  # what it shows


def test_setting_sets_the_rtc_too(ticks):
    rtc = Rtc()
    clock = Clock(rtc)
    ticks.now += 5000
    clock.set_unix(T)
    assert clock.known and clock.unix_s() == T
    assert rtc.now == (2026, 1, 21, 0, 9, 51, 6, 0)
    assert Clock(rtc).unix_s() == T, "over a reset"


@pytest.mark.parametrize("apart, taken", [(1, False), (-1, False), (2, True), (-2, True)])
def test_a_small_difference_is_the_networks(ticks, apart, taken):
    clock = Clock(Rtc(2026, 1, 21, 2, 9, 51, 6, 0))
    clock.set_unix(T + apart)
    assert clock.unix_s() == (T + apart if taken else T)


def test_uptime_does_not_follow_the_date(ticks):
    clock = Clock(Rtc())
    ticks.now += 3000
    clock.set_unix(T)
    assert clock.uptime() == (3, 0)
