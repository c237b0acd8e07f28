"""The Rivot BMS driver: frames to the byte, state of charge, what makes a vehicle known."""

import pytest

from firmware.charging.readings import STALE_MS, UNKNOWN_TEMPERATURE, BmsReading
from firmware.drivers.bms.rivot import (
    FILTERS,
    FLAG_BATTERY_MISSING,
    FLAG_FAULT,
    FLAG_OVER_TEMPERATURE,
    RivotBms,
)
from firmware.drivers.can import Frame
from host_tests.unit.drivers.fakes import Can

LIMITS, CHARGED, DISCHARGED = 0x1806E5F4, 0x160B8001, 0x160D8001
STATUS, ASK_CHARGED, ASK_DISCHARGED = 0x18FF50E5, 0x160B0180, 0x160D0180


class Rig:
    """The driver on a bus that takes everything."""

    def __init__(self):
        self.can = Can()
        self.reading = BmsReading()
        self.bms = RivotBms(self.can, self.reading)

    def hear(self, id, text, ext=True):
        frame = Frame()
        frame.id, frame.ext = id, ext
        data = bytes.fromhex(text)
        frame.len = len(data)
        frame.data[: len(data)] = data
        return self.bms.on_frame(frame)

    def counters(self, charged_mah, discharged_mah):
        self.hear(CHARGED, "%08X00000000" % charged_mah)
        self.hear(DISCHARGED, "%08X00000000" % discharged_mah)

    def run(self, ms, dt_ms=10):
        """What was sent in `ms`, as (at, id, data)."""
        sent = []
        for at in range(dt_ms, ms + dt_ms, dt_ms):
            self.bms.poll(dt_ms)
            sent += [(at, id, data) for id, data in self.can.take()]
        return sent


@pytest.fixture
def rig():
    return Rig()


@pytest.mark.parametrize(
    ("text", "mv", "ma", "allowed", "heating"),
    [
        ("037001C500000000", 88_000, 45_300, True, False),  # captured and documented examples
        ("037003E800000000", 88_000, 100_000, True, False),
        ("03D400A000000000", 98_000, 16_000, True, False),
        ("03E8025800010000", 100_000, 60_000, True, True),
        ("0348038400320000", 84_000, 90_000, True, False),  # byte 5 from a sloppy sender
        ("0348038401000000", 84_000, 90_000, False, False),
        ("0348000000000000", 84_000, 0, True, False),
        ("04B0138800000000", 120_000, 500_000, True, False),
    ],
)
def test_limits(rig, text, mv, ma, allowed, heating):
    assert rig.hear(LIMITS, text)
    reading = rig.reading
    assert (reading.voltage_limit_mv, reading.current_limit_ma) == (mv, ma)
    assert (reading.allowed, reading.heating) == (allowed, heating)
    assert reading.age_ms == 0
    assert (reading.voltage_mv, reading.temperature_c10) == (-1, UNKNOWN_TEMPERATURE)


@pytest.mark.parametrize(
    "text", ["0000038400000000", "04B1038400000000", "0348138900000000", "4002F40100000000"]
)
def test_implausible_limits_change_nothing(rig, text):
    rig.hear(LIMITS, "0348038400000000")
    rig.reading.age_ms = 400
    before = dict(vars(rig.reading))
    assert not rig.hear(LIMITS, text)
    assert vars(rig.reading) == before
    assert rig.bms.refused == 1


def test_stop_is_obeyed_whatever_the_limits_say(rig):
    rig.hear(LIMITS, "0348038400000000")
    rig.hear(LIMITS, "0000000001000000")
    assert not rig.reading.allowed
    assert rig.reading.voltage_limit_mv == 84_000


@pytest.mark.parametrize(
    ("id", "text", "ext"),
    [
        (LIMITS, "0348038400000000", False),
        (LIMITS, "03480384", True),
        (0x1806E7F4, "0348038400000000", True),  # for the charger next door
        (STATUS, "0348038400000000", True),
    ],
)
def test_frames_that_are_not_taken(rig, id, text, ext):
    before = dict(vars(rig.reading))
    assert not rig.hear(id, text, ext)
    assert vars(rig.reading) == before


