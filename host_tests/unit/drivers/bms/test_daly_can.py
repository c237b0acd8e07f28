"""Daly on CAN: what is asked when, pages in both byte orders, what freshness rests on."""

import pytest

from firmware.charging.readings import STALE_MS
from firmware.drivers.bms.daly_can import PLAN
from host_tests.unit.drivers.bms.can_cases import Rig
from host_tests.unit.drivers.bms.can_vectors import (
    DALY_CELLS,
    DALY_TEMPERATURES,
    DALY_TOTALS_50_V,
    DALY_TOTALS_51_V,
)
from host_tests.unit.drivers.bms.uart_vectors import DALY_ANSWERS, raw
from tools.sim.plant import bms_daly
from tools.sim.plant.bms_daly_can import answer_id, request_id, turned

TOTALS, SWITCHES, COUNTS, ALARMS = 0x90, 0x93, 0x94, 0x98
ON = "00 01 01 10 00 00 4E 20"
NONE = "00 00 00 00 00 00 00 00"
PAGES = {
    TOTALS: DALY_TOTALS_50_V,
    SWITCHES: ON,
    ALARMS: NONE,
    0x92: DALY_TEMPERATURES,
    COUNTS: "10 02 00 00 00 00 00 00",
    0x50: "00 04 93 E0 00 00 0C 80",
}


