"""Charging profiles from the request to the regulator: boundaries, sessions, reboots, trouble."""

import json
import os

import pytest

from firmware.ocpp.key_table import find
from firmware.storage import profiles as storage
from host_tests.unit.ocpp.answers import answer_of
from host_tests.unit.services.station_bench import Clock, Station

NO_LIMIT = 1_000_000
ISO = "2026-01-21T%02d:%02d:%02dZ"
BEGIN_S = 9 * 3600 + 51 * 60 + 6  # the bench clock's second of the day at power-up


@pytest.fixture
def station(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Station().run(100)


def reboot(old, clock=None):
    """Another charger on the same flash."""
    made = Station.__new__(Station)
    Station.__init__(made, clock or Clock(old.clock.unix_s() + 60))
    return made


def at(seconds):
    """Time stamp so many seconds after power-up."""
    minute, second = divmod(BEGIN_S + seconds, 60)
    return ISO % (*divmod(minute, 60), second)


def profile(
    *periods, number=1, purpose="TxDefaultProfile", level=0, start=None, kind="Absolute",
    unit="A", transaction=None, valid_to=None, **schedule,
):  # fmt: skip
    made = {
        "chargingProfileId": number,
        "stackLevel": level,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": kind,
        "chargingSchedule": {
            "chargingRateUnit": unit,
            "chargingSchedulePeriod": [
                {"startPeriod": start, "limit": limit} for start, limit in periods
            ],
            **schedule,
        },
    }
    if start is not None:
        made["chargingSchedule"]["startSchedule"] = at(start)
    if transaction is not None:
        made["transactionId"] = transaction
    if valid_to is not None:
        made["validTo"] = at(valid_to)
    return made


def ask(station, action, payload):
    answer = answer_of(action, payload, station.point.commands(), station.keys)
    station.run(100)
    return json.loads(answer)


def put(station, *periods, connector=1, **fields):
    request = {"connectorId": connector, "csChargingProfiles": profile(*periods, **fields)}
    return ask(station, "SetChargingProfile", request)["status"]


def put_max(station, *periods, **fields):
    return put(station, *periods, connector=0, purpose="ChargePointMaxProfile", **fields)


def clear(station, **wanted):
    return ask(station, "ClearChargingProfile", wanted)["status"]


def composite(station, duration=300, unit="A"):
    request = {"connectorId": 1, "duration": duration, "chargingRateUnit": unit}
    schedule = ask(station, "GetCompositeSchedule", request)["chargingSchedule"]
    return [(p["startPeriod"], p["limit"]) for p in schedule["chargingSchedulePeriod"]]


def start(station, profile=None, tag="TAG"):
    request = {"idTag": tag, "connectorId": 1}
    if profile:
        request["chargingProfile"] = profile
    return ask(station, "RemoteStartTransaction", request)["status"]


def limit(station):
    return station.core.regulator.smart_ma


def stored():
    with open("profiles") as file:
        return [json.loads(line) for line in file]


def known(station):
    """The server has answered StartTransaction; its id."""
    station.deliver()
    return station.transactions.transaction_id()


# ---- limits reach the regulator ----


def test_without_profiles_there_is_no_limit(station):
    assert limit(station) == NO_LIMIT
    assert composite(station) == [(0, 100.0)]


def test_nothing_is_allowed_before_the_profiles_were_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    station = Station()
    station.point.smart.apply()
    assert limit(station) == 0


def test_a_limit_holds_at_once_and_changes_on_the_second(station):
    assert put_max(station, (0, 16), (10, 6.5), (20, 32), start=0) == "Accepted"
    assert limit(station) == 16_000
    station.run(9_700 - station.clock.ms)
    for second, wanted in ((9, 16_000), (10, 6_500), (19, 6_500), (20, 32_000), (4000, 32_000)):
        station.run(second * 1000 + 950 - station.clock.ms)
        assert (station.clock.uptime_s(), limit(station)) == (second, wanted)


def test_when_it_ends_there_is_none(station):
    put_max(station, (0, 6), start=0, duration=5)
    station.run(6_000)
    assert limit(station) == NO_LIMIT
    put_max(station, (0, 6), valid_to=10)
    assert limit(station) == 6_000
    station.run(6_000)
    assert limit(station) == NO_LIMIT


def test_cleared_it_is_gone_at_once(station):
    put_max(station, (0, 6))
    assert clear(station, id=1) == "Accepted"
    assert limit(station) == NO_LIMIT
    assert clear(station, id=1) == "Unknown"


def test_the_clock_is_set(station):
    put_max(station, (0, 16), (3600, 6), start=0)
    station.clock.boot_unix_s += 3600
    station.run(1_000)
    assert limit(station) == 6_000
    station.clock.boot_unix_s -= 3600
    station.run(1_000)
    assert limit(station) == 16_000


def test_while_the_time_is_not_known_the_lowest_limit_holds(station):
    put_max(station, (0, 32), (60, 10), (120, 16), start=0)
    clock = Clock(946_684_800)  # an RTC that was without power: the year 2000
    clock.known = False
    other = reboot(station, clock).run(100)
    assert limit(other) == 10_000
    clock.boot_unix_s = 1_768_989_066
    clock.known = True
    other.run(1_000)
    assert limit(other) == 32_000


def test_watts_follow_the_battery(station):
    put_max(station, (0, 3820), unit="W")
    assert limit(station) == 3_820_000_000 // station.core.regulator.max_mv  # idle
    station.begin().run(3_000)
    for battery_mv in (76_400, 70_000, 84_000):
        station.battery_mv = battery_mv
        station.run(1_100)
        assert 0 <= 3_820_000_000 // battery_mv - limit(station) <= 60


def test_amperes_and_watts_the_lower_one(station):
    put_max(station, (0, 3820), unit="W")
    put(station, (0, 60), number=2)
    station.begin().run(2_000)
    watts_ma = 3_820_000_000 // station.core.module.terminal_mv
    assert watts_ma - 60 <= limit(station) <= watts_ma < 60_000
    put(station, (0, 20), number=2)
    assert limit(station) == 20_000


def test_below_the_minimum_it_pauses(station):
    station.begin().run(3_000)
    put(station, (0, 8), minChargingRate=6)
    assert limit(station) == 8_000
    put_max(station, (0, 5), number=2)
    assert limit(station) == 0
    put_max(station, (0, 6), number=2)
    assert limit(station) == 6_000


def test_zero_suspends_and_more_goes_on(station):
    station.begin().run(5_000)
    assert station.power
    put(station, (0, 0), (20, 16), start=station.clock.uptime_s())
    station.run(2_000)
    assert station.state == "SuspendedEVSE" and not station.power
    station.run(30_000)
    assert station.state == "Charging" and station.core.regulator.set_ma == 16_000


# ---- TxProfile ----


def test_a_tx_profile_needs_its_transaction(station):
    assert put(station, (0, 6), purpose="TxProfile") == "Rejected"
    assert not os.path.exists("profiles")
    station.begin()
    assert (
        put(station, (0, 6), purpose="TxProfile", transaction=501) == "Rejected"
    )  # not known yet
    number = known(station)
    assert put(station, (0, 6), purpose="TxProfile", transaction=number + 1) == "Rejected"
    assert limit(station) == NO_LIMIT
    assert put(station, (0, 6), purpose="TxProfile", transaction=number) == "Accepted"
    assert limit(station) == 6_000
    assert put(station, (0, 7), purpose="TxProfile", number=2) == "Accepted"
    assert limit(station) == 7_000 and len(stored()) == 1


def test_it_ends_with_its_transaction(station):
    put(station, (0, 20))
    station.begin().run(1_000)
    put(station, (0, 6), purpose="TxProfile", number=2)
    assert limit(station) == 6_000 and len(stored()) == 2
    station.core.stop("Remote")
    station.run(5_000)
    assert limit(station) == 20_000 and len(stored()) == 1
    assert clear(station, id=2) == "Unknown"


def test_after_a_power_cut_it_is_that_transactions_only(station):
    station.begin().run(1_000)
    put(station, (0, 6), purpose="TxProfile")
    other = reboot(station)  # closes the transaction
    other.run(1_000)
    assert limit(other) == NO_LIMIT and stored() == []


def test_relative_runs_from_the_start_of_the_transaction(station):
    put(station, (0, 10), (30, 6), kind="Relative")
    station.run(40_000)
    station.begin()
    begun_ms = station.clock.ms
    assert limit(station) == 10_000
    assert composite(station, 60) in ([(0, 10.0), (30, 6.0)], [(0, 10.0), (29, 6.0)])
    station.run(28_500)
    assert limit(station) == 10_000
    station.run(2_500)
    assert limit(station) == 6_000
    assert station.clock.ms - begun_ms < 32_000
    assert composite(station, 60) == [(0, 6.0)]


def test_idle_a_relative_schedule_is_shown_as_if_it_began_now(station):
    put(station, (0, 10), (30, 6), kind="Relative")
    station.run(100_000)
    assert composite(station, 60) == [(0, 10.0), (30, 6.0)]


# ---- RemoteStartTransaction with a profile ----


def test_the_profile_of_a_remote_start(station):
    station.plug().run(1_000)
    profile_ = profile((0, 6), purpose="TxProfile", transaction=77)
    assert start(station, profile_) == "Accepted"
    station.run(500)
    assert station.core.session.open
    assert limit(station) == 6_000
    assert [row[4] for row in stored()] == [station.core.session.txn]


def test_it_is_forgotten_when_the_start_does_not_come(station):
    station.keys.set("ConnectionTimeOut", "5")
    assert start(station, profile((0, 6), purpose="TxProfile")) == "Accepted"
    station.run(8_500)
    station.begin().run(500)
    assert limit(station) == NO_LIMIT and not os.path.exists("profiles")


def test_another_tag_does_not_get_it(station):
    assert start(station, profile((0, 6), purpose="TxProfile")) == "Accepted"
    station.core.deauthorize()
    station.begin("OTHER").run(500)
    assert limit(station) == NO_LIMIT
    assert station.point.smart is None


def test_the_next_remote_start_is_without_it(station):
    assert start(station, profile((0, 6), purpose="TxProfile")) == "Accepted"
    station.core.deauthorize()
    assert start(station) == "Accepted"
    station.plug().run(1_500)
    assert station.core.session.open and limit(station) == NO_LIMIT


@pytest.mark.parametrize("wrong", [
    {"purpose": "TxDefaultProfile"}, {"level": 10}, {"purpose": "ChargePointMaxProfile"},
])  # fmt: skip
def test_a_wrong_profile_means_no_start(station, wrong):
    profile_ = profile((0, 6), **{"purpose": "TxProfile", **wrong})
    assert start(station, profile_) == "Rejected"
    assert not station.core.connector.authorized


def test_a_waiting_profile_can_be_cleared_and_takes_room(station):
    assert start(station, profile((0, 6), purpose="TxProfile", number=30)) == "Accepted"
    for number in range(9):
        assert put(station, (0, 6), number=number, level=number) == "Accepted"
    assert put(station, (0, 6), number=9, level=9) == "Rejected"
    assert clear(station, id=30) == "Accepted"
    assert put(station, (0, 6), number=9, level=9) == "Accepted"
    station.plug().run(1_500)
    assert len(stored()) == 10


def test_without_room_there_is_no_start(station):
    for number in range(10):
        assert put(station, (0, 6), number=number, level=number) == "Accepted"
    assert start(station, profile((0, 6), purpose="TxProfile", number=30)) == "Rejected"
    assert not station.core.connector.authorized
    assert start(station, profile((0, 6), purpose="TxProfile", number=3)) == "Accepted"


# ---- installed profiles ----


def test_room_is_what_the_key_says(station):
    most = int(find("MaxChargingProfilesInstalled")[3])
    for number in range(most):
        level, connector = number % 10, number // 10
        assert put(station, (0, 6), number=number, level=level, connector=connector) == "Accepted"
    assert put_max(station, (0, 6), number=99) == "Rejected"
    assert len(stored()) == most


def test_equals_are_replaced(station):
    put(station, (0, 6), number=1, level=1)
    put(station, (0, 7), number=2, level=2)
    put(station, (0, 8), number=1, level=3)  # the same id
    assert [row[0] for row in stored()] == [2, 1]
    put(station, (0, 9), number=5, level=3)  # the same purpose, level and connector
    assert [row[0] for row in stored()] == [2, 5]
    put(station, (0, 9), number=6, level=3, connector=0)
    assert [row[0] for row in stored()] == [2, 5, 6]
    put(station, (0, 5), number=2, level=3)  # both
    assert [row[0] for row in stored()] == [6, 2]
    assert limit(station) == 5_000


def test_expired_ones_make_room(station):
    for number in range(10):
        put(station, (0, 6), number=number, level=number, valid_to=60 if number < 2 else None)
    station.run(70_000)
    assert put_max(station, (0, 6), number=20) == "Accepted"
    assert [row[0] for row in stored()] == [2, 3, 4, 5, 6, 7, 8, 9, 20]


@pytest.mark.parametrize(
    ("wanted", "left"),
    [
        ({}, []),
        ({"id": 2}, [1, 3]),
        ({"connectorId": 0}, [1]),
        ({"connectorId": 1}, [2, 3]),
        ({"stackLevel": 1}, [2]),
        ({"chargingProfilePurpose": "TxDefaultProfile"}, [3]),
        ({"chargingProfilePurpose": "TxDefaultProfile", "stackLevel": 0}, [1, 3]),
        ({"id": 2, "stackLevel": 0}, [1, 3]),
        ({"id": 2, "stackLevel": 1}, None),
        ({"chargingProfilePurpose": "TxProfile"}, None),
        ({"id": 9}, None),
    ],
)
def test_clear(station, wanted, left):
    put(station, (0, 6), number=1, level=1)
    put(station, (0, 7), number=2, connector=0)
    put_max(station, (0, 7), number=3, level=1)
    assert clear(station, **wanted) == ("Unknown" if left is None else "Accepted")
    assert [row[0] for row in stored()] == ([1, 2, 3] if left is None else left)


def test_they_survive_a_reboot(station):
    put(station, (0, 20))
    put_max(station, (0, 16), (3600, 6), start=0, number=2)
    other = reboot(station).run(100)
    assert limit(other) == 16_000
    other.run(3_600_000 - 60_000)
    assert limit(other) == 6_000


# ---- flash ----


def test_flash_that_takes_nothing_changes_nothing(station, monkeypatch):
    put(station, (0, 6))

    def full(old, new):
        raise OSError(28)

    monkeypatch.setattr(storage.os, "rename", full)
    assert put(station, (0, 16)) == "Rejected"
    with pytest.raises(OSError):  # the link answers InternalError
        clear(station)
    station.run(2_000)
    assert limit(station) == 6_000 and len(stored()) == 1


def test_flash_that_cannot_be_read_keeps_the_limit(station, monkeypatch):
    put_max(station, (0, 16), (10, 32), start=0)
    broken = reboot(station, Clock())

    def lines():
        raise OSError(5)
        yield

    read = storage._lines
    monkeypatch.setattr(storage, "_lines", lines)
    station.run(15_000)
    assert limit(station) == 16_000
    broken.run(15_000)
    assert limit(broken) == 0 and len(broken.log.errors()) <= 4
    monkeypatch.setattr(storage, "_lines", read)
    station.run(6_000)
    broken.run(6_000)
    assert limit(station) == limit(broken) == 32_000


@pytest.mark.parametrize("line", [
    b"garbage\n", b'[1,0,0,0,0,"A",0,0,0,0,"x",0,[[]]]\n', b'[1,0,"",0,0,"A",0,0,0,0,1,0,[]]]\n',
    b'[1,7,0,0,0,"A",0,0,0,0,1,0,[[0,60]]\n',
])  # fmt: skip
def test_a_damaged_file_stops_until_all_is_cleared(station, line):
    with open("profiles", "wb") as file:
        file.write(line)
    other = reboot(station)
    other.begin().run(5_000)
    assert other.state == "SuspendedEVSE" and not other.power
    assert other.log.errors()
    assert clear(other) == "Accepted"
    other.run(10_000)
    assert other.state == "Charging" and limit(other) == NO_LIMIT


def test_flash_that_does_not_take_a_waiting_profile_stops_its_session(station, monkeypatch):
    rename = storage.os.rename

    def full(old, new):
        if new == "profiles":
            raise OSError(28)
        rename(old, new)

    monkeypatch.setattr(storage.os, "rename", full)
    station.plug().run(1_000)
    assert start(station, profile((0, 6), purpose="TxProfile")) == "Accepted"
    station.run(5_000)
    assert station.core.session.open and limit(station) == 0
    monkeypatch.setattr(storage.os, "rename", rename)
    station.run(6_000)
    assert limit(station) == 6_000


def test_a_composite_right_behind_its_profile(station):
    station.begin().run(3_000)
    commands = station.point.commands()
    profile_ = profile((0, 6), purpose="TxProfile")
    request = {"connectorId": 1, "csChargingProfiles": profile_}
    assert "Accepted" in answer_of("SetChargingProfile", request, commands, station.keys)
    request = {"connectorId": 1, "duration": 60}
    assert '"limit":6.0' in answer_of("GetCompositeSchedule", request, commands, station.keys)
    assert limit(station) == 6_000


def test_without_profiles_nothing_is_read(station, monkeypatch):
    def lines():
        raise AssertionError("read")
        yield

    monkeypatch.setattr(storage, "_lines", lines)
    station.begin().run(3_000)
    station.core.stop("Remote")
    station.run(3_000)
    assert limit(station) == NO_LIMIT


def test_idle_a_relative_schedule_is_not_read_again_and_again(station, monkeypatch):
    put(station, (0, 10), (1, 6), kind="Relative")
    read = storage._lines
    reads = []

    def lines():
        reads.append(station.clock.ms)
        yield from read()

    monkeypatch.setattr(storage, "_lines", lines)
    station.run(60_000)
    assert reads == [] and limit(station) == 10_000
