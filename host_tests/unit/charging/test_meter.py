"""Energy: exact in mWh, never backwards, below 2^30 everywhere on the power path."""

import pytest

from firmware.charging.meter import EnergyMeter, power_mw


@pytest.mark.parametrize(
    ("mv", "ma", "mw"),
    [(77_150, 1_850, 142_727), (84_000, 100_000, 8_400_000), (0, 5, 0), (76_380, 0, 0)],
)
def test_power(mv: int, ma: int, mw: int) -> None:
    assert power_mw(mv, ma) == mw


@pytest.mark.parametrize("dt_ms", [1, 7, 50, 100, 333, 10_000])
def test_an_hour_at_a_kilowatt_is_a_kilowatt_hour(dt_ms: int) -> None:
    meter = EnergyMeter()
    for _ in range(3_600_000 // dt_ms):
        meter.add(50_000, 20_000, dt_ms)
    meter.add(50_000, 20_000, 3_600_000 % dt_ms)
    assert (meter.wh, meter.mwh) == (1000, 0)
    assert meter.session_mwh == 1_000_000


def test_lifetime_register_goes_on_over_sessions() -> None:
    meter = EnergyMeter(wh=41, mwh=999)
    meter.add(50_000, 20_000, 3_600)
    assert (meter.wh, meter.mwh, meter.session_mwh) == (42, 999, 1_000)
    meter.start_session()
    meter.add(50_000, 20_000, 3_600)
    assert (meter.wh, meter.mwh, meter.session_mwh) == (43, 999, 1_000)


def test_current_out_of_the_battery_counts_nothing() -> None:
    meter = EnergyMeter()
    meter.add(76_000, -40_000, 60_000)
    assert (meter.wh, meter.mwh, meter.power_mw) == (0, 0, 0)


def test_the_guides_session() -> None:
    """77.15 V and 1.85 A for 85.5 s are the guide's 3.39 Wh."""
    meter = EnergyMeter()
    for _ in range(1710):
        meter.add(77_150, 1_850, 50)
    assert meter.session_mwh // 10 == 338 or meter.session_mwh // 10 == 339
    assert 3389 <= meter.session_mwh <= 3390


def test_no_product_needs_more_than_31_bits() -> None:
    assert 107_000 // 10 * 100_000 < 2**30 * 2
    assert 85_500 // 10 * 100_000 < 2**30
    assert power_mw(85_500, 100_000) * 100 + 3_600_000 < 2**30
