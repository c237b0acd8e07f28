"""JK on CAN: versions 1 and 2, each alarm and level, whose age counts, a second pack."""

import pytest

from firmware.charging.readings import STALE_MS
from firmware.drivers.bms.alarms import NAMES
from host_tests.unit.drivers.bms.can_cases import Rig
from host_tests.unit.drivers.bms.can_vectors import (
    ELCON_LITTLE,
    JK_ALARMS,
    JK_CAPACITY,
    JK_CELLS,
    JK_STATE_27_V,
    JK_STATE_72_V,
)
from tools.sim.plant import bms_elcon, bms_jk_can

STATE, ALARMS, SWITCHES, REQUEST = 0x2F4, 0x7F4, 0x18F528F4, 0x1806E5F4
NONE = "00 00 00 00"
ON, OFF = "03", "02"
VERSION_1 = [(STATE, JK_STATE_72_V), (ALARMS, NONE)]
ASKS = [(REQUEST, ELCON_LITTLE[0])]
VERSION_2 = [*VERSION_1, (SWITCHES, ON), *ASKS]


def rig_of(frames, **options):
    rig = Rig("jk_can", **options)
    rig.run(1000, frames)
    return rig


@pytest.mark.parametrize(
    ("text", "volts", "raw_amps", "soc"),
    [(JK_STATE_72_V, 72.7, 0.0, 80), (JK_STATE_27_V, 27.5, 56.7, 51)],
)
def test_state(text, volts, raw_amps, soc):
    for reverse, sign in ((False, 1), (True, -1)):
        rig = Rig("jk_can", bms_current_reversed=reverse)
        assert rig.hear(STATE, text)
        shown = (volts * 1000, sign * raw_amps * 1000, soc * 100)
        assert rig.shown()[3:6] == pytest.approx(shown)
    assert bms_jk_can.state(volts, raw_amps, soc, 100) == bytes.fromhex(text)


def test_what_is_not_needed_is_encoded_as_documented():
    assert bms_jk_can.cells(4618, 3, 4476, 12) == bytes.fromhex(JK_CELLS)
    assert bms_jk_can.capacity(50.0, 64.0, 0.0, 64) == bytes.fromhex(JK_CAPACITY)
    levels = ((0, 3), (3, 1), (10, 2))
    assert bms_jk_can.alarms(levels) == bytes.fromhex(JK_ALARMS)
    volts, amps = ELCON_LITTLE[1] / 1000, ELCON_LITTLE[2] / 1000
    assert bms_elcon.limits(volts, amps, order="little") == bytes.fromhex(ELCON_LITTLE[0])
    rig = Rig("jk_can")
    for id, text in ((0x4F4, JK_CELLS), (0x18F128F4, JK_CAPACITY)):
        assert not rig.hear(id, text)
        assert not rig.bus.passes(id, id > 0x7FF)
    assert rig.driver.refused == 0


def test_documented_alarms():
    rig = rig_of([(STATE, JK_STATE_72_V), (ALARMS, JK_ALARMS)])
    names = [NAMES[i] for i in range(len(NAMES)) if rig.reading.alarms >> i & 1]
    assert names == ["pack_uv", "other"]
    assert rig.reading.allowed


# in the order of the wire: name, does it forbid
MEANING = (
    ("cell_ov", True), ("cell_uv", False), ("pack_ov", True), ("pack_uv", False),
    ("imbalance", False), ("dsg_oc", False), ("chg_oc", True), ("chg_ot", True),
    ("chg_ut", True), ("other", False), ("other", False), ("insulation", True),
    ("other", True), ("comm", False), ("afe", True), (None, False),
)  # fmt: skip


@pytest.mark.parametrize("level", [1, 2, 3])
@pytest.mark.parametrize("number", range(16))
def test_alarms(number, level):
    name, forbids = MEANING[number]
    rig = rig_of(VERSION_1)
    assert rig.reading.allowed
    assert rig.hear(ALARMS, bms_jk_can.alarms([(number, level)]))
    severe = level < 3  # 3 is a warning
    assert rig.reading.alarms == (1 << NAMES.index(name) if name and severe else 0)
    assert rig.reading.allowed is not (forbids and severe)
    rig.hear(ALARMS, NONE)
    assert rig.reading.allowed and rig.reading.alarms == 0


def test_version_1_has_the_limits_of_the_options():
    rig = rig_of(VERSION_1, pack_max_mv=82_000, pack_max_ma=40_000)
    assert rig.shown() == (True, 82_000, 40_000, 72_700, 0, 8_000, -32768, 0)
    assert rig.reading.complete


@pytest.mark.parametrize(
    ("max_mv", "max_ma", "limits"),
    [(84_000, 90_000, (57_600, 50_000)), (57_000, 40_000, (57_000, 40_000))],
)
def test_version_2_asks_for_less_than_the_options(max_mv, max_ma, limits):
    rig = rig_of(VERSION_2, pack_max_mv=max_mv, pack_max_ma=max_ma)
    assert rig.shown()[:3] == (True, *limits)


