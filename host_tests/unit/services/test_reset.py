"""Reset: asked for again while the charger is still alive, as often as ResetRetries says."""

import pytest

from firmware.services.tag_reader import present as present_tag
from host_tests.unit.services.station_bench import Station


class Restarts(list):
    """Every restart that was asked for, as its `at_once`."""

    def __call__(self, at_once=False):
        self.append(at_once)


@pytest.fixture
def station(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    restarts = Restarts()
    monkeypatch.setattr(Station, "restart", restarts)
    station = Station()
    station.asked = restarts
    return station


@pytest.mark.parametrize("retries", [0, 1, 3])
def test_a_reset_that_does_not_come_is_asked_for_again_then_forced(station, retries):
    station.keys.set("ResetRetries", str(retries))
    assert station.point.commands().reset("Soft")
    station.run(60_000)
    assert station.asked[: retries + 2] == [False] * (retries + 1) + [True]
    assert len(station.asked) <= 7, "ten seconds apart"


def test_a_second_reset_postpones_nothing_and_may_hasten(station):
    station.begin().run(2_000)  # its records are not delivered: the reset waits
    commands = station.point.commands()
    assert commands.reset("Soft")
    station.run(10_000)
    assert commands.reset("Soft")
    station.run(10_000)
    assert station.asked == []
    assert commands.reset("Hard")
    station.run(6_000)
    assert station.asked == [False]
    assert station.core.session.reason == "SoftReset"


def test_nothing_starts_while_it_waits(station):
    station.begin().run(2_000)
    commands = station.point.commands()
    commands.reset("Soft")
    station.run(3_000)
    assert not commands.remote_start("R", 1, None)
    present_tag(station.point, "TAG")
    station.run(500)
    assert not station.core.connector.authorized
    assert commands.reserve(1, station.clock.unix_s() + 60, "T", "") != "Accepted"
