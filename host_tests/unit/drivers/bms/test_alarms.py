"""The alarm bits have the names they are listed with, and limits are derived downwards only."""

import pytest

from firmware.charging.readings import BmsReading
from firmware.charging.sources import _SERIOUS
from firmware.drivers.bms import alarms
from firmware.drivers.bms.derived import fill_limits


def test_every_bit_has_its_name():
    for bit, name in enumerate(alarms.NAMES):
        assert getattr(alarms, name.upper()) == 1 << bit


def named(bits):
    return {name for bit, name in enumerate(alarms.NAMES) if bits >> bit & 1}


def test_what_forbids_and_what_is_serious():
    assert named(alarms.NO_CHARGE) == {
        "cell_ov", "pack_ov", "chg_ot", "chg_ut", "chg_oc", "short", "mos_ot", "afe", "weld",
        "insulation",
    }  # fmt: skip
    assert named(_SERIOUS) == {"short", "weld", "insulation"}


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ((), (84_000, 50_000)),
        ((20,), (84_000, 50_000)),
        ((20, 4250), (84_000, 50_000)),
        ((20, 4200), (83_000, 50_000)),
        ((20, 4250, 84_500), (83_500, 50_000)),
        ((20, 0, 80_000), (79_000, 50_000)),
        ((0, 4200, 80_000), (84_000, 50_000)),  # without the cells no margin is known
        ((16, 3650, 58_400, 30_000), (57_600, 24_000)),
        ((20, 5000, 120_000, 120_000), (84_000, 50_000)),  # never above the options
        ((20, 40), (0, 50_000)),
    ],
)
def test_derived_limits(told, expected):
    reading = BmsReading()
    fill_limits(reading, 84_000, 50_000, *told)
    assert (reading.voltage_limit_mv, reading.current_limit_ma) == expected
