"""Reservation and availability: who may start, what ends them, what a reboot and flash do."""

import json
import os
from pathlib import Path

import pytest

from firmware.services import standing
from firmware.services.authorization import permitted
from firmware.services.standing import restore
from firmware.services.tag_reader import present as present_tag
from host_tests.unit.services.station_bench import Clock, Station

FILE = "standing.json"
HOUR_S = 3600


@pytest.fixture
def station(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Station()


@pytest.fixture
def flash(monkeypatch):
    """`flash.full = True` makes every write fail; `flash.writes` counts."""

    class Flash:
        full = False
        writes = 0

    write = standing.write_json

    def write_json(path, value):
        if Flash.full:
            raise OSError(28)
        Flash.writes += 1
        write(path, value)

    monkeypatch.setattr(standing, "write_json", write_json)
    return Flash


def reboot(old, clock=None, in_session=False):
    """Another charger on the same flash."""
    clock = clock or Clock(old.clock.unix_s() + 60)
    station = Station.__new__(Station)
    Station.__init__(station, clock)
    restore(station.point, in_session)
    return station


def reserve(station, reservation_id=7, tag="Tag", parent="", for_s=HOUR_S):
    expiry_s = station.clock.unix_s() + for_s
    return station.point.commands().reserve(reservation_id, expiry_s, tag, parent)


def cancel(station, reservation_id=7):
    return station.point.commands().cancel_reservation(reservation_id)


def available(station, connector_id, operative):
    return station.point.commands().change_availability(connector_id, operative)


def stored():
    return json.loads(Path(FILE).read_text())


def told(station):
    return [
        (body["connectorId"], body["status"])
        for action, body in station.link.sent
        if action == "StatusNotification"
    ]


def permit(station, tag, accepted=True, parent=""):
    """A tag is shown, and the answer to its Authorize comes, if there was one."""
    station.link.online = True
    asked = len(station.link.sent)
    present_tag(station.point, tag)
    actions = [action for action, _ in station.link.sent[asked:]]
    if "Authorize" in actions:
        info = {"status": "Accepted" if accepted else "Blocked"}
        if parent:
            info["parentIdTag"] = parent
        station.link.callbacks[-1]({"idTagInfo": info})
    station.run(300)
    return "Authorize" in actions


# ---- ReserveNow ----


def test_reserved_is_told_and_on_flash(station):
    assert reserve(station) == "Accepted"
    station.run(100)
    assert told(station) == [(1, "Reserved")]
    assert stored()["reservation"][0] == 7


def test_what_the_connector_is_decides_the_answer(station):
    station.plug().run(500)
    assert reserve(station) == "Occupied"
    station.begin().run(2_000)
    assert reserve(station) == "Occupied"
    station.core.stop("Local")
    station.run(3_000)
    assert station.state == "Finishing" and reserve(station) == "Occupied"
    station.unplug().run(200)
    available(station, 1, False)
    assert reserve(station) == "Unavailable"
    station.core.e_stop = True
    station.run(200)
    assert reserve(station) == "Faulted"
    assert not station.point.reservation


def test_a_waiting_permission_occupies(station):
    assert station.core.authorize("TAG")
    assert reserve(station) == "Occupied"


def test_the_same_id_replaces_another_does_not(station):
    assert reserve(station, 7, "A") == "Accepted"
    assert reserve(station, 8, "B") == "Occupied"
    assert not station.point.keeps_out("A", None)
    assert reserve(station, 7, "B") == "Accepted"
    station.run(100)
    assert station.point.keeps_out("A", None) and not station.point.keeps_out("B", None)
    assert told(station) == [(1, "Reserved")]


@pytest.mark.parametrize("for_s", [0, -1, -HOUR_S])
def test_an_expiry_that_is_past_is_rejected(station, for_s):
    assert reserve(station, for_s=for_s) == "Rejected"
    assert station.state == "Available" and not os.path.exists(FILE)


def test_without_the_time_there_is_no_reservation(station):
    station.clock.known = False
    assert reserve(station) == "Rejected"


def test_while_a_reset_is_due_there_is_no_reservation(station):
    station.begin().run(1_000)
    station.point.commands().reset("Soft")
    station.run(3_000)
    station.unplug().run(200)
    assert station.state == "Available" and reserve(station) == "Rejected"


def test_flash_that_fails_changes_nothing(station, flash):
    flash.full = True
    assert reserve(station) == "Rejected"
    assert station.state == "Available" and not station.point.reservation
    flash.full = False
    assert reserve(station, 7, "A") == "Accepted"
    flash.full = True
    assert reserve(station, 7, "B") == "Rejected"
    assert not station.point.keeps_out("A", None)
    assert not cancel(station)
    assert station.state == "Reserved"
    assert len(station.log.errors()) == 3


# ---- who may start ----


def test_the_reserved_tag_starts_with_the_reservation(station):
    reserve(station, 7, "Tag")
    assert permit(station, "TAG")
    assert station.state == "Preparing"
    station.plug().run(1_000)
    assert station.core.session.open
    start = station.deliver()[0][1]
    assert start["reservationId"] == 7 and start["idTag"] == "TAG"
    station.run(1_500)
    assert station.point.reservation is None and stored()["reservation"] is None


def test_reservation_id_minus_one_is_an_id_like_any_other(station):
    reserve(station, -1, "TAG")
    station.plug().run(1_000)
    assert station.state == "Reserved"
    permit(station, "TAG")
    assert station.deliver()[0][1]["reservationId"] == -1


def test_another_tag_is_not_even_asked_about(station):
    reserve(station)
    assert not permit(station, "OTHER")
    station.plug().run(2_000)
    assert not permit(station, "OTHER")
    assert station.state == "Reserved" and not len(station.outbox)
    assert any("reserved" in line for _, line in station.log.lines)


def test_the_button_has_its_own_tag(station):
    reserve(station)
    station.control.button_pressed = True
    station.run(200)
    assert station.state == "Reserved"
    cancel(station)
    reserve(station, 8, "Button")
    station.control.button_pressed = True
    station.link.online = True
    station.run(200)
    assert "Authorize" in station.link.actions()


def test_offline_the_reserved_tag_goes_by_the_offline_rules(station):
    station.keys.set("AllowOfflineTxForUnknownId", "true")
    reserve(station)
    present_tag(station.point, "OTHER")
    assert station.state == "Reserved"
    present_tag(station.point, "TAG")
    station.plug().run(1_000)
    assert station.deliver()[0][1]["reservationId"] == 7


@pytest.mark.parametrize(("parent", "state"), [("fleet", "Preparing"), ("other", "Reserved")])
def test_a_tag_of_the_same_parent_starts(station, parent, state):
    reserve(station, 7, "TAG", "Fleet")
    permitted(station.point, "OTHER", True, parent)
    assert station.state == state
    station.plug().run(1_000)
    assert station.core.session.open == (state == "Preparing")
    if station.core.session.open:
        assert station.deliver()[0][1]["reservationId"] == 7


@pytest.mark.parametrize("parent", ["", None])
def test_a_tag_without_parent_does_not(station, parent):
    reserve(station, 7, "TAG", "Fleet")
    permitted(station.point, "OTHER", True, parent)
    assert station.state == "Reserved"


def test_a_tag_that_was_refused_does_not_start(station):
    reserve(station, 7, "TAG", "Fleet")
    permitted(station.point, "TAG", False, "Fleet")
    assert station.state == "Reserved"


def test_remote_start_needs_the_tag_or_may_have_to_ask(station):
    start = station.point.commands().remote_start
    station.link.online = True
    reserve(station, 7, "TAG")
    assert not start("OTHER", 1, None)
    assert start("tag", 1, None)
    assert station.state == "Preparing" and "Authorize" not in station.link.actions()
    station.core.deauthorize()
    cancel(station)
    reserve(station, 8, "TAG", "FLEET")
    assert start("OTHER", 1, None)
    assert not start("THIRD", 1, None), "one question at a time"
    station.run(50)
    assert "Authorize" in station.link.actions() and station.state == "Reserved"


def test_a_permission_that_runs_out_leaves_the_reservation(station):
    station.keys.set("ConnectionTimeOut", "20")
    reserve(station)
    permit(station, "TAG")
    station.run(25_000)
    assert told(station)[-3:] == [(1, "Reserved"), (1, "Preparing"), (1, "Reserved")]
    assert permit(station, "TAG") and station.state == "Preparing"


def test_gun_in_while_reserved_stays_reserved_and_tells_the_vehicle_later(station):
    reserve(station)
    station.plug().run(3_000)
    assert told(station) == [(1, "Reserved")]
    assert "DataTransfer" not in station.link.actions()
    permit(station, "TAG")
    actions = station.link.actions()
    assert "DataTransfer" in actions
    assert station.core.session.open


# ---- its end ----


def test_it_expires(station):
    reserve(station, for_s=120)
    station.run(118_000)
    assert station.state == "Reserved"
    station.run(3_500)
    assert station.state == "Available"
    assert told(station) == [(1, "Reserved"), (1, "Available")]
    assert stored()["reservation"] is None


def test_it_expires_with_the_gun_in(station):
    reserve(station, for_s=60)
    station.plug().run(65_000)
    assert station.state == "Preparing"
    assert "DataTransfer" in station.link.actions()


def test_what_expires_while_a_permission_waits_leaves_the_permission(station):
    reserve(station, for_s=30)
    permit(station, "TAG")
    station.run(35_000)
    assert station.state == "Preparing"
    station.plug().run(1_000)
    assert "reservationId" not in station.deliver()[0][1]


def test_cancel_ends_only_its_own(station):
    reserve(station)
    assert not cancel(station, 8)
    assert station.state == "Reserved"
    assert cancel(station)
    assert station.state == "Available" and stored()["reservation"] is None
    assert not cancel(station)
    station.plug().run(1_000)
    permit(station, "OTHER")
    assert "reservationId" not in station.deliver()[0][1]


def test_a_fault_ends_it(station):
    reserve(station)
    station.core.e_stop = True
    station.run(200)
    assert not cancel(station)
    station.core.e_stop = False
    station.run(2_000)
    assert station.state == "Available" and station.point.reservation is None


def test_out_of_service_ends_it_in_one_write(station, flash):
    reserve(station)
    assert available(station, 1, False) == "Accepted"
    assert stored() == {"out": 1, "reservation": None}
    station.run(2_000)
    assert flash.writes == 2
    available(station, 1, True)
    assert station.state == "Available"


def test_an_end_that_flash_does_not_take_is_tried_again_without_haste(station, flash):
    reserve(station, for_s=10)
    flash.full = True
    station.run(20_000)
    assert station.state == "Available" and stored()["reservation"]
    assert 3 <= len(station.log.errors()) <= 6
    flash.full = False
    station.run(3_000)
    assert stored()["reservation"] is None


# ---- over a reboot ----


def test_it_outlasts_a_reboot(station):
    reserve(station, 7, "TAG", "FLEET")
    station = reboot(station)
    assert station.state == "Reserved"
    station.point.connected()
    assert told(station) == [(0, "Available"), (1, "Reserved")]
    assert station.point.keeps_out("OTHER", "") and not station.point.keeps_out("X", "fleet")
    station.plug().run(1_000)
    permit(station, "tag")
    assert station.deliver()[0][1]["reservationId"] == 7


def test_what_ran_out_meanwhile_is_over_at_boot(station):
    reserve(station, for_s=30)
    station = reboot(station)
    station.run(200)
    assert station.state == "Available" and stored()["reservation"] is None


def test_without_the_time_it_stands_until_the_time_is_known(station):
    reserve(station, for_s=600)
    clock = Clock(946_684_800)
    clock.known = False
    station = reboot(station, clock)
    station.run(300_000)
    assert station.state == "Reserved"
    clock.known = True
    clock.boot_unix_s = 1_800_000_000
    station.run(61_000)  # it is looked at once a minute
    assert station.state == "Available"


def test_without_the_time_it_lasts_no_longer_than_it_can(station):
    reserve(station, for_s=600)
    clock = Clock(946_684_800)
    clock.known = False
    station = reboot(station, clock)
    station.run(598_000)
    assert station.state == "Reserved"
    station.run(4_000)
    assert station.state == "Available"


def test_a_power_cut_in_its_session_has_used_it_up(station):
    reserve(station)
    permit(station, "TAG")
    before = Path(FILE).read_text()
    station.plug().run(300)
    assert station.core.session.open and not stored()["reservation"]
    Path(FILE).write_text(before)  # the power failed between the start's record and this file
    station = reboot(station, in_session=True)
    station.run(200)
    assert station.state == "Available" and stored()["reservation"] is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"out":9,"reservation":[1]}', "{"])
