"""The DBC compiler: the examples compile, and what cannot be is refused by message and signal."""

import struct
from pathlib import Path

import cantools
import pytest

from firmware.drivers.bms.alarms import NAMES
from tools.dbc import __main__ as cli
from tools.dbc import compiler, mapping
from tools.dbc.mapping import DbcError, alarm_names

EXAMPLES = Path(compiler.__file__).parent / "examples"
DBC = """BO_ 291 Pack: 8 BMS
 SG_ Volts : 0|16@1+ (0.1,0) [0|120] "V" X
 SG_ Amps : 16|16@1+ (0.1,0) [0|0] "Ampere" X
 SG_ Soc : 32|8@1+ (0.5,0) [0|0] "%" X
 SG_ Permit : 40|1@1+ (1,0) [0|0] "" X
 SG_ Kelvin : 48|16@1+ (0.01,0) [0|0] "K" X
BO_ 292 Paged: 8 BMS
 SG_ Page M : 0|8@1+ (1,0) [0|0] "" X
 SG_ Sub m1M : 8|8@1+ (1,0) [0|0] "" X
 SG_ Deep m2 : 16|8@1+ (1,0) [0|0] "A" X
 SG_ Flat m1 : 24|8@1+ (1,0) [0|0] "A" X
BO_ 293 Long: 8 BMS
 SG_ Wide : 0|40@1+ (1,0) [0|0] "V" X
BO_ 295 Odd: 8 BMS
 SG_ Float : 32|32@1- (1,0) [0|0] "V" X
 SG_ Fine : 0|8@1+ (0.00000000000001,0) [0|0] "V" X
BO_ 294 Status: 4 X
 SG_ Out : 0|16@1+ (0.1,0) [0|0] "V" BMS
 SG_ Text : 16|8@1+ (1,0) [0|0] "" BMS
SIG_VALTYPE_ 295 Float : 1;
SG_MUL_VAL_ 292 Deep Sub 2-2;
"""
GOOD = {"voltage_limit_mv": "Pack.Volts", "allowed": "Pack.Permit"}


def compiled(data):
    database = cantools.database.load_string(DBC, "dbc")
    return compiler.compile_table(database, mapping.parse(data))


def words(table):
    return struct.unpack(f"<{len(table.data) // 4 - 2}i", table.data[8:])


@pytest.mark.parametrize("name", ["orion2", "scooter"])
def test_examples(tmp_path, capsys, name):
    out = tmp_path / "bms.tbl"
    assert cli.main([str(EXAMPLES / f"{name}.dbc"), "-o", str(out)]) == 0
    assert out.read_bytes()[:4] == b"BMS1"
    said = capsys.readouterr().out
    assert "vital" in said and f"{out.stat().st_size} bytes" in said


def test_alarm_names_are_the_drivers():
    assert tuple(alarm_names()) == NAMES


def test_words_of_a_table():
    table = words(compiled({"read": GOOD}))
    assert table[:6] == (1, 1, 1 | 1 << 16, 1, 1, 0)  # no state of charge: never complete
    assert table[6:14] == (291, 0, 6, 2000, -1, 0, 2, 27)
    assert table[14:22] == (0, 0, 0b0_01111_000_000_001, 100, 1, 0, 0, 120_000)
    assert table[22:] == (7, 0, 0b0_00000_000_101_101, 0, 1)


def test_units_and_fractions():
    read = {**GOOD, "current_ma": {"signal": "Pack.Amps", "unit": "A", "invert": True, "min": 0},
            "soc_c100": "Pack.Soc", "temperature_c10": "Pack.Kelvin"}  # fmt: skip
    table = words(compiled({"read": read}))
    rows = {table[at]: table[at + 3 : at + 8] for at in (22, 30, 38)}
    assert rows[3] == (-100, 1, 0, -1_000_000, 0)  # not below 0 on the wire: only out of the pack
    assert rows[4] == (50, 1, 0, 0, 10_000)
    assert rows[5] == (1, 10, -27_315, -500, 1_500)