def test_nothing_is_fresh_before_the_request_had_its_time():
    rig = Rig("jk_can")
    rig.run(500, VERSION_1)
    assert rig.reading.age_ms >= STALE_MS and not rig.reading.complete
    rig.run(300, VERSION_1)
    assert rig.reading.age_ms <= 100 and rig.reading.complete


@pytest.mark.parametrize("lost", [STATE, ALARMS, REQUEST])
def test_the_reading_is_as_old_as_the_oldest_that_counts(lost):
    rig = rig_of(VERSION_2)
    rig.run(4000, [frame for frame in VERSION_2 if frame[0] != lost])
    assert 3900 <= rig.reading.age_ms <= 4100
    rig.run(100, VERSION_2)
    assert rig.reading.age_ms <= 100


@pytest.mark.parametrize("missing", [STATE, ALARMS])
def test_never_fresh_without_state_and_alarms(missing):
    rig = rig_of([frame for frame in VERSION_2 if frame[0] != missing])
    rig.run(5000, [frame for frame in VERSION_2 if frame[0] != missing])
    assert rig.reading.age_ms >= STALE_MS and not rig.reading.allowed


def test_silence():
    rig = rig_of(VERSION_2)
    assert rig.run(5000) >= 5000


def test_switched_off_forbids_until_it_is_on_again():
    rig = rig_of(VERSION_2)
    rig.hear(SWITCHES, OFF)
    assert not rig.reading.allowed
    rig.run(1000, [*VERSION_1, *ASKS])  # the switches' frame is lost in the burst
    assert not rig.reading.allowed and rig.reading.age_ms <= 100
    rig.run(200, VERSION_2)
    assert rig.reading.allowed


@pytest.mark.parametrize("limits", ["40 02 F4 01", "00 00 00 00", "FF FF FF FF"])
def test_stop_is_obeyed_whatever_the_limits_say(limits):
    rig = rig_of(VERSION_2)
    rig.hear(REQUEST, limits + "01 00 00 00")
    assert not rig.reading.allowed
    rig.run(500, VERSION_1)
    assert not rig.reading.allowed
    rig.run(200, VERSION_2)
    assert rig.reading.allowed


def test_stop_without_sound_limits_before_anything_else():
    rig = rig_of([(REQUEST, "00 00 00 00 01 00 00 00"), *VERSION_1])
    assert not rig.reading.allowed and rig.reading.voltage_limit_mv == 0


@pytest.mark.parametrize(
    ("id", "text"),
    [
        (STATE, "C7 00 A0 0F 50 00 64 00"),  # 19.9 V
        (STATE, "B1 04 A0 0F 50 00 64 00"),  # 120.1 V
        (STATE, "D7 02 29 23 50 00 64 00"),  # 500.1 A
        (STATE, "D7 02 A0 0F 65 00 64 00"),  # 101 %
        (REQUEST, "02 40 01 F4 00 00 00 00"),  # big-endian
        (REQUEST, "00 00 F4 01 00 00 00 00"),
    ],
)
def test_implausible_frames_change_nothing(id, text):
    rig = rig_of(VERSION_2)
    before = rig.shown()
    assert not rig.hear(id, text)
    assert rig.shown() == before and rig.driver.refused == 1
    rig.run(1000, [(id, text)])
    assert rig.reading.age_ms >= 1000


@pytest.mark.parametrize(
    ("id", "text", "ext"),
    [
        (STATE, JK_STATE_72_V, True),
        (STATE, JK_STATE_72_V[:11], False),
        (ALARMS, "00 00 00", False),
        (REQUEST, ELCON_LITTLE[0], False),
        (REQUEST, ELCON_LITTLE[0][:20], True),
        (SWITCHES, "", True),
        (0x5F4, "4B 01 4A 02 4B", False),  # temperatures
        (0x18FF50E5, ELCON_LITTLE[0], True),
    ],
)
def test_short_frames_and_those_of_others(id, text, ext):
    rig = rig_of(VERSION_2)
    before = dict(vars(rig.reading))
    assert not rig.hear(id, text, ext)
    assert vars(rig.reading) == before


def test_another_node_is_heard_but_not_a_second_one():
    rig = rig_of([(id + 2, text) for id, text in VERSION_2])
    assert rig.reading.allowed and rig.driver.refused == 0
    assert not rig.hear(STATE, JK_STATE_27_V)
    assert rig.reading.voltage_mv == 72_700 and rig.driver.refused == 1
    rig.reading.reset()
    rig.run(1000, VERSION_1)
    assert rig.reading.allowed and rig.reading.voltage_mv == 72_700


def test_the_next_vehicle_starts_from_nothing():
    rig = rig_of(VERSION_2)
    rig.hear(SWITCHES, OFF)
    rig.reading.reset()
    rig.run(500)
    rig.run(500, VERSION_1)
    assert rig.reading.age_ms >= STALE_MS  # it is listened to anew
    rig.run(300, VERSION_1)
    assert rig.shown()[:3] == (True, 84_000, 90_000)


def test_told_nothing():
    rig = rig_of(VERSION_2)
    rig.driver.report(84_000, 90_000, 1)
    rig.run(2000)
    assert rig.bus.take() == []
