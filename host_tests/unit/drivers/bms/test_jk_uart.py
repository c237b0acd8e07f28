"""JK "4E 57": both captured answers, tokens, protocol versions, what permission rests on."""

import pytest

from firmware.drivers.bms.alarms import NAMES
from firmware.drivers.bms.jk_uart import READ_ALL
from host_tests.unit.drivers.bms.uart_cases import Options, Rig
from host_tests.unit.drivers.bms.uart_vectors import JK_ANSWERS, JK_QUESTION, raw
from tools.sim.plant import bms_jk

BODY = raw(JK_ANSWERS[0][0])[11:-9]


def rig_with(body, **options):
    return Rig("jk", answers={READ_ALL: bms_jk.answer(body)}, **options)


def changed(token, value):
    """The first capture with another value of a token."""
    at = BODY.index(bytes((token,)) + _known(token), 50)
    return BODY[: at + 1] + value + BODY[at + 1 + len(value) :]


def _known(token):
    return {
        0x82: b"\x00\x10", 0x83: b"\x14\x01", 0x84: b"\x00\x45", 0x85: b"\x0f", 0x8A: b"\x00\x10",
        0x8B: b"\x00\x00", 0x8C: b"\x00\x03", 0x8E: b"\x16\xd0", 0x90: b"\x0e\x42",
        0x99: b"\x00\x1e", 0xAB: b"\x01", 0xC0: b"\x01",
    }[token]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), JK_ANSWERS)
def test_captured_answers(text, expected):
    rig = Rig("jk", answers={READ_ALL: raw(text)})
    assert rig.run(1000) == expected
    assert rig.reading.complete and rig.reading.age_ms < 400


def test_the_question_of_the_document():
    assert raw(JK_QUESTION) == READ_ALL == bms_jk.question()


@pytest.mark.parametrize(("text", "expected"), JK_ANSWERS)
def test_the_virtual_bms_frames_as_captured(text, expected):
    assert bms_jk.answer(raw(text)[11:-9]) == raw(text)


def test_the_virtual_bms_encodes_as_captured():
    assert bms_jk.current(-0.69, 1) == 0x0045 and bms_jk.current(2.08, 1) == 0x80D0
    assert bms_jk.current(-0.69, 0) == 10_069 and bms_jk.current(2.08, 0) == 9792
    assert bms_jk.temperature(18) == 0x12 and bms_jk.temperature(-1) == 101
    millivolts = [3201, 3201, 3202, 3201, 3203, 3201, 3185, 3201, 3196, 3203, 3202, 3203, 3203,
                  3203, 3203, 3202]  # fmt: skip
    assert BODY.startswith(bms_jk.cells(millivolts))


@pytest.mark.parametrize(
    ("token", "value", "field", "expected"),
    [
        (0x82, b"\x00\x64", "temperature_c10", 0),
        (0x82, b"\x00\x65", "temperature_c10", -10),
        (0x82, b"\x00\x63", "temperature_c10", 990),
        (0x84, b"\x80\xd0", "current_ma", 2080),
        (0x84, b"\x23\x28", "current_ma", -90_000),
        (0x84, b"\xa3\x28", "current_ma", 90_000),
        (0x85, b"\x64", "soc_c100", 10_000),
        (0x90, b"\x00\x00", "voltage_limit_mv", 57_600),  # no cell threshold: the pack's
        (0x8E, b"\x00\x00", "voltage_limit_mv", 57_600),  # and the other way
        (0x8E, b"\x16\x00", "voltage_limit_mv", 55_520),
        (0x8A, b"\x00\x00", "voltage_limit_mv", 84_000),  # cells unknown
        (0x99, b"\x00\x00", "current_limit_ma", 50_000),
        (0x99, b"\x00\x32", "current_limit_ma", 40_000),
        (0xAB, b"\x00", "allowed", False),
        (0x8C, b"\x00\x02", "allowed", False),
        (0x8C, b"\x00\x07", "allowed", True),
        (0x8C, b"\x00\x0b", "allowed", False),  # battery dropped
    ],
)
def test_fields(token, value, field, expected):
    rig = rig_with(changed(token, value))
    rig.run(500)
    assert getattr(rig.reading, field) == expected
    assert rig.reading.complete and rig.driver.refused == 0


@pytest.mark.parametrize(
    ("raw_amps", "expected"), [(b"\x27\x10", 0), (b"\x27\x55", -690), (b"\x26\x40", 2080)]
)
def test_current_of_protocol_version_0(raw_amps, expected):
    body = changed(0x84, raw_amps)[:-1] + b"\x00"
    rig = rig_with(body)
    rig.run(500)
    assert rig.reading.current_ma == expected


ALARM_NAMES = (None, "mos_ot", "pack_ov", "pack_uv", "chg_ot", "chg_oc", "dsg_oc", "imbalance",
               "chg_ot", "chg_ut", "cell_ov", "cell_uv", "afe", "afe", None, None)  # fmt: skip
HARMLESS = (None, "pack_uv", "dsg_oc", "imbalance", "cell_uv")


@pytest.mark.parametrize(("bit", "name"), list(enumerate(ALARM_NAMES)))
def test_alarms(bit, name):
    rig = rig_with(changed(0x8B, (1 << bit).to_bytes(2, "big")))
    rig.run(500)
    assert rig.reading.alarms == (1 << NAMES.index(name) if name else 0)
    assert rig.reading.allowed is (name in HARMLESS)


def test_the_unverified_status_word_can_be_left_out():
    class Lenient(Options):
        bms_jk_status = False

    rig = rig_with(changed(0x8C, b"\x00\x04"), options=Lenient)
    rig.run(500)
    assert rig.reading.allowed
    rig = rig_with(changed(0x8C, b"\x00\x0c"), options=Lenient)  # battery dropped all the same
    rig.run(500)
    assert not rig.reading.allowed


@pytest.mark.parametrize(
    ("token", "value"), [(0x83, b"\x2e\xe1"), (0x85, b"\x65"), (0xC0, b"\x02")]
)
def test_implausible_values_refuse_the_answer(token, value):
    rig = Rig("jk")
    expected = rig.run(1000)
    rig.line.answers[READ_ALL] = bms_jk.answer(changed(token, value))
    assert rig.run(3000) == expected
    assert rig.reading.age_ms > 2500 and rig.driver.refused > 5


def test_an_unknown_token_ends_the_answer():
    """What stands before it does not make a reading."""
    at = BODY.index(b"\xab\x01", 100)
    rig = rig_with(BODY[:at] + b"\x88\x01" + BODY[at:])
    rig.run(1000)
    assert not rig.reading.complete and rig.driver.refused > 1
    rig = rig_with(BODY + b"\x88\x01")  # behind all that is needed it does no harm
    rig.run(1000)
    assert rig.reading.complete and rig.driver.refused == 0


def test_a_value_that_reaches_beyond_the_end():
    for cut in range(1, len(BODY)):
        rig = rig_with(BODY[:cut])
        rig.run(300)
        assert not rig.reading.complete, cut


@pytest.mark.parametrize("size", [0, 18, 341, 0xFFFF])
def test_lengths_that_cannot_be(size):
    frame = bytearray(bms_jk.answer(BODY))
    frame[2:4] = size.to_bytes(2, "big")
    rig = Rig("jk", answers={READ_ALL: bytes(frame) + bms_jk.answer(BODY)})
    rig.run(500)
    assert rig.reading.complete


def test_24_cells_fit():
    rig = rig_with(bms_jk.cells([3300] * 24) + BODY[50:])
    rig.run(500)
    assert rig.reading.complete
