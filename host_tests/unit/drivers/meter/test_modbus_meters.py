"""Meters on Modbus RTU: captured frames, noise, silence, registers that are reset."""

import pytest

from firmware.charging.readings import STALE_MS, MeterReading
from firmware.drivers.meter import pzem017
from firmware.drivers.meter.modbus_rtu import ANSWERED, SILENT, WAITING, ModbusRtu, crc16
from host_tests.unit.drivers.bms.line import Line, run
from host_tests.unit.drivers.meter.meter_cases import (
    CASES,
    DJSF_ANSWERS,
    DJSF_QUESTIONS,
    PZEM_ANSWER,
    PZEM_QUESTION,
    PZEM_READ,
    PZEM_RESET,
    Rig,
    answer,
    framed,
    pzem,
    question,
    raw,
)
from tools.sim.plant import meter_modbus

every = pytest.mark.parametrize("name", CASES)


@pytest.mark.parametrize(
    "frame", [PZEM_QUESTION, PZEM_RESET, PZEM_ANSWER, *DJSF_QUESTIONS, *DJSF_ANSWERS]
)
def test_checksum_of_captured_frames(frame):
    assert crc16(frame) == 0
    assert framed(frame[:-2]) == meter_modbus.framed(frame[:-2]) == frame


@every
def test_reads(name):
    rig = Rig(name)
    assert rig.run(1000) == rig.expected
    assert rig.reading.age_ms <= 500
    assert set(rig.line.asked) == set(CASES[name][1])


def test_what_the_pzem_is_asked():
    rig = Rig("pzem017")
    rig.run(5000)
    assert rig.line.asked == [PZEM_QUESTION] * 10


def test_the_virtual_pzem_answers_as_captured():
    page = meter_modbus.pzem_page(13.44, 0.1, 1.3, 2)
    assert meter_modbus.framed(b"\x01\x04\x10" + page) == PZEM_ANSWER


@pytest.mark.parametrize(("asked", "answered"), [*zip(DJSF_QUESTIONS, DJSF_ANSWERS, strict=True)])
def test_captured_conversations_of_a_djsf(asked, answered):
    line = Line({asked: answered})
    modbus = ModbusRtu(line, 1, 8)
    modbus.ask(3, asked[3], asked[5])
    assert line.asked == [asked]
    assert modbus.poll(10) == ANSWERED
    assert bytes(modbus.data) == answered[3:-2]


@every
@pytest.mark.parametrize(
    "line",
    [{"bits": 1}, {"noise": b"\x00\x01\x04\x10\x84\x01"}, {"noise": bytes(30)}, {"echo": True}],
)
def test_reads_among_noise(name, line):
    rig = Rig(name, **line)
    assert rig.run(3000) == rig.expected
    assert rig.reading.age_ms <= 1000


@pytest.mark.parametrize("cut", range(1, len(PZEM_ANSWER)))
def test_an_answer_in_two_pieces(cut):
    line = Line({})
    modbus = ModbusRtu(line, 1, 8)
    modbus.ask(4, 0, 8)
    line.waiting.extend(PZEM_ANSWER[:cut])
    assert modbus.poll(10) == WAITING
    line.waiting.extend(PZEM_ANSWER[cut:])
    assert modbus.poll(10) == ANSWERED
    assert bytes(modbus.data) == PZEM_ANSWER[3:-2]


@every
@pytest.mark.parametrize("broken", range(8))
def test_a_broken_answer_is_not_taken(name, broken):
    answers = {asked: bytearray(told) for asked, told in CASES[name][1].items()}
    for told in answers.values():
        told[broken if broken < 4 else broken - 8] ^= 0x10
    rig = Rig(name, answers)
    assert rig.run(3000) == (0, 0, -1, 0)
    assert rig.reading.age_ms >= STALE_MS
    rig.line.answers = CASES[name][1]
    assert rig.run(2000) == rig.expected


@every
def test_silence_makes_it_grow_old_and_it_comes_back(name):
    rig = Rig(name)
    rig.run(1000)
    rig.line.answers = {}
    rig.run(3000)
    assert rig.reading.age_ms >= 2500
    assert rig.driver.refused == 0
    rig.line.answers = CASES[name][1]
    rig.run(1500)
    assert rig.reading.age_ms <= 500