class Answering(Rig):
    """The driver, and a BMS that has `pages`."""

    def __init__(self, pages=PAGES, little=False, **options):
        super().__init__("daly_can", **options)
        self.pages = dict(pages)
        self.little = little
        self.asked = []

    def run(self, ms, dt_ms=10):
        """Poll and answer for `ms`; the greatest age meanwhile."""
        oldest_ms = 0
        for _ in range(ms // dt_ms):
            oldest_ms = max(oldest_ms, super().run(dt_ms, dt_ms=dt_ms))
            for id, data in self.bus.take():
                assert data == "00" * 8
                page = id >> 16 & 0xFF
                assert id == request_id(page)
                self.asked.append(page)
                if page in self.pages:
                    answer = raw(self.pages[page])
                    words = self.little and page in (TOTALS, 0x50)
                    self.hear(answer_id(page), turned(answer) if words else answer)
        return oldest_ms


def test_ids_of_the_document():
    assert request_id(0x90) == 0x18900140
    assert answer_id(0x90) == 0x18904001
    assert answer_id(0x92, 2) == 0x18924002
    bus = Rig("daly_can").bus
    assert all(bus.passes(answer_id(page), True) for page in PLAN)
    assert not bus.passes(answer_id(0x90, 2), True) and not bus.passes(request_id(0x90), True)


@pytest.mark.parametrize("little", [False, True])
@pytest.mark.parametrize(
    ("totals", "shown"),
    [
        (DALY_TOTALS_50_V, (50_000, 0, 8_000)),
        (DALY_TOTALS_51_V, (51_500, -50_000, 8_240)),
        ("02 10 00 00 76 30 01 F4", (52_800, -25_600, 5_000)),
    ],
)
def test_pages(totals, shown, little):
    rig = Answering({**PAGES, TOTALS: totals}, little)
    rig.run(2000)
    volts, amps, soc = shown
    assert rig.shown() == (True, 58_400, 90_000, volts, amps, soc, 250, 0)
    assert rig.reading.complete and rig.driver.refused == 0


def test_pages_are_encoded_as_documented():
    assert bms_daly.totals(50.0, 0.0, 80.0, 50.0) == raw(DALY_TOTALS_50_V)
    assert bms_daly.totals(51.5, 50.0, 82.4) == raw(DALY_TOTALS_51_V)
    assert bms_daly.temperatures(25, 1, 20, 2) == raw(DALY_TEMPERATURES)[:4]
    assert bms_daly.cell_pages([3300, 3310, 3320], first=0) == [raw(DALY_CELLS)]


@pytest.mark.parametrize("text", DALY_ANSWERS)
def test_every_payload_of_the_uart_may_come(text):
    """Those of use are taken, 13.3 V is no pack of ours, the rest is left alone."""
    frame = raw(text)
    page = frame[2]
    rig = Rig("daly_can")
    small = page == TOTALS and frame[4:6] == raw("00 85")
    taken = page in PLAN and not small
    assert rig.hear(answer_id(page), frame[4:12]) == taken
    assert rig.driver.refused == small


def test_the_plan():
    rig = Answering()
    rig.run(3000)
    first = rig.asked.index(COUNTS)
    assert set(rig.asked[:first]) == {TOTALS}
    rest = rig.asked[first:]
    assert bytes(rest) == (PLAN * 9)[: len(rest)]
    rig.asked.clear()
    rig.run(5400)
    assert len(rig.asked) == 90
    assert rig.asked.count(TOTALS) == rig.asked.count(ALARMS) == 20  # every 270 ms


def test_without_a_vehicle_it_knocks_twice_a_second():
    rig = Answering({})
    rig.run(10_000)
    assert rig.asked == [TOTALS] * 20


def test_a_busy_bus_loses_no_question():
    rig = Answering()
    rig.run(2000)
    rig.bus.free = False
    rig.asked.clear()
    rig.run(300)
    assert rig.asked == []
    rig.bus.free = True
    rig.run(10)
    assert len(rig.asked) == 1


def test_fresh_twice_a_round():
    rig = Answering()
    rig.run(2000)
    assert rig.run(20_000) < 700


@pytest.mark.parametrize("missing", [TOTALS, SWITCHES, ALARMS])
def test_not_fresh_without_one_of_the_three(missing):
    rig = Answering()
    rig.run(2000)
    del rig.pages[missing]
    rig.run(4000)
    assert rig.reading.age_ms > 3000
    fresh = Answering()
    del fresh.pages[missing]
    fresh.run(4000)
    assert fresh.reading.age_ms >= STALE_MS and not fresh.reading.allowed


def test_old_answers_do_not_count_with_new_ones():
    """Alarms fall silent, and when they are back the others do: nothing is fresh."""
    rig = Answering()
    rig.run(2000)
    pages, rig.pages = rig.pages, {TOTALS: DALY_TOTALS_50_V, SWITCHES: ON}
    rig.run(5000)
    rig.pages = {}
    rig.run(600)  # a round
    rig.pages = {ALARMS: NONE}
    age_ms = rig.reading.age_ms
    rig.run(3000)
    assert rig.reading.age_ms == age_ms + 3000
    rig.pages = pages
    rig.run(1200)
    assert rig.reading.age_ms < 700


@pytest.mark.parametrize(
    ("page", "text"), [(SWITCHES, "00 00 01 10 00 00 4E 20"), (ALARMS, "02 00 00 00 00 00 00 00")]
)
def test_it_forbids_at_once(page, text):
    rig = Answering()
    rig.run(2000)
    assert rig.reading.allowed
    rig.hear(answer_id(page), text)
    assert not rig.reading.allowed


@pytest.mark.parametrize(
    ("order", "text"),
    [
        ("auto", "00 85 00 00 75 30 01 E4"),  # 13.3 V
        ("auto", "02 02 00 00 75 75 00 00"),  # the same both ways
        ("big", "F4 01 F4 01 30 75 20 03"),
        ("little", DALY_TOTALS_50_V),
        ("auto", "01 F4 01 F4 75 30 03 E9"),  # 100.1 %
        ("auto", "01 F4 01 F4 FF FF 03 20"),  # 3553.5 A
        ("auto", "FF FF FF FF FF FF FF FF"),
    ],
)
def test_refused_totals(order, text):
    rig = Rig("daly_can", bms_byte_order=order)
    assert not rig.hear(answer_id(TOTALS), text)
    assert (rig.driver.refused, rig.reading.parts, rig.reading.voltage_mv) == (1, 0, -1)


def test_refused_switches():
    rig = Answering()
    rig.run(2000)
    assert not rig.hear(answer_id(SWITCHES), "00 02 01 10 00 00 4E 20")
    assert rig.driver.refused == 1


def test_another_address_and_the_other_sign():
    rig = Rig("daly_can", bms_address=2, bms_current_reversed=True)
    rig.driver.poll(500)
    assert rig.bus.take() == [(0x18900240, "00" * 8)]
    assert not rig.hear(0x18904001, DALY_TOTALS_51_V)
    assert rig.hear(0x18904002, DALY_TOTALS_51_V)
    assert rig.reading.current_ma == 50_000
    assert rig.hear(0x18924002, DALY_TEMPERATURES)


@pytest.mark.parametrize(
    ("id", "text", "ext"),
    [
        (0x18904001, DALY_TOTALS_50_V, False),
        (0x18904001, DALY_TOTALS_50_V[:-3], True),
        (0x18900140, NONE, True),  # our own question
        (0x14904001, DALY_TOTALS_50_V, True),
        (0x18FF50E5, NONE, True),
    ],
)
def test_frames_of_others(id, text, ext):
    rig = Rig("daly_can")
    before = dict(vars(rig.reading))
    assert not rig.hear(id, text, ext)
    assert vars(rig.reading) == before


def test_the_next_vehicle_may_speak_the_other_order():
    rig = Answering()
    rig.run(2000)
    rig.reading.reset()
    rig.little = True
    rig.run(2000)
    assert rig.shown()[:4] == (True, 58_400, 90_000, 50_000)


def test_told_nothing():
    rig = Rig("daly_can")
    rig.driver.report(84_000, 90_000, 1)
    assert rig.bus.take() == []
