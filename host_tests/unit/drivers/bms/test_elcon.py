"""Elcon/TC receiver: every frame of the document, both byte orders, what is refused."""

import pytest

from firmware.charging.readings import STALE_MS, UNKNOWN_TEMPERATURE
from host_tests.unit.drivers.bms.can_cases import Rig
from host_tests.unit.drivers.bms.can_vectors import (
    ELCON,
    ELCON_LIMITS,
    ELCON_LITTLE,
    ELCON_STATUS,
    ELCON_STATUSES,
    ELCON_TOO_HIGH,
)
from tools.sim.plant import bms_elcon

GOOD = ELCON[1][0]
LITTLE = ELCON_LITTLE[0]
BOTH_WAYS = "03 02 00 12 00 00 00 00"  # 77.0 V and 1.8 A, or 51.5 V and 460.8 A


def squeezed(text):
    return text.replace(" ", "")


@pytest.mark.parametrize(("text", "mv", "ma", "control", "heating"), ELCON)
@pytest.mark.parametrize("order", ["auto", "big"])
def test_limits(order, text, mv, ma, control, heating):
    rig = Rig("elcon", bms_byte_order=order)
    assert rig.hear(ELCON_LIMITS, text)
    assert rig.shown() == (control == 0, mv, ma, -1, 0, -1, UNKNOWN_TEMPERATURE, 0)
    reading = rig.reading
    assert (reading.heating, reading.age_ms, reading.complete) == (heating, 0, True)
    assert bms_elcon.limits(mv / 1000, ma / 1000, control, heating) == bytes.fromhex(text)


@pytest.mark.parametrize("order", ["auto", "little"])
def test_little_endian_limits(order):
    text, mv, ma = ELCON_LITTLE
    rig = Rig("elcon", bms_byte_order=order)
    assert rig.hear(ELCON_LIMITS, text)
    assert rig.shown()[:3] == (True, mv, ma)
    assert bms_elcon.limits(mv / 1000, ma / 1000, order="little") == bytes.fromhex(text)


@pytest.mark.parametrize(
    ("order", "text"),
    [
        *((order, text) for order in ("auto", "big", "little") for text in ELCON_TOO_HIGH),
        ("big", LITTLE),  # told which, the other is not guessed
        ("little", GOOD),
        ("auto", BOTH_WAYS),
        ("auto", "00 00 03 84 00 00 00 00"),
        ("auto", "03 48 13 89 00 00 00 00"),  # 500.1 A
        ("auto", "00 C7 01 00 00 00 00 00"),  # 19.9 V
        ("auto", "04 B1 01 00 00 00 00 00"),  # 120.1 V
    ],
)
def test_refused(order, text):
    rig = Rig("elcon", bms_byte_order=order)
    assert not rig.hear(ELCON_LIMITS, text)
    assert rig.driver.refused == 1
    assert rig.reading.age_ms == STALE_MS and not rig.reading.allowed
    assert rig.reading.voltage_limit_mv == rig.reading.current_limit_ma == 0


@pytest.mark.parametrize("text", ["00 C8 00 00 00 00 00 00", "04 B0 13 88 00 00 00 00"])
def test_the_edges_of_what_is_plausible(text):
    assert Rig("elcon", bms_byte_order="big").hear(ELCON_LIMITS, text)


@pytest.mark.parametrize(("order", "ma"), [("big", 1_800), ("little", 460_800)])
def test_what_fits_both_ways_is_read_as_configured(order, ma):
    rig = Rig("elcon", bms_byte_order=order)
    assert rig.hear(ELCON_LIMITS, BOTH_WAYS)
    assert rig.reading.current_limit_ma == ma


def test_the_order_is_learned_and_kept_until_the_vehicle_leaves():
    rig = Rig("elcon")
    assert rig.hear(ELCON_LIMITS, GOOD)
    assert rig.hear(ELCON_LIMITS, BOTH_WAYS)
    assert rig.reading.current_limit_ma == 1_800
    rig.reading.age_ms = 700
    assert not rig.hear(ELCON_LIMITS, LITTLE)
    assert (rig.reading.age_ms, rig.driver.refused) == (700, 1)
    rig.reading.reset()
    assert not rig.hear(ELCON_LIMITS, BOTH_WAYS)
    assert rig.hear(ELCON_LIMITS, LITTLE)