def test_half_a_table_is_not_a_reading():
    only_first = dict(list(CASES["sdm230"][1].items())[:1])
    rig = Rig("sdm230", only_first)
    assert rig.run(3000) == (0, 0, -1, 0)
    assert rig.reading.age_ms >= STALE_MS


def test_answer_of_another_meter_or_to_another_question():
    other = framed(b"\x02" + PZEM_ANSWER[1:-2])
    shorter = answer(4, bytes(14))
    holding = framed(b"\x01\x03" + PZEM_ANSWER[2:-2])
    rig = Rig("pzem017", {PZEM_QUESTION: other + shorter + holding})
    assert rig.run(2000) == (0, 0, -1, 0)
    rig = Rig("pzem017", {PZEM_QUESTION: shorter + PZEM_ANSWER})
    assert rig.run(2000) == PZEM_READ


def test_a_late_answer_is_not_the_next_ones():
    rig = Rig("sdm230", {})
    rig.run(100)
    for _ in range(100):
        rig.line.waiting.extend(b"".join(CASES["djsf1352"][1].values()))
        rig.run(20)
    assert rig.reading.age_ms >= STALE_MS


def test_a_babbler_holds_nothing_up():
    line = Line({})
    modbus = ModbusRtu(line, 1, 8)
    modbus.ask(4, 0, 8)
    outcomes = set()
    for _ in range(40):
        line.waiting.extend(b"\x01\x04\x10" * 30)
        outcomes.add(modbus.poll(10))
    assert outcomes == {WAITING, SILENT}


def test_an_exception_is_a_fault_until_it_is_gone():
    rig = Rig("pzem017", {PZEM_QUESTION: framed(b"\x01\x84\x02")})
    assert rig.run(1000) == (0, 0, -1, 1)
    assert rig.reading.age_ms >= STALE_MS
    rig.line.answers = {PZEM_QUESTION: PZEM_ANSWER}
    assert rig.run(1000) == PZEM_READ


@pytest.mark.parametrize(
    ("registers", "told"),
    [
        ([100, 101, 150], [100, 101, 150]),
        ([100, 0, 1, 5], [100, 100, 101, 105]),  # somebody set it to 0
        ([9_999_999, 9_999_999, 2], [9_999_999, 9_999_999, 9_999_999]),  # full
        ([0x1FFFF, 0x20000], [0x1FFFF, 0x20000]),  # both words
        ([5, 5], [5, 5]),
    ],
)
def test_energy_never_runs_backwards(registers, told):
    rig = Rig("pzem017", {})
    seen = []
    for wh in registers:
        rig.line.answers = {PZEM_QUESTION: pzem(7638, 2000, wh)}
        seen.append(rig.run(1000)[2])
    assert seen == told


@pytest.mark.parametrize("wh", [1 << 30, 0xFFFFFFFF])
def test_a_register_too_large_for_the_control_tick_is_refused(wh):
    rig = Rig("pzem017", {PZEM_QUESTION: pzem(7638, 2000, wh)})
    assert rig.run(1000) == (0, 0, -1, 0)
    assert rig.driver.refused


@pytest.mark.parametrize(
    ("volts", "amps"),
    [
        ("7FC00000", "41440000"),  # not a number
        ("7F800000", "41440000"),  # endless
        ("43668000", "FF800000"),
        ("C3668000", "41440000"),  # -230.5 V
        ("43668000", "42C80000"),  # 100 A at 230 V: too much for the tick's multiplication
        ("501502F9", "41440000"),  # 1e10 V
    ],
)
def test_floats_that_make_no_sense_are_refused(volts, amps):
    answers = dict(CASES["sdm230"][1])
    answers[question(4, 0, 8)] = answer(4, raw(volts + "00000000 00000000" + amps))
    rig = Rig("sdm230", answers)
    assert rig.run(2000) == (0, 0, -1, 0)
    assert rig.driver.refused


def test_decimal_point_out_of_range_is_refused():
    rig = Rig("djsf1352", {question(3, 0, 4): answer(3, raw("02FD 0007 0000 0003"))})
    assert rig.run(2000) == (0, 0, -1, 0)
    assert rig.driver.refused


def test_the_pzem_driver_has_two_stop_bits_and_its_options():
    class Options:
        meter_address = 7

    line = Line({})
    run(pzem017.make(line, Rig("pzem017").reading, Options), MeterReading(), 100)
    assert pzem017.WIRE == ("uart", 9600, 8, None, 2)
    assert line.asked == [framed(b"\x07\x04\x00\x00\x00\x08")]
