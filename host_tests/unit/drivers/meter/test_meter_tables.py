"""Tables of Modbus meters: what may stand in meter.tbl, and what is said when it is wrong."""

import pytest

from firmware.charging.readings import MeterReading
from firmware.drivers.meter import modbus
from firmware.drivers.meter.modbus import CURRENT, ENERGY, LOW_FIRST, VOLTAGE, number
from firmware.drivers.meter.tables import PRESETS, plan
from firmware.errors import ChargerError
from host_tests.unit.drivers.bms.line import Line, run
from host_tests.unit.drivers.meter.meter_cases import PZEM_ANSWER, PZEM_READ, framed

PZEM = """# as the PZEM-017
voltage 4 0 u16 10

current 4 0x0001 u16 10    # 0.01 A
energy 4 0x0004 u32l 1
"""


@pytest.fixture
def written(tmp_path, monkeypatch):
    """Write meter.tbl; the plan."""
    monkeypatch.chdir(tmp_path)

    def _written(text):
        (tmp_path / "meter.tbl").write_text(text, encoding="latin-1")
        return plan("file")

    return _written


def test_a_table_of_the_users(written):
    its_plan = written(PZEM)
    assert its_plan == (
        (
            4,
            0,
            6,
            (
                (VOLTAGE, 0, modbus.U16, 10, 1, -1),
                (CURRENT, 2, modbus.U16, 10, 1, -1),
                (ENERGY, 8, modbus.U32 + LOW_FIRST, 1, 1, -1),
            ),
        ),
    )


def test_the_driver_takes_it(written):
    class Options:
        meter_address = 1
        meter_table = "file"

    written(PZEM)
    question = framed(bytes((1, 4, 0, 0, 0, 6)))
    line = Line({question: framed(b"\x01\x04\x0c" + PZEM_ANSWER[3:15])})
    reading = MeterReading()
    run(modbus.make(line, reading, Options), reading, 200)
    assert (reading.voltage_mv, reading.current_ma, reading.energy_wh, 0) == PZEM_READ


def test_far_registers_and_functions_are_read_apart(written):
    its_plan = written("voltage 4 0 f32 1000\ncurrent 4 100 f32 1000\nenergy 3 102 u32 10\n")
    assert [block[:3] for block in its_plan] == [(4, 0, 2), (4, 100, 2), (3, 102, 2)]


def test_order_in_the_file_does_not_matter(written):
    its_plan = written("current 3 6 s16 1/10\nvoltage 3 2 u16 100 1\n")
    assert its_plan == ((3, 1, 6, ((CURRENT, 10, modbus.S16, 1, 10, -1),
                                   (VOLTAGE, 2, modbus.U16, 100, 1, 0))),)  # fmt: skip


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_sound(name):
    for function, _, count, fields in plan(name):
        assert function in (3, 4) and count <= 32
        for _, at, kind, _, _, point in fields:
            assert at + (4 if kind & 7 > 1 else 2) <= 2 * count
            assert point < 2 * count


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("voltage 4 0 u16", "line 1"),
        ("\nvoltage 5 0 u16 10", "line 2"),
        ("voltage 4 0 u8 10", "line 1"),
        ("voltage 4 65536 u16 10", "line 1"),
        ("voltage 4 0 u16 ten", "line 1"),
        ("voltage 4 0 u16 1/0", "line 1"),
        ("voltage 4 0 u16 0", "line 1"),
        ("power 4 0 u16 10", "line 1: power 4 0 u16 10"),
        ("voltage 4 0 u16 10 500", "line 1"),
        ("voltage 4 0 u16 10 1 2", "line 1"),
        ("voltage 4 0 u16 10", "once"),
        ("voltage 4 0 u16 10\nvoltage 4 1 u16 10", "once"),
        ("voltage 4 0 u16 10\nenergy 4 1 u16 10", "missing"),
        ("", "once"),
        ("\xff\xfe", "line 1|no text"),
    ],
)
def test_what_is_wrong_is_named(written, text, why):
    with pytest.raises(ChargerError, match=why):
        written(text)


def test_no_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ChargerError, match="meter.tbl: not there"):
        plan("file")


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("FFFE", modbus.U16, 65534),
        ("FFFE", modbus.S16, -2),
        ("00010002", modbus.U32, 65538),
        ("00010002", modbus.U32 + LOW_FIRST, 131073),
        ("FFFFFFFE", modbus.S32, -2),
        ("FFFEFFFF", modbus.S32 + LOW_FIRST, -2),
        ("43668000", modbus.F32, 230.5),
        ("80004366", modbus.F32 + LOW_FIRST, 230.5),
    ],
)
def test_numbers(text, kind, value):
    assert number(b"\xaa" + bytes.fromhex(text), 1, kind) == value
