"""JBD: every frame of the document, permission, thresholds and what happens without them."""

import pytest

from host_tests.unit.drivers.bms.uart_cases import JBD_CONVERSATION, JBD_REGISTER, Rig
from host_tests.unit.drivers.bms.uart_vectors import JBD_BASIC, JBD_CELLS, JBD_QUESTIONS, raw
from tools.sim.plant import bms_jbd

BASIC = JBD_REGISTER[0x03]


def with_basic(frame, **line):
    """A rig whose BMS keeps its thresholds to itself and answers with this page."""
    return Rig("jbd", answers={BASIC: frame}, **line)


def page(**changes):
    """A basic page of a healthy pack, with changes."""
    fields = {"volts": 72.0, "amps": 0.0, "remaining_ah": 10, "nominal_ah": 30, "soc": 50,
              "cells": 20, "celsius": (25.0,)}  # fmt: skip
    return bms_jbd.answer(0x03, bms_jbd.basic_page(**{**fields, **changes}))


@pytest.mark.parametrize(("text", "expected"), JBD_BASIC)
def test_captured_pages(text, expected):
    rig = with_basic(raw(text))
    assert rig.run(8000) == expected
    assert rig.reading.complete and rig.reading.age_ms < 500


@pytest.mark.parametrize(("register", "data", "text"), JBD_QUESTIONS)
def test_questions_of_the_document(register, data, text):
    assert bms_jbd.question(register, data and raw(data)) == raw(text)


def test_what_the_driver_asks():
    rig = Rig("jbd")
    rig.run(3000)
    plan = [JBD_REGISTER[register] for register in (0x03, 0x00, 0x24, 0x20, 0x28, 0x01, 0x03)]
    assert rig.line.asked[:7] == plan
    assert set(rig.line.asked[7:]) == {BASIC}


@pytest.mark.parametrize(("text", "millivolts"), JBD_CELLS)
def test_the_virtual_bms_sends_cells_as_captured(text, millivolts):
    assert bms_jbd.answer(0x04, bms_jbd.cell_page(millivolts)) == raw(text)


def test_the_virtual_bms_sends_pages_as_captured():
    assert bms_jbd.answer(
        0x03,
        bms_jbd.basic_page(
            volts=15.6, amps=-2.87, remaining_ah=4.98, nominal_ah=5.0, soc=100, cells=4, cycles=42,
            date=0x2C7C, celsius=(22.4, 22.3, 21.7),
        ),
    ) == raw(JBD_BASIC[1][0])  # fmt: skip


@pytest.mark.parametrize("bit", range(16))
def test_protections(bit):
    rig = with_basic(page(protection=1 << bit))
    rig.run(8000)
    assert rig.reading.allowed is (bit not in (0, 2, 4, 5, 8, 10, 11, 12))
    alarm = {**{i: i for i in range(11)}, 11: 13, 12: 18, 13: 18}.get(bit)
    assert rig.reading.alarms == (0 if alarm is None else 1 << alarm)


@pytest.mark.parametrize(("switches", "allowed"), [(0, False), (1, True), (2, False), (3, True)])
def test_charging_switch(switches, allowed):
    rig = with_basic(page(switches=switches))
    rig.run(8000)
    assert rig.reading.allowed is allowed


def test_permission_is_withdrawn_with_the_next_page():
    rig = Rig("jbd")
    assert rig.run(2000)[0]
    rig.line.answers[BASIC] = page(switches=2)
    rig.run(300)
    assert not rig.reading.allowed


@pytest.mark.parametrize(
    "changes",
    [{"volts": 130.0}, {"soc": 101}, {"cells": 0}, {"cells": 33}],
)
def test_implausible_pages_are_refused(changes):
    rig = Rig("jbd")
    expected = rig.run(2000)
    rig.line.answers[BASIC] = page(**changes)
    assert rig.run(3000) == expected
    assert rig.driver.refused >= 5 and rig.reading.age_ms > 2500


def test_a_page_that_is_too_short():
    rig = with_basic(bms_jbd.answer(0x03, bytes(22)))
    rig.run(3000)
    assert rig.driver.refused >= 5 and rig.reading.soc_c100 == -1


def test_more_behind_the_temperatures_is_ignored():
    data = raw(JBD_BASIC[1][0])[4:-3] + bytes((1, 2, 3, 4, 5, 6, 7))
    rig = with_basic(bms_jbd.answer(0x03, data))
    assert rig.run(8000) == JBD_BASIC[1][1]


def test_more_sensors_promised_than_sent():
    data = bytearray(raw(JBD_BASIC[1][0])[4:-3])
    data[22] = 200
    rig = with_basic(bms_jbd.answer(0x03, bytes(data)))
    assert rig.run(8000) == JBD_BASIC[1][1]


def test_the_first_question_is_lost_in_sleep():
    rig = Rig("jbd", answers={})
    rig.run(500)
    rig.line.answers = dict(JBD_CONVERSATION)
    assert rig.run(2500) == rig.expected


@pytest.mark.parametrize("register", [0x00, 0x24, 0x20, 0x28, 0x01])
def test_a_parameter_that_is_refused_or_silent(register):
    refused = Rig("jbd")
    refused.line.answers[JBD_REGISTER[register]] = bms_jbd.answer(register, status=0x80)
    refused.run(2000)
    silent = Rig("jbd")
    del silent.line.answers[JBD_REGISTER[register]]
    silent.run(4000)
    for rig in (refused, silent):
        assert rig.reading.complete and rig.reading.allowed and rig.driver.refused == 0
        limits = rig.reading.voltage_limit_mv, rig.reading.current_limit_ma
        expected = {0x20: (16_800, 8_000), 0x28: (15_800, 50_000)}.get(register, (15_800, 8_000))
        assert limits == expected


def test_a_negative_or_no_threshold_is_unknown():
    rig = Rig("jbd")
    for register in (0x24, 0x20, 0x28):
        for raw_value in (b"\x80\x00", b"\x00\x00", b"", b"\x01\x02\x03"):
            rig.line.answers[JBD_REGISTER[register]] = bms_jbd.answer(register, raw_value)
    rig.run(2000)
    limits = rig.reading.voltage_limit_mv, rig.reading.current_limit_ma
    assert limits == (84_000, 50_000)


def test_not_fresh_before_the_thresholds_are_known():
    rig = Rig("jbd")
    for _ in range(40):
        rig.run(10)
        if rig.reading.parts < 6:
            assert rig.reading.age_ms > 1000 and not rig.reading.complete
