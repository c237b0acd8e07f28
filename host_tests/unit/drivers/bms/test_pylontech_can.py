"""Pylontech/Victron/SMA: every frame of the document, byte order, scale, whose age counts."""

import pytest

from firmware.charging.readings import STALE_MS
from firmware.drivers.bms.alarms import NAMES
from host_tests.unit.drivers.bms.can_cases import Rig
from host_tests.unit.drivers.bms.can_vectors import (
    PYLON_ALARMS,
    PYLON_CHARGE,
    PYLON_LIMITS,
    PYLON_REQUEST,
    PYLON_STATE,
)
from tools.sim.plant import bms_pylontech as pylon

LIMITS, CHARGE, STATE, ALARMS, REQUEST = 0x351, 0x355, 0x356, 0x359, 0x35C
PACK = [
    (LIMITS, PYLON_LIMITS[3][0]),
    (CHARGE, PYLON_CHARGE[1][0]),
    (STATE, "40 1F 00 00 FA 00"),  # 80.00 V, 25.0 degrees
    (ALARMS, PYLON_ALARMS),
    (REQUEST, PYLON_REQUEST),
]


def turned(text):
    data = bytes.fromhex(text)
    return bytes(data[i ^ 1] for i in range(len(data)))


def rig_of(frames, **options):
    rig = Rig("pylontech_can", **options)
    rig.run(3000, frames, every_ms=1000)
    rig.run(100, frames)
    return rig


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize(("text", "volts", "amps", "amps_out", "lowest"), PYLON_LIMITS)
def test_limits(text, volts, amps, amps_out, lowest, big):
    data = turned(text) if big else bytes.fromhex(text)
    rig = Rig("pylontech_can")
    assert rig.hear(LIMITS, data)
    assert rig.shown()[1:3] == (round(volts * 1000), round(amps * 1000))
    order = "big" if big else "little"
    assert pylon.limits(volts, amps, amps_out, lowest, order) == data


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize(("text", "soc", "soh"), PYLON_CHARGE)
def test_state_of_charge(text, soc, soh, big):
    data = turned(text) if big else bytes.fromhex(text)
    rig = Rig("pylontech_can", bms_byte_order="big" if big else "little")
    assert rig.hear(CHARGE, data)
    assert rig.reading.soc_c100 == soc * 100
    assert pylon.charge(soc, soh, "big" if big else "little") == data


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize(("text", "volts", "amps", "celsius"), PYLON_STATE)
def test_state(text, volts, amps, celsius, big):
    data = turned(text) if big else bytes.fromhex(text)
    order = "big" if big else "little"
    shown = (round(volts * 1000), round(amps * 1000), round(celsius * 10))
    for reverse, sign in ((False, 1), (True, -1)):
        rig = Rig("pylontech_can", bms_byte_order=order, bms_current_reversed=reverse)
        assert rig.hear(STATE, data)
        assert rig.shown()[3:5] == (shown[0], sign * shown[1])
        assert rig.reading.temperature_c10 == shown[2]
    assert pylon.state(volts, amps, celsius, order) == data


def test_the_other_scale_only_where_it_is_set():
    data = pylon.state(76.4, 12.5, 20.0, scale=0.1)
    rig = rig_of(PACK)
    assert not rig.hear(STATE, data)  # 7.64 V
    assert rig.reading.voltage_mv == 80_000 and rig.driver.refused == 1
    rig = Rig("pylontech_can", bms_byte_order="little", bms_356_scale="0.1")
    assert rig.hear(STATE, data)
    assert rig.reading.voltage_mv == 76_400
    assert not rig.hear(STATE, PYLON_STATE[0][0])  # 524.1 V


def test_a_whole_pack():
    rig = rig_of(PACK)
    assert rig.shown() == (True, 84_000, 100_000, 80_000, 0, 9_000, 250, 0)
    assert rig.reading.complete and rig.driver.refused == 0
    assert rig.run(10_000, PACK, every_ms=1000) <= 1000


def test_limits_alone_allow_to_charge_but_tell_no_charge():
    rig = rig_of(PACK[:1])
    assert rig.reading.allowed and rig.reading.age_ms <= 100
    assert not rig.reading.complete


# bits of bytes 0 and 1 of 0x359: name, does it forbid
MEANING = {
    (0, 1): ("pack_ov", True), (0, 2): ("pack_uv", False), (0, 3): ("chg_ot", True),
    (0, 4): ("chg_ut", True), (0, 7): ("dsg_oc", False), (1, 0): ("chg_oc", True),
    (1, 3): ("other", True), (1, 7): ("other", True),
}  # fmt: skip


@pytest.mark.parametrize(("byte", "bit"), [(byte, bit) for byte in range(8) for bit in range(8)])
def test_alarms(byte, bit):
    name, forbids = MEANING.get((byte, bit), (None, False))
    rig = rig_of(PACK)
    data = bytearray(8)
    data[byte] = 1 << bit
    assert rig.hear(ALARMS, bytes(data))
    assert rig.reading.alarms == (1 << NAMES.index(name) if name else 0)
    assert rig.reading.allowed is not forbids
    rig.hear(ALARMS, PYLON_ALARMS)
    assert rig.reading.allowed and rig.reading.alarms == 0


def test_alarms_and_request_are_encoded_as_captured():
    assert pylon.alarms(0, modules=2) == bytes.fromhex(PYLON_ALARMS)
    assert bytes.fromhex(PYLON_REQUEST) == b"\xc0\x00"


@pytest.mark.parametrize(("text", "allowed"), [("C0 00", True), ("80", True), ("40 00", False)])
def test_charge_enable(text, allowed):
    rig = rig_of(PACK)
    rig.hear(REQUEST, text)
    assert rig.reading.allowed is allowed
    rig.hear(LIMITS, PYLON_LIMITS[3][0])  # which does not take it back
    assert rig.reading.allowed is allowed


