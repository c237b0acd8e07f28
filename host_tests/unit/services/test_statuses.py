"""StatusNotification: what is told, for whom, and when a state must last before it is told."""

import pytest

from host_tests.unit.services.station_bench import Station, T

MINIMUM_S = 10


@pytest.fixture
def station(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Station()


@pytest.fixture
def slow(station):
    station.keys.set("MinimumStatusDuration", str(MINIMUM_S))
    return station


def told(station):
    """(connector, status) of every StatusNotification so far."""
    return [
        (body["connectorId"], body["status"])
        for action, body in station.link.sent
        if action == "StatusNotification"
    ]


def test_without_a_minimum_every_state_is_told_at_once(station):
    station.plug().unplug()
    assert told(station) == [(1, "Preparing"), (1, "Available")]


def test_a_state_is_told_when_it_has_lasted_and_with_the_time_it_began(slow):
    slow.plug().run(MINIMUM_S * 1000 - 100)
    assert told(slow) == []
    slow.run(1_200)
    assert told(slow) == [(1, "Preparing")]
    assert slow.link.sent[-1][1]["timestamp"] == "2026-01-21T09:51:06Z"
    slow.run(60_000)
    assert told(slow) == [(1, "Preparing")]
    assert slow.clock.boot_unix_s == T


def test_what_came_and_went_is_not_told(slow):
    for _ in range(5):
        slow.plug().run(2_000)
        slow.unplug().run(2_000)
    slow.run(60_000)
    assert told(slow) == []
    slow.plug().run(5_000)
    slow.core.authorize("T")
    slow.run(20_000)
    assert told(slow) == [(1, "Charging")]


def test_a_change_begins_the_wait_anew(slow):
    slow.plug().run(9_000)
    slow.core.set_operative(False)
    slow.point.out_of_service = 1
    slow.run(9_000)
    assert told(slow) == []
    slow.run(3_000)
    assert told(slow) == [(1, "Unavailable")]


def test_a_minimum_taken_away_lets_go_of_what_waits(slow):
    slow.plug().run(1_000)
    slow.keys.set("MinimumStatusDuration", "0")
    slow.run(1_000)
    assert told(slow) == [(1, "Preparing")]


def test_the_stop_does_not_wait_for_its_status(slow):
    slow.begin().run(20_000)
    slow.core.stop("Local")
    slow.run(200)
    assert slow.deliver()[-1][0] == "StopTransaction"
    assert told(slow) == [(1, "Charging")]
    slow.run(15_000)
    assert told(slow)[-1] == (1, "Finishing")


def test_a_fault_does_not_wait_and_its_clearing_does(slow):
    slow.core.e_stop = True
    slow.run(200)
    assert told(slow) == [(1, "Faulted"), (0, "Faulted")]
    for _ in range(3):  # it flaps: told once (a fourth time it would stay)
        slow.core.e_stop = False
        slow.run(1_000)
        slow.module_fault = 1
        slow.run(1_000)
        slow.module_fault = 0
        slow.run(1_500)
    assert [status for _, status in told(slow)].count("Available") == 0
    slow.run(20_000)
    assert told(slow)[-2:] == [(0, "Available"), (1, "Available")]


@pytest.mark.parametrize(
    ("strike", "whole"),
    [
        (lambda s: setattr(s.core, "e_stop", True), True),
        (lambda s: setattr(s, "module_fault", 1), True),
        (lambda s: setattr(s, "module_alive", False), True),
        (lambda s: setattr(s.module, "temperature_c10", 710), True),
        (lambda s: setattr(s, "bms_on", False), False),
        (lambda s: setattr(s, "stuck_open", True), False),
    ],
)
def test_connector_0_is_faulted_where_the_charger_is(station, strike, whole):
    station.begin().run(8_000)
    strike(station)
    station.run(4_000)
    assert (1, "Faulted") in told(station)
    assert ((0, "Faulted") in told(station)) == whole


def test_connected_and_a_trigger_tell_the_present_state_at_once(slow):
    slow.plug().run(2_000)
    slow.point.connected()
    assert told(slow) == [(0, "Available"), (1, "Preparing")]
    slow.run(30_000)
    assert told(slow) == [(0, "Available"), (1, "Preparing")]
    slow.point.statuses(1)
    assert told(slow)[2:] == [(1, "Preparing")]
    slow.point.statuses(0)
    assert told(slow)[3:] == [(0, "Available")]
