"""The charge point: what the driver does and what the core tells become messages, and back."""

import asyncio
import json

import pytest

from firmware.services.tag_reader import present as present_tag
from host_tests.unit.services.link_bench import VirtualLoop
from host_tests.unit.services.station_bench import Station, names

ACCEPTED = {"idTagInfo": {"status": "Accepted"}}


@pytest.fixture
def station(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Station()


def vehicle_infos(station):
    return [
        json.loads(body["data"])
        for action, body in station.link.sent
        if action == "DataTransfer" and body["messageId"] == "VehicleInfo"
    ]


# ---- states and faults ----


def test_a_session_tells_its_states_in_order(station):
    station.begin().run(5_000)
    station.core.stop("Local")
    station.run(3_000)
    station.unplug().run(1_000)
    assert station.link.statuses() == ["Preparing", "Charging", "Finishing", "Available"]
    assert {body["connectorId"] for _, body in station.link.sent if "status" in body} == {1}


def test_connected_tells_the_whole_and_the_connector(station):
    station.plug().run(100)
    station.link.sent.clear()
    station.point.connected()
    assert [(b["connectorId"], b["status"]) for _, b in station.link.sent] == [
        (0, "Available"),
        (1, "Preparing"),
    ]


def test_a_fault_is_told_with_its_code_and_ends_the_session(station):
    station.begin().run(5_000)
    station.core.e_stop = True
    station.run(1_000)
    status = station.link.sent[-1][1]
    assert status["status"] == "Faulted" and status["errorCode"] != "NoError"
    assert status["vendorErrorCode"] and status["info"] and status["vendorId"] == "RivotMotors"
    assert len(station.log.errors()) == 1
    messages = station.deliver()
    assert names(messages) == ["StartTransaction", "DataTransfer", "StopTransaction"]
    assert messages[-1][1]["reason"] == "EmergencyStop"
    station.core.e_stop = False
    station.run(2_000)
    status = station.link.sent[-1][1]
    assert status["status"] != "Faulted" and status["errorCode"] == "NoError"
    assert "info" not in status


def test_vehicle_info_once_for_each_plug_in(station):
    for count in (1, 2):
        station.plug().run(2_000)
        station.unplug().run(1_000)
        assert len(vehicle_infos(station)) == count
    info = vehicle_infos(station)[0]
    assert info["soc"] == 87.0 and info["maxCurrent"] == 90.0


def test_vehicle_info_falls_back_to_the_module(station):
    station.bms.voltage_mv = -1
    station.module.temperature_c10 = 265
    station.plug().run(2_000)
    info = vehicle_infos(station)[0]
    assert info["temperature"] == 26.5
    assert info["voltage"] == pytest.approx(76.38)


def test_no_vehicle_info_for_what_was_plugged_before_power_up(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    station = Station()
    station.core._since_boot_ms = 0
    station.plug().run(3_000)
    assert vehicle_infos(station) == []
    assert station.link.statuses() == ["Preparing"]


# ---- tags and the button ----


def present(station, tag="TAG", answer=ACCEPTED):
    station.link.online = True
    present_tag(station.point, tag)
    if station.link.sent[-1][0] == "Authorize":
        station.link.callbacks[-1](answer)
    station.run(300)


def test_an_accepted_tag_starts_and_the_same_stops(station):
    station.plug().run(1_000)
    present(station)
    assert station.core.session.open and station.core.session.id_tag == "TAG"
    present(station, "OTHER")
    assert station.core.session.open
    present(station)
    assert not station.core.session.open
    stop = station.deliver()[-1][1]
    assert (stop["reason"], stop["idTag"]) == ("Local", "TAG")
    assert station.link.actions().count("Authorize") == 1


def test_a_refused_tag_does_nothing(station):
    station.plug().run(1_000)
    present(station, answer={"idTagInfo": {"status": "Blocked"}})
    station.run(2_000)
    assert not station.core.session.open and len(station.outbox) == 0


def test_offline_the_keys_let_it_start(station):
    station.keys.set("LocalAuthorizeOffline", "true")
    station.keys.set("AllowOfflineTxForUnknownId", "true")
    station.plug().run(1_000)
    present_tag(station.point, "TAG")
    station.run(300)
    assert station.core.session.open
    assert "Authorize" not in station.link.actions()


def test_tag_first_then_the_gun(station):
    present(station)
    assert station.link.statuses()[-1] == "Preparing"
    station.plug().run(1_000)
    assert station.core.session.open


def test_the_same_tag_again_takes_the_permission_back(station):
    present(station)
    present(station)
    assert not station.core.connector.authorized
    assert station.link.statuses() == ["Preparing", "Available"]


def test_a_permission_ends_with_the_connection_time_out(station):
    station.keys.set("ConnectionTimeOut", "30")
    present(station)
    station.run(29_000)
    assert station.core.connector.authorized
    station.run(2_000)
    assert not station.core.connector.authorized
    assert station.link.statuses()[-1] == "Available"


def press(station):
    station.control.button_pressed = True
    station.run(300)


def test_the_button_starts_with_its_own_tag_and_stops(station):
    station.plug().run(1_000)
    station.link.online = True
    press(station)
    assert station.link.sent[-1] == ("Authorize", {"idTag": "BUTTON"})
    station.link.callbacks[-1](ACCEPTED)
    station.run(300)
    assert station.core.session.id_tag == "BUTTON"
    press(station)
    assert not station.core.session.open
    assert not station.control.button_pressed


def test_without_a_tag_the_button_only_stops(station):
    station.settings.button_id_tag = ""
    station.plug().run(1_000)
    station.link.online = True
    press(station)
    assert "Authorize" not in station.link.actions()
    station.core.authorize("X")
    station.run(300)
    assert station.core.session.open
    press(station)
    assert not station.core.session.open


def test_a_button_that_starts_offline_stops_the_permission_with_a_second_press(station):
    station.keys.set("AllowOfflineTxForUnknownId", "true")
    press(station)
    assert station.core.connector.authorized
    press(station)
    assert not station.core.connector.authorized


# ---- the server ----


@pytest.mark.parametrize("stop_on_invalid", ["true", "false"])
def test_a_start_that_the_server_does_not_accept(station, stop_on_invalid):
    station.keys.set("StopTransactionOnInvalidId", stop_on_invalid)
    station.begin().run(2_000)
    txn = station.core.session.txn
    station.point.answered("StartTransaction", txn + 1, {"idTagInfo": {"status": "Invalid"}})
    station.point.answered("StopTransaction", txn, {"idTagInfo": {"status": "Invalid"}})
    station.point.answered("StartTransaction", txn, ACCEPTED)
    assert station.core.session.open
    station.point.answered("StartTransaction", txn, {"idTagInfo": {"status": "Invalid"}})
    station.run(1_000)
    assert station.core.session.open == (stop_on_invalid == "false")
    if stop_on_invalid == "true":
        assert station.deliver()[-1][1]["reason"] == "DeAuthorized"


def test_remote_commands(station):
    commands = station.point.commands()
    assert not commands.remote_start("R", 2, None)
    station.plug().run(1_000)
    station.keys.set("AuthorizeRemoteTxRequests", "false")
    assert commands.remote_start("R", 1, None)
    station.run(300)
    assert station.core.session.id_tag == "R"
    assert not commands.remote_start("S", 1, None)
    station.deliver()
    assert not commands.remote_stop(999)
    assert commands.remote_stop(501)
    station.run(1_000)
    assert station.deliver()[-1][1]["reason"] == "Remote"


def test_out_of_service_waits_for_the_session(station):
    commands = station.point.commands()
    station.begin().run(1_000)
    assert commands.change_availability(1, False) == "Scheduled"
    assert commands.change_availability(2, False) == "Rejected"
    station.run(2_000)
    assert station.core.session.open
    station.core.stop("Local")
    station.run(3_000)
    assert station.link.statuses()[-1] == "Unavailable"
    assert commands.change_availability(0, True) == "Accepted"
    station.run(100)
    assert station.link.statuses()[-1] in ("Finishing", "Preparing")


@pytest.mark.parametrize("kind, latest_s", [("Soft", 31), ("Hard", 6)])
def test_reset_ends_the_session_and_waits_for_its_messages(station, kind, latest_s):
    station.begin().run(5_000)
    station.point.commands().reset(kind)
    station.run(3_000)
    assert station.restarts == 0, "its messages are not delivered yet"
    present(station, "OTHER")
    assert not station.core.connector.authorized, "no start while it goes down"
    station.run((latest_s - 3) * 1000)
    assert station.restarts == 1
    assert station.deliver()[-1][1]["reason"] == kind + "Reset"


def test_reset_comes_at_once_when_all_is_delivered(station):
    station.begin().run(5_000)
    station.point.commands().reset("Soft")
    station.run(2_000)
    station.deliver()
    station.run(200)
    assert station.restarts == 1


def test_reset_waits_for_a_stop_that_flash_has_not_taken(station):
    station.begin().run(5_000)
    station.deliver()
    station.journal.full = True
    station.point.commands().reset("Soft")
    station.run(10_000)
    assert station.restarts == 0
    station.journal.full = False
    station.run(3_000)
    assert names(station.deliver()) == ["DataTransfer", "StopTransaction"]
    station.run(200)
    assert station.restarts == 1


def test_the_link_is_woken_when_something_was_recorded(station):
    station.begin()
    woken = station.link.woken
    assert woken == 1
    station.run(5_000)
    assert station.link.woken == woken
    station.run(6_000)
    assert station.link.woken == woken + 1


# ---- memory ----


def short_of_memory(station, frees_at):
    """Run the service where each turn lacks memory until `frees_at` turns of the link's giving."""
    turns = []

    def turn():
        turns.append(station.link.gave_way)
        if station.link.gave_way < frees_at:
            raise MemoryError

    station.link.gave_way = 0

    def make_room():
        station.link.gave_way += 1

    station.link.make_room = make_room
    station.point.turn = turn

    async def main():
        try:
            await asyncio.wait_for(station.point.run(), 4)
        except TimeoutError:
            return turns
        raise AssertionError("the service ended")

    loop = VirtualLoop()
    try:
        return loop.run_until_complete(main())
    finally:
        loop.close()


def test_what_lacks_memory_half_a_second_long_takes_it_from_a_connection_in_the_making(station):
    turns = short_of_memory(station, 1)
    assert turns.index(1) == 10 and len(turns) > 60
    assert len([line for line in station.log.errors() if "too little" in line]) == 1


def test_without_any_memory_the_service_dies_and_the_charger_restarts(station):
    with pytest.raises(MemoryError):
        short_of_memory(station, 99)
    assert station.link.gave_way == 1