@pytest.mark.parametrize(
    ("limit_a", "charged_mah", "discharged_mah", "soc_c100"),
    [
        (90, 78_300, 0, 8700),  # the guide's 87.00 % of 90 Ah
        (90, 1_078_462, 1_000_000, 8718),
        (60.1, 45_000, 0, 5000),
        (60, 45_000, 0, 7500),  # 60 Ah
        (30.1, 45_000, 0, 7500),
        (30, 15_000, 0, 5000),  # 30 Ah
        (0, 15_000, 0, 5000),
        (90, 0xFFFFFFFF, 0xFFFFFFFF - 9_000, 1000),  # counters beyond 31 bits
        (90, 90_001, 0, 10_000),  # clamped
        (90, 0, 1, 0),
        (90, 0xFFFFFFFF, 0, 10_000),
    ],
)
def test_state_of_charge(rig, limit_a, charged_mah, discharged_mah, soc_c100):
    rig.hear(LIMITS, "0348%04X00000000" % round(limit_a * 10))
    rig.counters(charged_mah, discharged_mah)
    assert rig.reading.soc_c100 == soc_c100
    assert rig.reading.complete


def test_pack_is_the_same_when_the_limit_falls_and_another_after_a_reset(rig):
    rig.hear(LIMITS, "0348000000000000")  # not ready yet: 0 A
    rig.counters(78_300, 0)
    rig.hear(LIMITS, "0348038400000000")
    assert rig.reading.soc_c100 == 8700
    rig.hear(LIMITS, "0348001300000000")  # 1.9 A near the end
    rig.counters(78_462, 0)
    assert rig.reading.soc_c100 == 8718
    rig.reading.reset()
    rig.hear(LIMITS, "0348001300000000")
    rig.counters(15_000, 0)
    assert rig.reading.soc_c100 == 5000  # of 30 Ah


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_complete_needs_limits_and_both_counters(rig, missing):
    frames = [
        (LIMITS, "0348038400000000"),
        (CHARGED, "000131DC00000000"),
        (DISCHARGED, "0000000000000000"),
    ]
    last = frames.pop(missing)
    for frame in frames:
        rig.hear(*frame)
    assert not rig.reading.complete and rig.reading.soc_c100 == -1
    rig.hear(*last)
    assert rig.reading.complete and rig.reading.soc_c100 == 8700


def test_the_next_vehicle_starts_from_nothing(rig):
    rig.hear(LIMITS, "0348038400000000")
    rig.counters(78_300, 0)
    rig.reading.reset()
    assert (rig.reading.age_ms, rig.reading.allowed, rig.reading.soc_c100) == (STALE_MS, False, -1)
    rig.hear(LIMITS, "0348038400000000")
    rig.hear(DISCHARGED, "0000000000000000")
    assert not rig.reading.complete  # the charged counter was the other vehicle's
    rig.hear(CHARGED, "0000232800000000")
    assert rig.reading.soc_c100 == 1000


def test_counters_do_not_make_the_reading_young(rig):
    rig.counters(78_300, 0)
    assert rig.reading.age_ms == STALE_MS


@pytest.mark.parametrize(
    ("mv", "ma", "flags", "text"),
    [
        (84_000, 80_000, 0, "0348032000000000"),  # the example of the Elcon dialect
        (77_150, 1_850, 0, "0303001200000000"),
        (-100, -100, FLAG_FAULT | FLAG_BATTERY_MISSING, "0000000009000000"),
        (9_999_999, 9_999_999, FLAG_OVER_TEMPERATURE, "FFFFFFFF02000000"),
    ],
)
def test_status_frame(rig, mv, ma, flags, text):
    rig.reading.age_ms = 0
    rig.bms.report(mv, ma, flags)
    assert rig.run(10)[0] == (10, STATUS, text)


@pytest.mark.parametrize(("age_ms", "flag"), [(5000, "00"), (5001, "10"), (STALE_MS, "10")])
def test_silence_of_the_bms_is_flagged(rig, age_ms, flag):
    rig.reading.age_ms = age_ms
    assert rig.run(10)[0][2][8:10] == flag


def test_status_every_100_ms_and_each_counter_every_2_s(rig):
    sent = rig.run(10_000)
    assert len([1 for _, id, _ in sent if id == STATUS]) == 100
    for question in (ASK_CHARGED, ASK_DISCHARGED):
        asked = [(at, data) for at, id, data in sent if id == question]
        assert len(asked) == 5
        assert all(data == "00" * 8 for _, data in asked)
        gaps = [b[0] - a[0] for a, b in zip(asked, asked[1:], strict=False)]
        assert set(gaps) == {2000}


def test_a_busy_bus_loses_nothing(rig):
    rig.can.free = False
    assert rig.run(300) == []
    rig.can.free = True
    assert [id for _, id, _ in rig.run(10)] == [STATUS, ASK_CHARGED]


def test_filters_let_its_frames_through():
    assert [(id, 0x1FFFFFFF, True) for id in (LIMITS, CHARGED, DISCHARGED)] == list(FILTERS)
