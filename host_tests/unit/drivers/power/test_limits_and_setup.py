"""What modules tell of themselves, and what a Mean Well must be told before anything else."""

import pytest

from firmware.charging.readings import FAULT_MODULE, FAULT_OUT_OF_RANGE
from firmware.drivers.power import meanwell
from host_tests.unit.drivers.power.cases import Alone, Options
from host_tests.unit.drivers.power.rig import Rig
from tools.sim.plant.power_infy import capability
from tools.sim.plant.power_meanwell import CAN_CONTROL, CHARGER_MODE, EEPROM_OFF, MeanWellModule

CAPABILITY = 0x028AF000


class Strict(Options):
    power_max_mv = 90_000
    power_max_ma = 40_000
    power_min_mv = 45_000


# ---- Infypower ----


@pytest.mark.parametrize(
    ("told", "mv", "ma", "wanted"),
    [
        ((100, 50, 120.0, 10_000), 95_000, 130_000, (95_000, 120_000)),
        ((80, 50, 60.0, 10_000), 84_000, 70_000, (80_000, 60_000)),
    ],
)
def test_infypower_is_asked_for_no_more_than_it_can(told, mv, ma, wanted):
    rig = Alone("infypower")
    assert rig.hear(CAPABILITY, capability(*told).hex())
    rig.driver.set(mv, ma)
    expected = wanted[0].to_bytes(4, "big") + wanted[1].to_bytes(4, "big")
    assert (0x029C00F0, expected.hex().upper()) in rig.poll(500)


def test_what_infypower_tells_never_raises_the_options_limits():
    rig = Alone("infypower", Strict)
    rig.hear(CAPABILITY, capability(1000, 10, 300.0, 30_000).hex())
    assert (rig.driver._max_mv, rig.driver._max_ma, rig.driver._min_mv) == (90_000, 40_000, 45_000)


def test_a_150_v_infypower_is_never_switched_on_for_a_72_v_pack():
    rig = Alone("infypower")
    rig.hear(CAPABILITY, capability(1000, 150, 30.0, 30_000).hex())
    rig.driver.set(76_000, 1_000)
    for _ in range(10):
        rig.driver.enable(True)
        rig.driver.poll(10)
    assert rig.reading.fault == FAULT_OUT_OF_RANGE
    assert (0x029A00F0, "00" * 8) not in rig.can.take()


# ---- Maxwell ----


def test_maxwell_is_asked_for_no_more_than_its_rated_current():
    rig = Alone("maxwell")
    assert rig.hear(0x060F8000, "41F0001241F00000")  # 30 A
    rig.driver.set(76_000, 80_000)
    assert (0x06080780, "0300002241F00000") in rig.poll(500)
    rig.hear(0x060F8000, "41F0001247F00000")  # nonsense
    rig.hear(0x060F8000, "41F00012BF800000")
    assert rig.driver._max_ma == 30_000


# ---- Mean Well ----


def test_meanwell_gets_nothing_before_it_is_set_up():
    rig = Alone("meanwell", greet=False)
    rig.driver.set(76_000, 1_000)
    rig.driver.enable(True)
    rig.hear(0x000C0000, "B4008400")  # a charger
    sent = rig.can.take() + rig.poll(300)
    assert (0x000C0100, "B4000400") in sent  # made a supply
    told = [data for _, data in sent if data[:4] in ("2000", "3000") and len(data) > 4]
    assert not told and (0x000C0100, "000001") not in sent
    rig.hear(0x000C0000, "B4000400")
    rig.hear(0x000C0000, "C2000000")
    assert (0x000C0100, "C2000104") in rig.can.take()
    rig.hear(0x000C0000, "C2000104")
    sent = rig.poll(100)
    assert not [data for _, data in sent if data == "000001"]
    rig.hear(0x000C0000, "C0005506")
    sent = [data for _, data in rig.poll(100)]
    assert sent.index("2000B01D") < sent.index("000001")
    assert sent.index("30006400") < sent.index("000001")


def test_meanwell_off_needs_no_setting_up():
    rig = Alone("meanwell", greet=False)
    assert (0x000C0100, "000000") in rig.poll(100)


def test_meanwell_that_cannot_be_set_up_is_a_fault_after_few_writes():
    rig = Alone("meanwell", greet=False)
    for _ in range(50):
        rig.hear(0x000C0000, "B4008400")
    assert len([data for _, data in rig.can.take() if data == "B4000400"]) == 5
    rig.hear(0x000C0000, "40000000")
    assert rig.reading.fault == FAULT_MODULE


@pytest.mark.parametrize(
    ("scales", "volts", "amps"),
    [
        ("5500", "2000B01D", "3000E803"),  # hundredths
        ("0000", "2000B01D", "3000E803"),  # it has no scales
        ("6600", "2000F802", "30006400"),  # tenths
        ("5600", "2000F802", "3000E803"),
        ("6500", "2000B01D", "30006400"),
    ],
)
def test_meanwell_scales(scales, volts, amps):
    rig = Alone("meanwell", greet=False)
    for id, text in ((0x000C0000, "B4000400"), (0x000C0000, "C2000104")):
        rig.hear(id, text)
    rig.hear(0x000C0000, "C000" + scales)
    rig.driver.set(76_000, 10_000)
    sent = [data for _, data in rig.poll(500)]
    assert volts in sent and amps in sent


def test_meanwell_with_scales_nobody_knows_gets_nothing():
    rig = Alone("meanwell", greet=False)
    for id, text in ((0x000C0000, "B4000400"), (0x000C0000, "C2000104")):
        rig.hear(id, text)
    rig.hear(0x000C0000, "C000F500")
    rig.driver.set(76_000, 10_000)
    rig.driver.enable(True)
    assert "000001" not in [data for _, data in rig.poll(500)]
    assert rig.driver.refused == 1


def test_meanwell_set_points_only_when_changed():
    rig = Rig(meanwell, MeanWellModule).deliver(30)
    sent = len([1 for _, _, data in rig.link.sent if data[0] in (0x20, 0x30) and len(data) == 4])
    rig.run(5_000)
    again = len([1 for _, _, data in rig.link.sent if data[0] in (0x20, 0x30) and len(data) == 4])
    assert again == sent
    assert rig.module.worn == 0
    assert rig.module.config == EEPROM_OFF | CAN_CONTROL
    assert not rig.module.curve & CHARGER_MODE


def test_meanwell_that_forgets_a_set_point_is_told_it_again():
    rig = Rig(meanwell, MeanWellModule).deliver(30)
    rig.module.set_amps = 80.0
    rig.run(1_600)
    assert rig.module.set_amps == 30.0


def test_bic_has_other_ids():
    class Bic(Options):
        power_bic = True
        power_address = 3

    rig = Alone("meanwell", Bic)
    assert {id for id, _ in rig.poll(500)} == {0x000C0303}
    assert rig.can.filters == ((0x000C0203, 0x1FFFFFFF, True),)


def test_other_addresses():
    class Third(Options):
        power_address = 2

    assert {id & 0xFFFF for id, _ in Alone("infypower", Third).poll(500)} == {0x02F0}
    assert {id for id, _ in Alone("maxwell", Third).poll(500)} == {0x06081780}
