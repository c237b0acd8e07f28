"""Daly A5: every frame of the document, alarms of two levels, what permission rests on."""

import pytest

from firmware.charging.readings import BmsReading
from firmware.drivers.bms.alarms import NAMES
from firmware.drivers.bms.daly import DalyPages
from firmware.drivers.bms.daly_uart import DalyUart
from host_tests.unit.drivers.bms.line import shown
from host_tests.unit.drivers.bms.uart_cases import Rig, daly_question
from host_tests.unit.drivers.bms.uart_vectors import DALY_ANSWERS, DALY_QUESTIONS, raw
from tools.sim.plant import bms_daly

FREE = bytes(8)


def payload(text):
    return raw(text)[4:12]


def take(*texts):
    """The reading after these answers."""
    reading = BmsReading()
    pages = DalyPages(reading, 84_000, 50_000, False)
    for text in texts:
        pages.take(raw(text)[2], payload(text))
    return reading


@pytest.mark.parametrize(
    ("text", "volts", "milliamps", "soc"),
    [
        (DALY_ANSWERS[0], 51_500, -50_000, 8240),
        (DALY_ANSWERS[6], 13_300, 0, 4840),
        (DALY_ANSWERS[8], 52_800, -25_600, 5000),
    ],
)
def test_totals(text, volts, milliamps, soc):
    reading = take(text)
    assert (reading.voltage_mv, reading.current_ma, reading.soc_c100) == (volts, milliamps, soc)


def test_temperature_cells_and_an_undefined_alarm_bit():
    reading = take(*DALY_ANSWERS[:6], DALY_ANSWERS[11])
    assert shown(reading) == (True, 51_500, -50_000, 8_240, 310, 67_200, 50_000, 0)
    reading = take(DALY_ANSWERS[6], DALY_ANSWERS[7], DALY_ANSWERS[10], DALY_ANSWERS[11])
    assert shown(reading)[5:] == (16_800, 50_000, 0)


@pytest.mark.parametrize("text", DALY_ANSWERS)
def test_every_documented_answer_is_found_on_the_line(text):
    """Whatever page: asked for it, the driver takes the frame as the answer."""
    page = raw(text)[2]
    protocol = DalyUart(BmsReading(), None)
    protocol._request[2] = page
    frame = memoryview(raw(text))
    assert protocol.size(frame) == 13 and protocol.sound(frame)
    assert protocol.size(memoryview(daly_question(page))) == -1


@pytest.mark.parametrize(("page", "last"), DALY_QUESTIONS.items())
def test_questions_of_the_document(page, last):
    assert bms_daly.frame(0x40, page) == daly_question(page)
    assert daly_question(page)[-1] == last


def test_what_the_driver_asks():
    rig = Rig("daly")
    rig.run(2000)
    pages = [question[2] for question in rig.line.asked]
    assert pages[:10] == [0x90, 0x94, 0x50, 0x90, 0x93, 0x98, 0x92, 0x90, 0x93, 0x98]
    assert rig.line.asked == [daly_question(page) for page in pages]


def test_the_virtual_bms_encodes_as_captured():
    """Bytes behind the documented fields are stale garbage, so they are left out."""
    for number, data in (
        (0, bms_daly.totals(51.5, 50.0, 82.4)),
        (1, bms_daly.cell_range(3255, 7, 3091, 5)),
        (2, bms_daly.temperatures(31, 1, 31, 1)),
        (3, bms_daly.switches(2, 1, 1, 0x71, 296_640)),
        (5, bms_daly.cell_pages([3242, 3221, 3161])[0][:7]),
        (6, bms_daly.totals(13.3, 0.0, 48.4)),
        (8, bms_daly.totals(52.8, 25.6, 50.0)),
        (9, bms_daly.cell_range(3784, 5, 3740, 9)),
        (10, bms_daly.switches(0, 1, 1, 16, 20_000)),
        (12, bms_daly.sensor_page([21])[:2]),
    ):
        text = DALY_ANSWERS[number]
        assert payload(text)[: len(data)] == data
        assert bms_daly.frame(1, raw(text)[2], payload(text)) == raw(text)
    assert bms_daly.cell_pages([3300, 3310, 3320], first=0)[0] == raw("000CE40CEE0CF800")


