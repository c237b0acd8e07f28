"""The virtual battery: voltage curve, limits, charge."""

import pytest

from tools.sim.plant.battery import Battery, cell_volts


def battery(soc=50.0, pinned=None, accepts=90.0):
    made = Battery(soc, 90.0)
    made.pinned_volts = pinned
    made.accepts_amps = accepts
    return made


def test_curve_rises_from_60_to_84_volts():
    volts = [20 * cell_volts(soc / 10) for soc in range(1001)]
    assert volts[0] == pytest.approx(60.0) and volts[-1] == pytest.approx(84.0)
    assert all(low < high for low, high in zip(volts, volts[1:], strict=False))
    assert 74 < volts[500] < 76
    assert cell_volts(-1) == cell_volts(0) and cell_volts(101) == cell_volts(100)


def test_resistance_adds_to_the_voltage():
    assert battery().volts(100) - battery().volts(0) == pytest.approx(2.5)


@pytest.mark.parametrize(
    ("volts", "amps", "taken"),
    [
        (84.0, 20.0, 20.0),  # current limit of the source
        (84.0, 120.0, 90.0),  # of the pack
        (75.5, 90.0, 20.0),  # voltage limit: 0.5 V over 25 mΩ
        (75.0, 90.0, 0.0),
        (60.0, 90.0, 0.0),  # nothing flows back
    ],
)
def test_current_of_a_real_pack(volts, amps, taken):
    assert battery().takes(volts, amps) == pytest.approx(taken)


@pytest.mark.parametrize(
    ("volts", "taken"), [(84.0, 1.85), (77.16, 1.85), (77.15, 0.0), (70.0, 0.0)]
)
def test_pinned_voltage_is_stiff(volts, taken):
    pack = battery(pinned=77.15, accepts=1.85)
    assert pack.takes(volts, 1.9) == taken
    assert pack.volts(1.85) == 77.15


def test_charge_is_counted():
    pack = battery()
    pack.charge(90.0, 36.0)
    assert pack.soc == pytest.approx(51.0)
    assert pack.held_mah == 45_900
    pack.charge(90.0, 7200.0)
    assert pack.soc == 100.0


@pytest.mark.parametrize("capacity_ah", [30, 60, 90])
def test_every_soc_of_two_decimals_is_whole_mah(capacity_ah):
    for soc_c100 in range(10_001):
        pack = Battery(soc_c100 / 100, capacity_ah)
        assert pack.held_mah * 10 // capacity_ah == soc_c100
