"""The books of a session: order, times, failing flash, and the power cut in the middle of it."""

import json

import pytest

from firmware.services.sampling import triggered
from firmware.services.session_start import close_failed
from firmware.services.start_record import record as record_start
from host_tests.unit.services.station_bench import Clock, Station, T, names, summary_of

WHOLE = ["StartTransaction", "MeterValues", "DataTransfer", "StopTransaction"]


@pytest.fixture
def station(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Station()


def seconds(stamp):
    hours, minutes, rest = stamp[11:].split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(rest.rstrip("Z"))


def sample_times(messages):
    return [
        seconds(body["meterValue"][0]["timestamp"])
        for action, body in messages
        if action == "MeterValues"
    ]


def test_a_session_in_order_with_the_meters_numbers(station):
    station.begin().run(60_000)
    station.core.stop("Local", "TAG")
    station.run(3000)
    messages = station.deliver()
    assert names(messages) == WHOLE
    start, stop = messages[0][1], messages[-1][1]
    assert (start["idTag"], start["meterStart"], start["connectorId"]) == ("TAG", 0, 1)
    assert (stop["reason"], stop["idTag"], stop["transactionId"]) == ("Local", "TAG", 501)
    assert stop["meterStop"] == station.core.meter.wh > 50
    summary = summary_of(messages)
    assert summary["finalSoc"] == 87.0
    assert summary["energyDelivered"] == pytest.approx(
        station.core.session.energy_mwh / 1000, abs=0.01
    )
    assert summary["durationMinutes"] == pytest.approx(1.0, abs=0.02)


def test_samples_are_evenly_spaced_and_their_energy_never_falls(station):
    station.begin().run(95_000)
    messages = station.deliver()
    times = sample_times(messages)
    assert len(times) == 9
    assert {b - a for a, b in zip(times, times[1:], strict=False)} == {10}
    energies = [
        int(body["meterValue"][0]["sampledValue"][0]["value"])
        for action, body in messages
        if action == "MeterValues"
    ]
    assert energies == sorted(energies) and energies[-1] > 100


def test_a_loop_that_was_held_up_sends_no_burst(station):
    station.begin().run(15_000)
    station.core.session.duration_ms += 65_000
    station.clock.ms += 65_000
    station.run(9_000)
    assert len(sample_times(station.deliver())) == 2


def test_a_shorter_interval_counts_at_once(station):
    station.keys.set("MeterValueSampleInterval", "600")
    station.begin().run(15_000)
    station.keys.set("MeterValueSampleInterval", "5")
    station.run(6_000)
    assert len(sample_times(station.deliver())) == 1


def test_no_samples_when_the_interval_is_0(station):
    station.keys.set("MeterValueSampleInterval", "0")
    station.begin().run(60_000)
    assert names(station.deliver()) == ["StartTransaction"]


def test_the_summary_goes_before_the_status_and_the_stop_behind_it(station):
    station.begin().run(5_000)
    before = station.outbox.last_seq
    heard = []
    send = station.link.send
    station.link.send = lambda *a: (heard.append(station.outbox.last_seq - before), send(*a))
    station.core.stop("Remote")
    station.run(500)
    assert heard == [1]  # one record when the status goes: the summary
    assert station.outbox.last_seq - before == 2


@pytest.mark.parametrize("written", [0, 1])
def test_a_stop_that_flash_does_not_take_is_kept_and_tried_again(station, written):
    station.begin().run(5_000)
    append = station.journal.append
    left = [written]

    def fails(*texts):
        if not left[0]:
            raise OSError(28)
        left[0] -= 1
        append(*texts)

    station.journal.append = fails
    station.core.stop("Local", "TAG")
    station.run(20_000)
    assert not station.transactions.all_delivered()
    assert 5 <= len(station.log.errors()) <= 12, "tried, but not in every turn"
    station.journal.append = append
    station.run(3_000)
    messages = station.deliver()
    assert names(messages) == ["StartTransaction", "DataTransfer", "StopTransaction"]
    assert messages[-1][1]["reason"] == "Local"
    assert station.transactions.all_delivered()


def test_no_session_begins_before_the_last_one_is_closed(station):
    station.begin("FIRST").run(5_000)
    station.journal.full = True
    station.core.stop("Local", "FIRST")
    station.run(3_000)
    station.unplug().run(1000)
    station.plug().run(1000)
    station.core.authorize("SECOND")
    station.run(1000)
    assert not station.core.session.open
    assert not station.core.connector.authorized
    station.journal.full = False
    station.core.authorize("SECOND")
    station.run(1000)
    assert station.core.session.open
    messages = station.deliver()
    assert names(messages) == [
        "StartTransaction",
        "DataTransfer",
        "StopTransaction",
        "StartTransaction",
    ]
    assert messages[-2][1]["transactionId"] == 501
    assert messages[-1][1]["idTag"] == "SECOND"


def test_a_start_that_flash_does_not_take_gives_no_power(station):
    station.plug().run(1000)
    station.journal.full = True
    station.core.authorize("TAG")
    station.run(5000)
    assert not station.core.session.open and not station.power
    assert any("start refused" in line for line in station.log.errors())


def test_a_session_charges_on_while_samples_find_no_room(station):
    station.begin().run(5_000)
    station.journal.full = True
    station.run(30_000)
    assert station.power
    assert sum("sample lost" in line for line in station.log.errors()) == 3
    assert station.register.load()[0] > 20, "the register goes on"
    station.journal.full = False
    station.core.stop("Local")
    station.run(2_000)
    assert names(station.deliver()) == ["StartTransaction", "DataTransfer", "StopTransaction"]


def test_a_failed_start_is_closed_with_no_energy(station):
    txn = record_start(station.transactions, "TAG")
    close_failed(station.transactions, txn)
    messages = station.deliver()
    assert names(messages) == ["StartTransaction", "StopTransaction"]
    assert messages[0][1]["meterStart"] == messages[1][1]["meterStop"]
    assert station.outbox.open_transaction() == 0


def test_news_is_told_once(station):
    assert not station.transactions.take_news()
    record_start(station.transactions, "TAG")
    assert station.transactions.take_news()
    assert not station.transactions.take_news()


def test_meter_values_on_request(station):
    station.run(0)
    body = json.loads("".join(triggered(station.transactions)))
    assert "transactionId" not in body
    assert body["meterValue"][0]["sampledValue"][0]["context"] == "Trigger"
    station.begin().run(3000)
    station.deliver()
    assert json.loads("".join(triggered(station.transactions)))["transactionId"] == 501
    assert station.transactions.is_running(501)
    assert not station.transactions.is_running(502)
    assert not station.transactions.is_running(None)


# ---- recovery.py ----


def test_a_session_cut_by_power_is_closed_once_with_its_last_numbers(station):
    station.begin().run(35_000)
    stored_wh, stored_mwh = station.register.load()
    after = Station(Clock(T + 5000))
    messages = after.deliver()
    assert names(messages) == WHOLE
    stop = messages[-1][1]
    assert (stop["reason"], stop["meterStop"]) == ("PowerLoss", stored_wh)
    assert stop["timestamp"].startswith("2026-01-21T09:51:3")  # when it was last seen
    summary = summary_of(messages)
    assert summary["energyDelivered"] == pytest.approx(stored_wh + stored_mwh / 1000, abs=0.01)
    assert summary["durationMinutes"] == 0.5
    assert summary["finalSoc"] == 87.0
    assert Station().deliver() == []
    after.begin().run(1000)
    assert after.deliver()[0][1]["meterStart"] >= stored_wh


@pytest.mark.parametrize("delivered", [False, True])
def test_cut_right_after_the_start(station, delivered):
    station.begin("FIRST").run(30_000)
    station.core.stop("Local")
    station.run(2000)
    station.unplug().run(1000)
    station.deliver()
    station.soc_later = None
    station.plug().run(1000)
    station.core.bms.soc_c100 = 8700
    txn = record_start(station.transactions, "SECOND")
    assert txn == 2
    if delivered:
        station.deliver()
    wh = station.register.load()[0]
    messages = Station().deliver()
    assert names(messages)[-2:] == ["DataTransfer", "StopTransaction"]
    assert messages[-1][1]["meterStop"] == wh
    assert messages[-1][1]["transactionId"] == 502
    summary = summary_of(messages)
    assert summary["durationMinutes"] == 0, "not the duration of the session before"
    assert summary["energyDelivered"] < 1


def test_cut_between_summary_and_stop_gives_one_summary(station):
    station.begin().run(12_000)
    station.transactions.begin_stop()
    messages = Station().deliver()
    assert names(messages) == WHOLE
    assert messages[-1][1]["reason"] == "PowerLoss"


def test_cut_after_the_stop_changes_nothing(station):
    station.begin().run(12_000)
    station.core.stop("Local")
    station.run(1000)
    messages = Station().deliver()
    assert names(messages) == WHOLE
    assert messages[-1][1]["reason"] == "Local"


def test_a_clock_set_in_the_middle_does_not_change_the_duration(station):
    station.clock.boot_unix_s = 946_684_800  # 2000: the RTC was never set
    station.begin().run(15_000)
    station.clock.boot_unix_s = T
    station.run(20_000)
    assert summary_of(Station().deliver())["durationMinutes"] == 0.5


def test_without_a_snapshot_it_is_closed_all_the_same(station, tmp_path):
    station.begin().run(12_000)
    (tmp_path / "session.txt").write_text("1\tbroken")
    messages = Station().deliver()
    assert names(messages) == WHOLE
    assert messages[-1][1]["meterStop"] == station.register.load()[0]
    assert summary_of(messages)["energyDelivered"] == 0


def test_a_snapshot_of_another_session_is_not_used(station, tmp_path):
    station.begin().run(12_000)
    snapshot = (tmp_path / "session.txt").read_text()
    assert snapshot.startswith("1\t")
    (tmp_path / "session.txt").write_text("77" + snapshot[1:])
    assert summary_of(Station().deliver())["energyDelivered"] == 0


def test_flash_that_fails_at_boot_does_not_keep_the_charger_from_starting(
    station, tmp_path, monkeypatch
):
    station.begin().run(12_000)
    monkeypatch.setattr(type(station.journal), "full", True)
    after = Station()
    assert "session 1 cannot be closed" in after.log.errors()[0]
    monkeypatch.setattr(type(station.journal), "full", False)
    assert names(Station().deliver()) == WHOLE