# alarm byte -> names for bits 0 to 7; the first of two levels is a warning only
ALARMS = (
    (None, "cell_ov", None, "cell_uv", None, "pack_ov", None, "pack_uv"),
    (None, "chg_ot", None, "chg_ut", None, "dsg_ot", None, "dsg_ut"),
    (None, "chg_oc", None, "dsg_oc", None, None, None, None),
    (None, "imbalance", None, "other", None, None, None, None),
    ("mos_ot", "mos_ot", "afe", "afe", "weld", "weld", "other", "other"),
    ("afe", "afe", "afe", "other", "other", "precharge", "comm", "afe"),
    ("afe", "afe", "short", "other", None, None, None, None),
)
FORBID = {"cell_ov", "pack_ov", "chg_ot", "chg_ut", "chg_oc", "short", "mos_ot", "afe", "weld"}


@pytest.mark.parametrize(("byte", "bit"), [(byte, bit) for byte in range(8) for bit in range(8)])
def test_alarms(byte, bit):
    name = ALARMS[byte][bit] if byte < 7 else None
    data = bytearray(8)
    data[byte] = 1 << bit
    reading = BmsReading()
    pages = DalyPages(reading, 84_000, 50_000, False)
    for page, text in ((0x90, DALY_ANSWERS[0]), (0x93, DALY_ANSWERS[10])):
        assert pages.take(page, payload(text))
    assert pages.take(0x98, data)
    assert reading.alarms == (1 << NAMES.index(name) if name else 0)
    too_empty = (byte, bit) == (6, 3)
    assert reading.allowed is (name not in FORBID and not too_empty)
    assert reading.age_ms == 0


@pytest.mark.parametrize("missing", [0x90, 0x93, 0x98])
def test_not_fresh_without_one_of_the_three(missing):
    rig = Rig("daly")
    rig.run(2000)
    del rig.line.answers[daly_question(missing)]
    rig.run(4000)
    assert rig.reading.age_ms > 3000
    fresh = Rig("daly")
    del fresh.line.answers[daly_question(missing)]
    fresh.run(4000)
    assert not fresh.reading.complete and fresh.reading.age_ms > 4000


@pytest.mark.parametrize("missing", [0x94, 0x50, 0x92])
def test_fresh_without_the_rest(missing):
    rig = Rig("daly")
    del rig.line.answers[daly_question(missing)]
    rig.run(3000)
    ages = []
    for _ in range(300):
        rig.run(10)
        ages.append(rig.reading.age_ms)
    assert rig.reading.complete and rig.reading.allowed and max(ages) < 1200


def test_the_limits_are_right_when_the_reading_becomes_complete():
    rig = Rig("daly")
    while not rig.reading.complete:
        rig.run(10)
    assert shown(rig.reading)[5:7] == (58_400, 50_000)


def test_switched_off_forbids_at_once():
    rig = Rig("daly")
    assert rig.run(2000)[0]
    off = bms_daly.frame(1, 0x93, bms_daly.switches(0, 0, 1, 0, 0))
    rig.line.answers[daly_question(0x93)] = off
    rig.run(600)
    assert not rig.reading.allowed
    assert rig.reading.age_ms < 1000


@pytest.mark.parametrize(
    ("page", "text"),
    [
        (0x90, "04B1000075300320"),  # 120.1 V
        (0x90, "01F40000753003E9"),  # 100.1 %
        (0x93, "0301010000000000"),
        (0x93, "0002010000000000"),
        (0x94, "0002000000000000"),
        (0x94, "2102000000000000"),
        (0x91, "0CB7070C13050338"),  # of no use
        (0x42, "0000000000000000"),
    ],
)
def test_implausible_or_useless_pages_change_nothing(page, text):
    reading = BmsReading()
    before = shown(reading)
    assert not DalyPages(reading, 84_000, 50_000, False).take(page, raw(text))
    assert shown(reading) == before and reading.parts == 0


@pytest.mark.parametrize(
    ("nominal", "limit"), [("0C80", 58_400), ("0E74", 67_200), ("0000", 67_200)]
)
def test_voltage_limit_by_cells_and_their_kind(nominal, limit):
    reading = BmsReading()
    pages = DalyPages(reading, 84_000, 50_000, False)
    pages.take(0x94, raw("1002000000000000"))
    pages.take(0x50, raw("000493E00000" + nominal))
    pages.take(0x90, payload(DALY_ANSWERS[0]))
    pages.take(0x93, payload(DALY_ANSWERS[10]))
    pages.take(0x98, FREE)
    assert reading.voltage_limit_mv == limit