def test_a_damaged_file_is_no_reason_not_to_start(station, text):
    Path(FILE).write_text(text)
    station = reboot(station)
    assert station.state == "Available"
    assert reserve(station) == "Accepted"


# ---- availability ----


def test_the_connector_alone_and_the_whole(station):
    assert available(station, 1, False) == "Accepted"
    station.run(100)
    assert told(station) == [(1, "Unavailable")]
    assert available(station, 0, False) == "Accepted"
    station.run(100)
    assert told(station)[1:] == [(0, "Unavailable")]
    assert available(station, 0, True) == "Accepted"
    station.run(100)
    assert sorted(told(station)[2:]) == [(0, "Available"), (1, "Available")]


def test_the_whole_out_of_service_takes_the_connector_along(station):
    assert available(station, 0, False) == "Accepted"
    station.run(100)
    assert sorted(told(station)) == [(0, "Unavailable"), (1, "Unavailable")]


def test_the_connector_in_service_brings_the_charge_point_along(station):
    available(station, 0, False)
    available(station, 1, False)  # changes nothing: the whole is out of service
    assert stored()["out"] == 2
    station.run(100)
    assert available(station, 1, True) == "Accepted"
    station.run(100)
    assert sorted(told(station)[-2:]) == [(0, "Available"), (1, "Available")]