@pytest.mark.parametrize("data, said", [
    ({"read": {**GOOD, "volts": "Pack.Volts"}}, "read.volts: no such field"),
    ({"raed": {}}, "unknown 'raed'"),
    ({"read": {}}, "nothing permits charging"),
    ({"read": {"voltage_limit_mv": "Pack.Volts"}}, "nothing permits charging"),
    ({"read": {**GOOD, "soc_c100": "Pack"}}, 'read.soc_c100: signal = "Message.Signal"'),
    ({"read": {**GOOD, "soc_c100": "Pak.Soc"}}, "no message Pak in the DBC; there are: Long"),
    ({"read": {**GOOD, "soc_c100": "Pack.SoC"}}, "no signal SoC in message Pack; there are"),
    ({"read": {**GOOD, "current_ma": "Pack.Amps"}}, "Pack.Amps: unit 'Ampere' in the DBC; say"),
    ({"read": {**GOOD, "soc_c100": "Pack.Volts"}}, "Pack.Volts: unit 'V' in the DBC"),
    ({"read": {**GOOD, "current_ma": "Paged.Deep"}}, "Paged.Deep: the message has more than one"),
    ({"read": {**GOOD, "voltage_mv": "Long.Wide"}}, "Wide has 40 bits, 32 are possible"),
    ({"read": {**GOOD, "voltage_mv": "Odd.Float"}}, "Float is a floating point number"),
    ({"read": {**GOOD, "voltage_mv": "Odd.Fine"}}, "Odd.Fine: scale or offset is too fine"),
    ({"read": {**GOOD, "voltage_mv": {"signal": "Pack.Volts", "min": 130}}}, "no value of it"),
    ({"read": {"allowed": {"signal": "Pack.Permit", "is": 2}}}, "Pack.Permit cannot be 2"),
    ({"read": {"allowed": {"signal": "Pack.Permit", "is": 1, "is_not": 0}}}, "not both"),
    ({"read": {"allowed": {"signal": "Pack.Permit", "unit": "V"}}}, "unknown 'unit'"),
    ({"read": GOOD, "alarms": {"cell_over": "Pack.Permit"}}, "alarms.cell_over: no such alarm"),
    ({"read": GOOD, "timeouts_ms": {"Pack": 9_000}}, "timeouts_ms.Pack: 100 to 5000"),
    ({"read": GOOD, "timeouts_ms": {"Paged": 900}}, "no signal of that message is read"),
    ({"read": GOOD, "send": {"Status": {"Out": "volts"}}}, "send.Status.Out: one of voltage"),
    ({"read": GOOD, "send": {"Status": {"Text": "voltage"}}}, "send.Status.Text: unit ''"),
    ({"read": GOOD, "send": {"Status": {"Text": 300}}}, "send.Status.Text: 300 cannot be sent"),
    ({"read": GOOD, "send": {"Status": {"period_ms": 10}}}, "send.Status.period_ms: 50 to"),
])  # fmt: skip
def test_what_cannot_be_is_refused_by_name(data, said):
    with pytest.raises(DbcError) as error:
        compiled(data)
    assert said in str(error.value)


def test_ranges_of_multiplexer_values_are_refused():
    text = """BO_ 1 Paged: 8 BMS
 SG_ Page M : 0|8@1+ (1,0) [0|0] "" X
 SG_ Flat m1 : 24|8@1+ (1,0) [0|0] "A" X
SG_MUL_VAL_ 1 Flat Page 1-3;
"""
    database = cantools.database.load_string(text, "dbc")
    with pytest.raises(DbcError, match="Paged.Flat goes with 3 values of Page: one is"):
        compiler.compile_table(
            database, mapping.parse({"read": {"current_limit_ma": "Paged.Flat"}})
        )


def test_too_much_is_refused():
    lines = [f'BO_ {n} M{n}: 8 B\n SG_ S : 0|8@1+ (1,0) [0|0] "" X\n' for n in range(20)]
    database = cantools.database.load_string("".join(lines), "dbc")
    wanted = mapping.parse({"read": {"allowed": [f"M{n}.S" for n in range(17)]}})
    with pytest.raises(DbcError, match="17 messages and multiplexer values; 16 fit"):
        compiler.compile_table(database, wanted)
    signals = [f' SG_ S{n} : {n}|1@1+ (1,0) [0|0] "" X\n' for n in range(50)]
    database = cantools.database.load_string("BO_ 1 M: 8 B\n" + "".join(signals), "dbc")
    wanted = mapping.parse({"read": {"allowed": [f"M.S{n}" for n in range(33)]}})
    with pytest.raises(DbcError, match="M: more than 32 signals"):
        compiler.compile_table(database, wanted)


def test_files_that_are_none(tmp_path, capsys):
    dbc = tmp_path / "x.dbc"
    assert cli.main([str(dbc)]) == 1
    dbc.with_suffix(".toml").write_text("[read\n")
    assert cli.main([str(dbc)]) == 1
    dbc.with_suffix(".toml").write_text("")
    assert cli.main([str(dbc)]) == 1
    dbc.write_text("BO_ nothing")
    assert cli.main([str(dbc)]) == 1
    assert capsys.readouterr().err.count("\n") >= 4
