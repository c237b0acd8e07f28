"""Hardware options: the table, what does not fit, pins wanted twice."""

import json

import pytest

from firmware.board import options
from firmware.errors import ChargerError
from firmware.log import Log
from tools.sim.options import options as virtual


class _Clock:
    def stamp(self):
        return ""


@pytest.fixture
def said(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lines = []
    log = Log(_Clock())
    log.error = lambda where, text, *values: lines.append(text % values)
    return log, lines


def test_defaults(said):
    log, lines = said
    found = options.read(log)
    assert found.bms == "rivot" and found.power == "rivot" and found.door_pin == -1
    assert found.bms_current_reversed is False
    assert not lines
    with pytest.raises(AttributeError):
        assert found.nothing


def test_wishes_are_kept(said, tmp_path):
    log, lines = said
    (tmp_path / "set.json").write_text(json.dumps({"bms": "jbd_uart", "bms_tx": "12"}))
    assert options.read(log).bms == "jbd_uart"
    (tmp_path / "set.json").unlink()
    found = options.read(log)
    assert found.bms == "jbd_uart" and found.bms_tx == 12
    assert json.loads((tmp_path / "hardware.json").read_text()) == {
        "bms": "jbd_uart",
        "bms_tx": 12,
    }
    assert not lines


@pytest.mark.parametrize(
    ("wish", "says"),
    [
        ({"bms": "chademo"}, "bms: one of rivot, elcon"),
        ({"bms_tx": "34"}, "bms_tx: 0 to 33 wanted"),
        ({"pack_max_mv": "many"}, "pack_max_mv: a whole number"),
        ({"bms_current_reversed": "perhaps"}, "bms_current_reversed: true or false"),
    ],
)
def test_what_does_not_fit_is_named_and_changes_nothing(said, tmp_path, wish, says):
    log, lines = said
    (tmp_path / "set.json").write_text(json.dumps(wish))
    key = next(iter(wish))
    default = next(field[2] for field in options.fields() if field[0] == key)
    assert getattr(options.read(log), key) == default
    assert len(lines) == 1 and f"hardware.json: {says}" in lines[0]
    assert not (tmp_path / "hardware.json").exists()


def test_two_on_one_pin():
    options.check_pins([(4, "bms_tx"), (5, "door_pin")])
    with pytest.raises(ChargerError, match=r"hardware.json: door_pin: GPIO 4 is bms_tx's already"):
        options.check_pins([(4, "bms_tx"), (5, "lamp"), (4, "door_pin")])


def test_the_virtual_board_reads_the_same_table():
    values = vars(virtual({"door_pin": "14", "bms_current_reversed": "true"}))
    assert list(values) == options.names()
    changed = {"door_pin": 14, "bms_current_reversed": True}
    assert values == {field[0]: field[2] for field in options.fields()} | changed
