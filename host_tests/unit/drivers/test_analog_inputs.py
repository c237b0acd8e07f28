"""The sensors in the gun: curve, calibration, and what is no measurement."""

from types import SimpleNamespace

import pytest

from firmware.charging.readings import UNKNOWN_TEMPERATURE
from firmware.drivers import thermistor, voltage_sense
from firmware.errors import ChargerError

# degC -> ohms of a 10 kOhm, B 3950 part (maker's formula, 25 degC); the parts of the default board
OHMS = {-10: 58_248, 0: 33_621, 25: 10_000, 50: 3_588, 70: 1_756, 85: 1_087, 90: 936, 105: 607}


class Adc:
    """Answers what it is set to; OSError for None."""

    def __init__(self, uv):
        self.uv = uv

    def read_uv(self):
        if self.uv is None:
            raise OSError(5)
        return self.uv


def options(**changed):
    values = {
        "gun_ntc_ohm": 10_000, "gun_ntc_beta": 3950, "gun_ntc_pull_up_ohm": 10_000,
        "gun_sense_full_mv": 100_000, "gun_sense_in_zero_mv": 300, "gun_sense_in_full_mv": 2_700,
    }  # fmt: skip
    return SimpleNamespace(**{**values, **changed})


def level(ohm, pull_up=10_000):
    return round(3_300_000 * ohm / (ohm + pull_up))


@pytest.mark.parametrize("celsius", OHMS)
def test_the_curve_is_the_part_s(celsius):
    sensor = thermistor.make(Adc(level(OHMS[celsius])), options())
    assert sensor.c10 == pytest.approx(celsius * 10, abs=6)
    assert not sensor.bad


def test_every_level_has_a_temperature_and_hotter_is_lower():
    curve = thermistor.curve(10_000, 3950, 10_000)
    found = [thermistor.celsius(curve, uv) for uv in range(0, 3_300_000, 5_000)]
    assert found == sorted(found, reverse=True)
    assert found[0] == 1500 and found[-1] == -400


@pytest.mark.parametrize(
    "parts",
    [
        {"gun_ntc_ohm": 100_000, "gun_ntc_beta": 4250, "gun_ntc_pull_up_ohm": 68_000},
        {"gun_ntc_ohm": 5_000, "gun_ntc_beta": 3435, "gun_ntc_pull_up_ohm": 4_700},
    ],
)
def test_other_parts(parts):
    sensor = thermistor.make(
        Adc(level(parts["gun_ntc_ohm"], parts["gun_ntc_pull_up_ohm"])), options(**parts)
    )
    assert sensor.c10 == pytest.approx(250, abs=6)


@pytest.mark.parametrize("pull_up", [1_000, 100_000])
def test_parts_that_cannot_tell_what_matters_are_refused(pull_up):
    with pytest.raises(ChargerError, match="hardware.json: gun_ntc_pull_up_ohm: .*wanted"):
        thermistor.make(Adc(1_650_000), options(gun_ntc_pull_up_ohm=pull_up))


@pytest.mark.parametrize("uv", [0, 142_000, 3_130_000, None])
def test_open_and_shorted_is_bad_after_three_samples_and_keeps_the_last_good_value(uv):
    adc = Adc(1_650_000)
    sensor = thermistor.make(adc, options())
    adc.uv = uv
    seen = []
    for _ in range(4):
        sensor.update()
        seen.append(sensor.bad)
        assert sensor.c10 == pytest.approx(250, abs=2)
    assert seen == [False, False, True, True]
    adc.uv = 1_650_000
    for _ in range(20):
        sensor.update()
    assert not sensor.bad


def test_a_loose_contact_is_bad():
    adc = Adc(1_650_000)
    sensor = thermistor.make(adc, options())
    for turn in range(40):
        adc.uv = 3_130_000 if turn % 2 else 1_650_000
        sensor.update()
    assert sensor.bad


def test_never_a_good_sample_is_unknown_and_bad_from_the_start():
    sensor = thermistor.make(Adc(3_130_000), options())
    assert sensor.bad and sensor.c10 == UNKNOWN_TEMPERATURE
    sensor.update()
    assert sensor.bad


def test_it_follows_within_two_seconds():
    adc = Adc(level(OHMS[25]))
    sensor = thermistor.make(adc, options())
    adc.uv = level(OHMS[90])
    for _ in range(40):  # ticks of 50 ms
        sensor.update()
    assert sensor.c10 == pytest.approx(900, abs=15)


@pytest.mark.parametrize(
    ("uv", "mv"), [(300_000, 0), (2_700_000, 100_000), (1_500_000, 50_000), (250_000, 0)]
)
def test_the_voltage_lies_on_the_line(uv, mv):
    sensor = voltage_sense.make(Adc(uv), options())
    assert sensor.mv == pytest.approx(mv, abs=20) and not sensor.bad


def test_no_product_passes_30_bits():
    sensor = voltage_sense.make(
        Adc(3_000_000),
        options(gun_sense_full_mv=200_000, gun_sense_in_zero_mv=0, gun_sense_in_full_mv=3_000),
    )
    assert sensor.mv == pytest.approx(200_000, abs=200)
    assert 3_050_000 // 10 * (200_000 // 100) < 1 << 30


@pytest.mark.parametrize("uv", [0, 142_000, 3_130_000, None])
def test_a_broken_wire_at_the_divider_is_bad_and_reads_nothing(uv):
    adc = Adc(2_000_000)
    sensor = voltage_sense.make(adc, options())
    adc.uv = uv
    for _ in range(3):
        sensor.update()
    assert sensor.bad and sensor.mv == 0


def test_two_points_too_close_are_refused():
    with pytest.raises(ChargerError, match="gun_sense_in_full_mv"):
        voltage_sense.make(Adc(0), options(gun_sense_in_zero_mv=800, gun_sense_in_full_mv=1_200))
