"""After a power cut: the open session is closed, or goes on with the same vehicle."""

import pytest

from firmware.services.tag_reader import present as present_tag
from host_tests.unit.services.station_bench import (
    Clock,
    FailingJournal,
    Station,
    T,
    names,
    summary_of,
)

WHOLE = ["StartTransaction", "MeterValues", "DataTransfer", "StopTransaction"]


@pytest.fixture(autouse=True)
def _flash(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def cut(ms=25_000, tag="TAG"):
    """A charger at work; the power goes."""
    Station(resume=True).begin(tag).run(ms)


def again(resume=True, plugged=True, later_s=600, change=None, run_ms=5_000):
    """Power is back on the same flash; `change(station)` before anything else happens."""
    station = Station(Clock(T + later_s), resume)
    if change:
        change(station)
    if plugged:
        station.plug()
    return station.run(run_ms)


def reasons(station):
    return [body["reason"] for action, body in station.deliver() if action == "StopTransaction"]


def test_it_goes_on_with_energy_and_duration():
    cut()
    station = again()
    session = station.core.session
    assert session.open and session.txn == 1 and session.id_tag == "TAG"
    station.run(30_000)
    assert station.power
    present_tag(station.point, "TAG")
    station.run(3_000)
    messages = station.deliver()
    assert names(messages) == WHOLE
    start, stop = messages[0][1], messages[-1][1]
    assert (stop["reason"], stop["idTag"], stop["transactionId"]) == ("Local", "TAG", 501)
    summary = summary_of(messages)
    delta_wh = stop["meterStop"] - start["meterStart"]
    assert summary["energyDelivered"] == pytest.approx(delta_wh, abs=1.01)
    # 20 s are on flash, then it runs for 5 s and 30 s
    assert summary["durationMinutes"] == pytest.approx(55 / 60, abs=0.02)


def test_samples_go_on_and_the_register_only_grows():
    cut()
    station = again().run(30_000)
    energies = [
        int(body["meterValue"][0]["sampledValue"][0]["value"])
        for action, body in station.deliver()
        if action == "MeterValues"
    ]
    assert len(energies) >= 4 and energies == sorted(energies)


def test_the_server_is_told_preparing_then_charging():
    cut()
    station = again()
    assert station.link.statuses() == ["Preparing", "Charging"]


def test_without_the_setting_it_is_closed_at_once():
    cut()
    station = again(resume=False, run_ms=0)
    assert not station.core.session.open
    assert reasons(station) == ["PowerLoss"]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda s: setattr(s, "soc_c100", 8500), id="less charge"),
        pytest.param(lambda s: setattr(s, "soc_c100", 9000), id="more charge"),
        pytest.param(lambda s: setattr(s, "soc_c100", -1), id="charge unknown"),
        pytest.param(lambda s: setattr(s, "battery_mv", 60_000), id="other voltage"),
        pytest.param(lambda s: setattr(s, "bms_on", False), id="silent"),
        pytest.param(lambda s: setattr(s.core, "e_stop", True), id="E-stop"),
        pytest.param(lambda s: setattr(s.point, "out_of_service", 1), id="out of service"),
    ],
)
def test_with_another_vehicle_or_trouble_it_is_closed(change):
    cut()
    station = again(change=change, run_ms=40_000)
    assert not station.core.session.open and not station.power
    assert not station.transactions.pending
    assert reasons(station) == ["PowerLoss"]


def test_without_the_gun_it_is_closed_soon():
    cut()
    station = again(plugged=False)
    assert reasons(station) == ["PowerLoss"]
    assert station.state == "Available"


def test_a_gun_pulled_while_waiting_closes_it():
    cut()
    station = again(change=lambda s: setattr(s, "bms_on", False))
    assert station.transactions.pending
    station.unplug().run(1_200)
    assert reasons(station) == ["PowerLoss"]


def test_a_second_cut_while_waiting_changes_nothing():
    cut()
    again(change=lambda s: setattr(s, "bms_on", False))
    station = again(later_s=900)
    assert station.core.session.open
    assert names(station.deliver()) == ["StartTransaction", "MeterValues"]


def test_cut_again_before_the_first_sample_it_is_closed():
    cut()
    assert again().core.session.open
    station = again(later_s=900)
    assert not station.core.session.open
    assert reasons(station) == ["PowerLoss"]


def test_cut_again_after_a_sample_it_goes_on_again():
    cut()
    again().run(15_000)
    station = again(later_s=900)
    assert station.core.session.open
    assert station.core.session.duration_ms > 30_000