@pytest.mark.parametrize("voltage", ["48 03", "00 00", "FF FF"])
def test_no_current_forbids_whatever_the_voltage(voltage):
    rig = rig_of(PACK)
    rig.hear(LIMITS, voltage + "00 00 E8 03 58 02")
    assert not rig.reading.allowed
    rig.hear(REQUEST, PYLON_REQUEST)
    assert not rig.reading.allowed
    rig.run(100, PACK)
    assert rig.reading.allowed


@pytest.mark.parametrize("lost", [LIMITS, STATE, ALARMS, REQUEST])
def test_the_reading_is_as_old_as_the_oldest_that_counts(lost):
    rig = rig_of(PACK)
    rig.run(4000, [frame for frame in PACK if frame[0] != lost], every_ms=1000)
    assert rig.reading.age_ms >= 3900
    rig.run(100, PACK)
    assert rig.reading.age_ms <= 100


@pytest.mark.parametrize("never", [CHARGE, STATE, ALARMS, REQUEST])
def test_what_it_never_sends_is_not_waited_for(never):
    rig = rig_of([frame for frame in PACK if frame[0] != never])
    assert rig.reading.allowed and rig.reading.age_ms <= 100
    assert rig.reading.complete is (never != CHARGE)


def test_nothing_is_fresh_before_a_second_is_over():
    rig = Rig("pylontech_can")
    rig.run(1000, PACK, every_ms=1000)
    assert rig.reading.age_ms >= STALE_MS and not rig.reading.allowed
    rig.run(1100, PACK, every_ms=500)
    assert rig.reading.age_ms < 500 and rig.reading.allowed


def test_silence():
    rig = rig_of(PACK)
    assert rig.run(5000) >= 5000


@pytest.mark.parametrize(
    ("order", "text"),
    [
        ("auto", "02 03 12 00 12 00 00 00"),  # both ways
        ("auto", "C7 00 E8 03 E8 03 58 02"),  # 19.9 V
        ("auto", "B1 04 E8 03 E8 03 58 02"),  # 120.1 V
        ("auto", "48 03 F6 FF E8 03 58 02"),  # -1.0 A
        ("auto", "48 03 89 13 E8 03 58 02"),  # 500.1 A
        ("big", "48 03 E8 03 E8 03 58 02"),
        ("little", "03 48 03 E8 03 E8 02 58"),
    ],
)
def test_refused_limits(order, text):
    rig = Rig("pylontech_can", bms_byte_order=order)
    assert not rig.hear(LIMITS, text)
    assert rig.driver.refused == 1 and rig.reading.parts == 0
    assert rig.reading.voltage_limit_mv == 0


@pytest.mark.parametrize(
    ("id", "text"),
    [
        (CHARGE, "65 00 64 00"),  # 101 %
        (CHARGE, "00 1E 00 64"),
        (STATE, "CF 07 00 00 71 00"),  # 19.99 V
        (STATE, "79 14 89 13 71 00"),  # 500.1 A
        (STATE, "79 14 77 EC 71 00"),  # -500.1 A
        (STATE, "79 94 00 00 71 00"),  # below 0 V
        (LIMITS, "48 03 E8"),
        (STATE, "79 14 00 00"),
        (CHARGE, "1E"),
    ],
)
def test_implausible_and_short_frames_change_nothing(id, text):
    rig = rig_of(PACK)
    before = dict(vars(rig.reading))
    assert not rig.hear(id, text)
    assert vars(rig.reading) == before and rig.driver.refused == 1


@pytest.mark.parametrize(
    ("id", "text", "ext"),
    [
        (ALARMS, "00", False),
        (REQUEST, "", False),
        (LIMITS, PYLON_LIMITS[3][0], True),
        (0x35E, "50 59 4C 4F 4E 20 20 20", False),
        (0x305, "00 00 00 00 00 00 00 00", False),
        (0x4220, PYLON_LIMITS[3][0], True),
    ],
)
def test_frames_of_others(id, text, ext):
    rig = rig_of(PACK)
    before = dict(vars(rig.reading))
    assert not rig.hear(id, text, ext)
    assert vars(rig.reading) == before and rig.driver.refused == 0


@pytest.mark.parametrize("id", [CHARGE, STATE])
def test_without_limits_the_order_is_not_known(id):
    rig = Rig("pylontech_can")
    assert not rig.hear(id, dict(PACK)[id])
    assert (rig.reading.soc_c100, rig.reading.voltage_mv, rig.driver.refused) == (-1, -1, 0)


def test_host_frame_every_second():
    rig = Rig("pylontech_can")
    rig.run(10_000)
    assert rig.bus.take() == [(0x305, "00" * 8)] * 10
    rig.bus.free = False
    rig.run(2000)
    rig.bus.free = True
    rig.driver.poll(10)
    assert len(rig.bus.take()) == 1


def test_the_next_vehicle_may_speak_the_other_order():
    rig = rig_of(PACK)
    rig.hear(REQUEST, "00")
    rig.reading.reset()
    rig.run(100)
    others = [(id, turned(text) if id < ALARMS else text) for id, text in PACK]
    rig.run(1300, others)
    assert rig.shown() == (True, 84_000, 100_000, 80_000, 0, 9_000, 250, 0)


def test_filters_let_its_frames_through_and_no_others():
    bus = Rig("pylontech_can").bus
    assert all(bus.passes(id, False) for id, _ in PACK)
    assert not bus.passes(0x305, False) and not bus.passes(LIMITS, True)


def test_told_nothing():
    rig = Rig("pylontech_can")
    rig.driver.report(84_000, 90_000, 1)
    assert rig.bus.take() == []