@pytest.mark.parametrize("control", [1, 2, 255])
@pytest.mark.parametrize("limits", ["03 48 03 84", "00 00 00 00", "FF FF FF FF"])
def test_stop_is_obeyed_whatever_the_limits_say(control, limits):
    rig = Rig("elcon")
    rig.hear(ELCON_LIMITS, GOOD)
    rig.reading.age_ms = 900
    assert rig.hear(ELCON_LIMITS, "%s %02X 00 00 00" % (limits, control))
    assert not rig.reading.allowed and rig.reading.age_ms == 0
    assert rig.reading.voltage_limit_mv in (84_000, 88_000)


@pytest.mark.parametrize(
    ("id", "text", "ext"),
    [
        (ELCON_LIMITS, GOOD, False),
        (ELCON_LIMITS, GOOD[:-3], True),
        (ELCON_LIMITS, "", True),
        (0x1806E7F4, GOOD, True),  # for the charger next door
        (ELCON_STATUS, GOOD, True),
    ],
)
def test_frames_of_others(id, text, ext):
    rig = Rig("elcon")
    before = dict(vars(rig.reading))
    assert not rig.hear(id, text, ext)
    assert vars(rig.reading) == before and rig.driver.refused == 0


def test_only_its_frame_is_let_through():
    bus = Rig("elcon").bus
    assert bus.passes(ELCON_LIMITS, True)
    assert not bus.passes(ELCON_STATUS, True) and not bus.passes(0x1806E7F4, True)


@pytest.mark.parametrize(("mv", "ma", "flags", "text"), ELCON_STATUSES)
def test_status(mv, ma, flags, text):
    rig = Rig("elcon")
    if not flags:
        rig.hear(ELCON_LIMITS, GOOD)
    rig.driver.report(mv, ma)
    rig.driver.poll(10)
    assert rig.bus.take() == [(ELCON_STATUS, squeezed(text))]
    assert bms_elcon.status(bytes.fromhex(text)) == (mv / 1000, ma / 1000, flags)


@pytest.mark.parametrize(
    ("mv", "ma", "flags", "text"),
    [(-100, -100, 1, "0000000001000000"), (9_999_999, 1 << 29, 2, "FFFFFFFF02000000")],
)
def test_status_at_its_ends(mv, ma, flags, text):
    rig = Rig("elcon")
    rig.hear(ELCON_LIMITS, GOOD)
    rig.driver.report(mv, ma, flags)
    rig.driver.poll(10)
    assert rig.bus.take()[0][1] == text


def test_status_in_the_order_of_the_vehicle():
    rig = Rig("elcon")
    rig.hear(ELCON_LIMITS, LITTLE)
    rig.driver.report(84_000, 80_000)
    rig.driver.poll(10)
    assert rig.bus.take()[0][1] == "4803200300000000"


def test_silence_is_flagged_after_3_s_and_a_frame_ends_it():
    rig = Rig("elcon")
    rig.hear(ELCON_LIMITS, GOOD)
    rig.run(3000)
    assert {data[8:10] for _, data in rig.bus.take()} == {"00"}
    rig.run(1000)
    assert rig.bus.take()[-1][1][8:10] == "10"
    rig.run(1000, [(ELCON_LIMITS, GOOD)])
    assert rig.bus.take()[-1][1][8:10] == "00"


def test_status_twice_a_second_and_none_lost_on_a_busy_bus():
    rig = Rig("elcon")
    rig.run(10_000)
    assert len(rig.bus.take()) == 20
    rig.bus.free = False
    rig.run(1000)
    rig.bus.free = True
    rig.driver.poll(10)
    assert len(rig.bus.take()) == 1