def test_what_was_recorded_of_the_end_is_not_recorded_twice():
    station = Station(resume=True).begin()
    station.run(25_000)
    station.core.stop("Local", "TAG")
    station.transactions.begin_stop()  # and there the power goes: summary, no stop
    station = again()
    messages = station.deliver()
    assert names(messages) == WHOLE
    assert messages[-1][1]["reason"] == "PowerLoss"


def test_a_stop_on_flash_leaves_nothing_to_do():
    station = Station(resume=True).begin().run(25_000)
    station.core.stop("Local", "TAG")
    station.run(3_000)
    station = again()
    assert not station.transactions.pending
    assert reasons(station) == ["Local"]


def test_another_tag_closes_it_and_starts_its_own():
    cut()
    station = again(change=lambda s: setattr(s, "bms_on", False), run_ms=1_000)
    assert station.core.authorize("OTHER")
    station.bms_on = True
    station.run(500)
    assert station.core.session.open and station.core.session.id_tag == "OTHER"
    station.core.stop("Local", "OTHER")
    station.run(3_000)
    messages = station.deliver()
    assert names(messages) == WHOLE + ["StartTransaction", "DataTransfer", "StopTransaction"]
    stops = [body for action, body in messages if action == "StopTransaction"]
    assert [(s["reason"], s["transactionId"]) for s in stops] == [
        ("PowerLoss", 501),
        ("Local", 502),
    ]


def test_a_tag_that_the_server_does_not_accept_does_not_go_on():
    cut()
    station = again(change=lambda s: setattr(s, "bms_on", False), run_ms=1_000)
    station.point.answered("StartTransaction", 1, {"idTagInfo": {"status": "Blocked"}})
    station.bms_on = True
    station.run(3_000)
    assert not station.core.session.open
    assert reasons(station) == ["DeAuthorized"]


def test_another_tag_of_the_same_parent_stops_it_after_the_cut():
    station = Station(resume=True)
    station.plug().run(1000)
    station.core.authorize("TAG")
    station.point.parent = "TAG", "FAMILY"
    station.run(25_000)
    station = again()
    assert station.core.session.open
    assert station.point.parent == ("TAG", "FAMILY")


def test_a_tag_whose_energy_is_held_back_does_not_go_on():
    station = Station(resume=True)
    station.keys.set("StopTransactionOnInvalidId", "false")
    station.begin().run(25_000)
    station.point.answered("StartTransaction", 1, {"idTagInfo": {"status": "Invalid"}}, "{}")
    station = again()
    assert not station.core.session.open
    assert reasons(station) == ["PowerLoss"]


def test_remote_stop_and_reset_reach_a_session_that_waits():
    for command, reason in (
        (lambda commands: commands.remote_stop(501), "Remote"),
        (lambda commands: commands.reset("Hard"), "HardReset"),
    ):
        station = Station(resume=True).begin().run(25_000)
        station.deliver()
        station = again(change=lambda s: setattr(s, "bms_on", False), run_ms=1_000)
        assert not station.point.commands().remote_stop(999)
        assert command(station.point.commands())
        station.bms_on = True
        station.run(3_000)
        assert not station.core.session.open
        assert reasons(station) == [reason]


def test_flash_that_fails_at_boot_is_tried_again_and_keeps_new_sessions_away(monkeypatch):
    cut()
    monkeypatch.setattr(FailingJournal, "full", True)
    station = again(resume=False, run_ms=1_000)
    station.core.authorize("OTHER")
    station.run(1_000)
    assert not station.core.session.open and station.outbox.open_transaction() == 1
    monkeypatch.setattr(FailingJournal, "full", False)
    station.run(3_000)
    assert not station.transactions.pending
    messages = station.deliver()
    assert names(messages) == WHOLE
    assert messages[-1][1]["reason"] == "PowerLoss"


def test_what_is_stored_with_each_sample_lies_beside_its_name_on_flash():
    station = Station(Clock(T)).begin("T" * 20).run(12_000)
    station.transactions.started["parent"] = "P" * 20
    station.transactions.snapshot()
    with open("session.txt", "rb") as file:
        assert len(file.read()) <= 100  # and 28 more where the numbers are long


def test_time_goes_on_from_flash_where_the_clock_has_lost_it():
    Station(Clock(T)).begin().run(25_000)
    clock = Clock(T - 800_000_000)
    clock.known = False
    station = Station(clock)
    assert T + 10 < station.clock.unix_s() < T + 60
    stops = [body for action, body in station.deliver() if action == "StopTransaction"]
    assert stops[0]["timestamp"] == "2026-01-21T09:51:27Z"
