"""When samples are taken: by the session's time, by the clock; what goes to flash without any."""

import pytest

from host_tests.unit.services.station_bench import Clock, Station, T

CLOCK, PERIODIC = "Sample.Clock", "Sample.Periodic"


@pytest.fixture
def station(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Station()


def aligned(station, interval_s, sampled_s=0):
    """Clock-aligned values every `interval_s`, no others."""
    station.keys.set("MeterValueSampleInterval", str(sampled_s))
    station.keys.set("ClockAlignedDataInterval", str(interval_s))
    return station


def values(messages):
    """(time, context, measurands) of each MeterValues."""
    found = []
    for action, body in messages:
        if action == "MeterValues":
            (value,) = body["meterValue"]
            (context,) = {v["context"] for v in value["sampledValue"]}
            names = [v["measurand"] for v in value["sampledValue"]]
            found.append((value["timestamp"][11:19], context, names))
    return found


def times(messages, context=CLOCK):
    return [time for time, kind, _ in values(messages) if kind == context]


def test_in_a_transaction_they_wait_in_the_outbox_with_its_id(station):
    aligned(station, 20).keys.set("MeterValuesAlignedData", "SoC,Voltage")
    station.begin().run(70_000)
    messages = station.deliver()
    assert values(messages) == [
        (time, CLOCK, ["SoC", "Voltage"]) for time in ("09:51:20", "09:51:40", "09:52:00")
    ]
    assert {body["transactionId"] for action, body in messages if action == "MeterValues"} == {501}
    assert "MeterValues" not in station.link.actions()


def test_outside_a_transaction_they_are_sent_and_not_kept(station):
    aligned(station, 30).run(60_000)
    assert values(station.link.sent) == [
        (time, CLOCK, ["Energy.Active.Import.Register"]) for time in ("09:51:30", "09:52:00")
    ]
    assert all("transactionId" not in body for _, body in station.link.sent)
    assert station.deliver() == []


def test_both_kinds_side_by_side(station):
    aligned(station, 30, sampled_s=10)
    station.begin().run(61_000)
    messages = station.deliver()
    assert len(times(messages, PERIODIC)) == 6
    assert times(messages) == ["09:51:30", "09:52:00"]


def test_none_while_the_clock_was_never_set(station):
    station.clock.known = False
    aligned(station, 5).begin().run(30_000)
    assert times(station.deliver()) == []
    station.clock.known = True
    station.run(10_000)
    assert len(times(station.deliver())) == 2


def test_an_interval_that_does_not_divide_the_day_starts_anew_at_midnight(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    midnight = T - T % 86400 + 86400
    station = aligned(Station(Clock(midnight - 60)), 7000).run(1000)
    station.begin().run(70_000)
    assert times(station.deliver()) == ["00:00:00"]


@pytest.mark.parametrize("nudge_s", [-1, 1, -3, 3])
@pytest.mark.parametrize("at_ms", range(17_000, 24_000, 1000))
def test_a_nudged_clock_neither_doubles_nor_leaves_out_a_sample(station, nudge_s, at_ms):
    aligned(station, 20).run(at_ms)
    station.clock.boot_unix_s += nudge_s
    station.run(60_000 - at_ms)
    assert times(station.link.sent) == ["09:51:20", "09:51:40", "09:52:00"]


def test_a_clock_set_far_ahead_or_back_goes_on_from_there(station):
    aligned(station, 20).run(17_000)
    station.clock.boot_unix_s += 3608
    station.run(30_000)
    assert times(station.link.sent) == ["09:51:20", "10:51:40", "10:52:00"]
    station.clock.boot_unix_s -= 7200
    station.run(30_000)
    assert len(times(station.link.sent)) in (4, 5)


def test_a_loop_that_was_held_up_takes_no_old_time(station):
    aligned(station, 10).run(12_000)
    station.clock.ms += 39_000
    station.run(12_000)
    assert times(station.link.sent) == ["09:51:10", "09:52:00"]


@pytest.mark.parametrize("interval_s", [0, 900])
def test_energy_goes_to_flash_each_minute_even_without_samples(station, interval_s):
    aligned(station, 0, sampled_s=interval_s).begin().run(130_000)
    assert values(station.deliver()) == []
    stored = station.register.load()[0]
    assert station.core.meter.wh * 0.9 < stored <= station.core.meter.wh
    stop = [body for action, body in Station(Clock(T + 600)).deliver()][-1]
    assert (stop["reason"], stop["meterStop"]) == ("PowerLoss", stored)
    assert stop["timestamp"][11:16] == "09:53"


def test_flash_that_fails_stops_no_session_and_is_not_asked_in_each_turn(station):
    aligned(station, 0).begin().run(1000)
    calls = []

    def fail(wh, mwh):
        calls.append(wh)
        raise OSError(5)

    station.register.store = fail
    station.run(130_000)
    assert station.power and len(calls) == 2
    assert station.log.errors() == ["energy not stored: 5"] * 2


def test_a_start_that_finds_no_room_is_told_to_the_server(station):
    station.plug().run(1000)
    station.outbox.store.has_room = lambda: False
    station.core.authorize("TAG")
    station.run(200)
    assert not station.core.session.open
    (told,) = [body for _, body in station.link.sent if body.get("vendorErrorCode") == "NoRecord"]
    assert (told["errorCode"], told["status"]) == ("InternalError", "Preparing")
    assert "no room" in told["info"]
