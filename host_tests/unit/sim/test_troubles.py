"""What can be wrong at the plant: gun, contactor, module, BMS, and the commands for it."""

import pytest

from host_tests.unit.sim.test_hardware import COIL, E_STOP, FEEDBACK, IN, PULL_UP, Board
from tools.sim.hardware import Hardware

FITTED = {"door_pin": 15, "earth_fault_pin": 36, "gun_temperature_pin": 34, "gun_sense_pin": 39}


@pytest.fixture
def board():
    return Board()


@pytest.fixture
def fitted():
    board = Board()
    board.hardware = Hardware(settings=FITTED)
    for pin in (FEEDBACK, E_STOP, 33):
        board.hardware.pin_mode(pin, IN, PULL_UP)
    return board


def refused(board, text):
    before = board.plant
    answer = board.hardware.command(text.split())
    assert board.plant == before
    return answer["error"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("door open", "none is fitted: start with --set door_pin=GPIO"),
        ("door on", "door open or door closed"),
        ("earth on", "none is fitted: start with --set earth_fault_pin=GPIO"),
        ("gun temperature=80", "none is fitted: start with --set gun_temperature_pin=GPIO"),
        ("gun sense=open", "none is fitted: start with --set gun_sense_pin=GPIO"),
        ("gun", "one or more of: temperature=auto|open|short or -40 to 150, sense=ok|open|short"),
        ("gun on", "gun on: allowed are temperature="),
        ("gun wires=long", "wires is ok|reversed|shorted"),
        ("gun temperature=hot", "temperature is auto|open|short or -40 to 150"),
        ("module leak=-1", "leak is 0 to 100"),
        ("coil broken", "coil on or coil off"),
        ("bms alarm=fire", "alarm is none|short|weld|insulation"),
        ("bms alarm=weld", "this BMS can tell of: nothing"),
    ],
)
def test_what_does_not_fit_is_named_and_changes_nothing(board, text, says):
    assert says in refused(board, text)


def test_door_and_earth_fault_monitor_open_their_contacts(fitted):
    hardware = fitted.hardware
    hardware.pin_mode(15, IN, PULL_UP)
    hardware.pin_mode(36, IN, 0)  # has its pull-up outside the chip
    assert [fitted.read(15), fitted.read(36)] == [0, 0]
    fitted.command("door open").command("earth on")
    assert [fitted.read(15), fitted.read(36)] == [1, 1]
    fitted.command("door closed").command("earth off")
    assert [fitted.read(15), fitted.read(36)] == [0, 0]


@pytest.mark.parametrize(
    ("celsius", "uv"), [(25, 1_650_000), (0, 2_543_000), (90, 282_700), (140, 142_000)]
)
def test_the_thermistor_s_level(fitted, celsius, uv):
    fitted.command(f"gun temperature={celsius}")
    assert fitted.hardware.adc_read_uv(34) == pytest.approx(uv, rel=0.01)


def test_a_broken_or_shorted_sensor_reads_where_the_adc_ends(fitted):
    fitted.command("gun temperature=open sense=open")
    assert [fitted.hardware.adc_read_uv(pin) for pin in (34, 39)] == [3_130_000, 142_000]
    fitted.command("gun temperature=short sense=short")
    assert [fitted.hardware.adc_read_uv(pin) for pin in (34, 39)] == [142_000, 3_130_000]
    fitted.command("gun temperature=auto sense=ok")
    assert 1_000_000 < fitted.hardware.adc_read_uv(34) < 2_000_000


def test_the_divider_sees_the_gun_s_voltage(fitted):
    assert fitted.hardware.adc_read_uv(39) == 300_000
    fitted.command("bms voltage=80").command("plug").run(20)
    assert fitted.hardware.adc_read_uv(39) == 300_000 + round(0.8 * 2_400_000)


def test_wires_reversed_and_shorted(board):
    board.command("plug").command("bms voltage=76").run(20)
    board.command("gun wires=reversed")
    assert board.plant["volts"] == -76
    board.command("gun wires=shorted")
    assert board.plant["volts"] == 0
    board.command("gun wires=ok")
    assert board.plant["volts"] == 76


def test_a_short_draws_all_that_the_module_gives(board):
    board.charging(40).command("gun wires=shorted").run(100)
    assert board.plant["amps"] == pytest.approx(40, abs=0.1) and board.plant["volts"] < 1


def test_a_broken_sense_wire_opens_the_coil_as_well(board):
    board.charging()
    board.command("gun contact=open").run(20)
    assert board.read(33) == 1 and not board.plant["contactor"]
    assert board.plant["plugged"]


def test_a_broken_coil_drops_the_contactor_and_never_closes_it(board):
    board.charging().command("coil off").run(20)
    assert board.hardware.pins.level(COIL) == 1
    assert not board.plant["contactor"] and board.read(FEEDBACK) == 1
    board.command("coil on").run(40)
    assert board.plant["contactor"]


def test_more_current_than_asked_for_and_backwards(board):
    board.charging(20).command("module extra_amps=30").run(10)
    assert board.plant["amps"] == pytest.approx(50, abs=0.1)
    board.command("module extra_amps=-50").run(10)
    assert board.plant["amps"] == pytest.approx(-30, abs=0.1)
    board.request(0x32, switch=1).run(60)
    assert board.plant["amps"] == 0 and not board.plant["module_on"]


def test_a_deaf_module_does_what_it_did(board):
    board.charging(20).command("module stuck=1")
    board.request(0x03, 0).request(0x32, switch=1).run(200)
    assert board.plant["module_on"] and board.plant["amps"] == pytest.approx(20, abs=0.1)
    board.command("module stuck=0").request(0x32, switch=1).run(60)
    assert not board.plant["module_on"]


@pytest.mark.parametrize(("ill", "volts"), [("bleeder=1e9", 76.38), ("leak=70", 70.0)])
def test_an_output_that_stays_charged(board, ill, volts):
    board.module(76.38, 1).run(300)
    board.command(f"module {ill}").request(0x32, switch=1).run(30_000)
    assert board.hardware.module.volts == pytest.approx(volts, abs=0.1)


def test_a_bms_that_tells_what_is_not_true():
    hardware = Hardware(settings={"bms": "jbd_uart"})
    hardware.vehicle.amps = lambda: 40.0 * hardware.vehicle.current_sign
    true_volts = hardware.vehicle.volts()
    for words in ("bms voltage_scale=0.5 current_sign=-1", "bms alarm=short"):
        assert hardware.command(words.split()) == {"ok": True}
    assert hardware.vehicle.volts() == pytest.approx(true_volts / 2)
    assert hardware.vehicle.amps() == -40
    assert "weld" not in hardware.vehicle.ALARMS and hardware.vehicle.alarm == "short"


def test_the_edge_is_timed_for_troubles_too(board):
    board.charging().command("gun contact=open").run(1)
    board.request(0x32, switch=1).run(60)
    assert 1 <= board.plant["edge_to_off_ms"] <= 20