@pytest.mark.parametrize("connector_id", [0, 1])
def test_it_outlasts_reboots(station, connector_id):
    available(station, connector_id, False)
    for _ in range(2):
        station = reboot(station)
        station.run(300)
        station.link.sent.clear()
        station.point.connected()
        whole = "Unavailable" if connector_id == 0 else "Available"
        assert told(station) == [(0, whole), (1, "Unavailable")]
    available(station, connector_id, True)
    assert reboot(station).state == "Available"


def test_repeated_requests_are_harmless(station, flash):
    for _ in range(3):
        assert available(station, 1, True) == "Accepted"
    assert flash.writes == 0
    for _ in range(3):
        assert available(station, 1, False) == "Accepted"
    station.run(200)
    assert flash.writes == 1 and told(station) == [(1, "Unavailable")]
    station.begin_refused = station.core.authorize("T")
    assert not station.begin_refused


@pytest.mark.parametrize("connector_id", [0, 1])
def test_scheduled_takes_effect_at_the_end_of_the_session(station, connector_id):
    station.begin().run(2_000)
    for _ in range(2):
        assert available(station, connector_id, False) == "Scheduled"
    station.run(1_000)
    station.point.statuses(0)
    assert told(station)[-1] == (0, "Available") and station.power
    station.core.stop("Local")
    station.run(3_000)
    ends = told(station)
    assert (1, "Unavailable") in ends and ((0, "Unavailable") in ends) == (connector_id == 0)
    assert (1, "Finishing") in ends


def test_operative_cancels_what_is_scheduled(station):
    station.begin().run(2_000)
    assert available(station, 1, False) == "Scheduled"
    assert available(station, 1, True) == "Accepted"
    station.core.stop("Local")
    station.run(3_000)
    assert station.state == "Finishing"
    assert reboot(station).state == "Available"


def test_scheduled_outlasts_a_power_cut_in_the_session(station):
    station.begin().run(2_000)
    assert available(station, 1, False) == "Scheduled"
    station = reboot(station, in_session=True)
    station.run(200)
    assert station.state == "Unavailable"


def test_flash_that_fails_rejects(station, flash):
    flash.full = True
    assert available(station, 1, False) == "Rejected"
    assert station.state == "Available"
    station.begin().run(1_000)
    assert available(station, 0, False) == "Rejected"
    station.core.stop("Local")
    station.run(3_000)
    assert station.state == "Finishing"


def test_a_waiting_permission_is_withdrawn(station):
    station.core.authorize("TAG")
    assert available(station, 1, False) == "Accepted"
    station.plug().run(2_000)
    assert station.state == "Unavailable" and not station.core.session.open
    assert available(station, 1, True) == "Accepted"
    station.run(2_000)
    assert station.state == "Preparing" and not station.core.session.open


def test_out_of_service_while_faulted(station):
    station.core.e_stop = True
    station.run(200)
    assert available(station, 0, False) == "Accepted"
    station.core.e_stop = False
    station.run(2_000)
    assert station.state == "Unavailable"
    assert sorted(told(station)[-2:]) == [(0, "Unavailable"), (1, "Unavailable")]
