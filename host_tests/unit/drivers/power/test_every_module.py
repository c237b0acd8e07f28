"""What every power module's driver must do, each against its virtual module on a bus."""

import pytest

from firmware.charging.readings import (
    FAULT_MODULE,
    FAULT_OUT_OF_RANGE,
    FAULT_OVER_TEMPERATURE,
    FAULT_STAYS_ON,
)
from firmware.drivers.power import elcon, huawei_r48, infypower, maxwell, meanwell
from host_tests.unit.drivers.power.rig import Rig
from tools.sim.plant.power_elcon import ElconBricks
from tools.sim.plant.power_huawei import HuaweiModule
from tools.sim.plant.power_infy import InfyModule
from tools.sim.plant.power_maxwell import MaxwellModule
from tools.sim.plant.power_meanwell import MeanWellModule

MODULES = {
    "huawei_r48": (huawei_r48, HuaweiModule, {"volts": 52.0}),
    "elcon": (elcon, ElconBricks, {"power_max_ma": 50_000}),
    "meanwell": (meanwell, MeanWellModule, {}),
    "infypower": (infypower, InfyModule, {}),
    "maxwell": (maxwell, MaxwellModule, {}),
}
TELLS_SELDOM = ("elcon",)  # once a second
NO_TEMPERATURE = ("elcon",)


@pytest.fixture(params=MODULES)
def rig(request):
    driver, virtual, options = MODULES[request.param]
    rig = Rig(driver, virtual, **options)
    rig.name = request.param
    return rig


def test_it_is_found_and_stays_off(rig):
    assert not rig.driver.online
    rig.settle()
    assert rig.driver.online and not rig.reading.on and rig.reading.fault == 0
    assert not rig.module.on
    assert rig.reading.senses_gun is False
    assert rig.driver.refused == 0
    expected = -32768 if rig.name in NO_TEMPERATURE else pytest.approx(265, abs=5)
    assert rig.reading.temperature_c10 == expected


def test_it_delivers_what_is_asked_and_tells_what_it_delivers(rig):
    rig.deliver(30)
    assert rig.module.amps == pytest.approx(30, abs=0.15)
    rig.run(1_200)
    assert rig.reading.on
    assert rig.reading.output_ma == pytest.approx(30_000, abs=200)
    assert rig.reading.output_mv == pytest.approx(rig.battery.pinned_volts * 1000, abs=110)
    assert rig.oldest_ms <= (1_050 if rig.name in TELLS_SELDOM else 240)
    assert rig.reading.fault == 0 and rig.driver.refused == 0


def test_precharge_reaches_the_batterys_voltage_with_little_current_asked(rig):
    rig.settle().precharge()
    assert rig.module.volts == pytest.approx(rig.battery.pinned_volts, abs=0.15)
    assert rig.module.set_amps <= 1.0
    assert rig.module.enabled


def test_it_is_not_on_before_its_set_points_are_known(rig):
    rig.deliver(60)
    rig.driver.set(0, 0)
    rig.driver.enable(False)
    rig.run(1_500)
    rig.connected = False
    most = 0.0
    rig.driver.set(round(rig.battery.pinned_volts * 1000), 1_000)
    rig.driver.enable(True)
    for _ in range(300):
        rig.run(1)
        if rig.module.enabled:
            most = max(most, rig.module.set_amps)
    assert rig.module.enabled and most <= 1.0


def test_off_goes_at_once(rig):
    rig.deliver(90 if rig.name != "huawei_r48" else 50)
    rig.driver.set(0, 0)
    rig.driver.enable(False)
    rig.driver.flush()
    rig.run(60)
    assert not rig.module.on
    rig.run(2_600)
    assert not rig.reading.on and rig.reading.fault == 0


def test_a_lower_limit_is_told_at_once(rig):
    rig.deliver(40)
    rig.driver.set(round(rig.battery.pinned_volts * 1000) + 4_000, 10_000)
    rig.run(60)
    assert rig.module.set_amps == pytest.approx(10, abs=0.1)


def test_never_more_than_it_is_rated_for(rig):
    rig.settle().precharge()
    rig.connected = True
    rig.driver.set(84_000, 500_000)
    rig.run(1_000)
    assert rig.module.set_amps <= 100.05
    assert rig.reading.fault == 0


def test_silence_makes_it_old_and_its_return_is_told_everything(rig):
    rig.deliver(30)
    rig.module.power(False)
    rig.run(3_100)
    assert not rig.driver.online and rig.reading.age_ms > 2_900
    rig.driver.set(0, 0)
    rig.driver.enable(False)
    rig.run(1_000)
    rig.module.power(True)
    rig.run(2_500)
    assert rig.driver.online and not rig.module.on and not rig.reading.on
    rig.driver.set(round(rig.battery.pinned_volts * 1000) + 4_000, 20_000)
    rig.driver.set(round(rig.battery.pinned_volts * 1000), 20_000)
    rig.driver.enable(True)
    rig.driver.set(round(rig.battery.pinned_volts * 1000) + 4_000, 20_000)
    rig.run(2_500)
    assert rig.module.amps == pytest.approx(20, abs=0.15)


def test_mains_lost_for_a_moment_is_noticed_and_made_good(rig):
    rig.deliver(30)
    rig.module.power(False)
    rig.run(400)
    rig.module.power(True)
    rig.run(3_500)
    assert rig.module.amps == pytest.approx(30, abs=0.15)


def test_its_keep_alive_is_well_inside_its_watchdog(rig):
    rig.deliver(30).run(15_000)
    assert rig.module.silence_trips == 0
    times = [at for at, _, _ in rig.link.sent]
    assert max(b - a for a, b in zip(times, times[1:], strict=False)) <= 1_000


def test_its_fault_is_told(rig):
    rig.deliver(30)
    rig.module.break_down(True)
    rig.run(1_300)
    if rig.name == "huawei_r48":  # it has no word for it: the on-command is refused
        assert not rig.reading.on or rig.reading.output_ma < 500
        return
    assert rig.reading.fault & FAULT_MODULE
    rig.driver.enable(False)
    rig.module.break_down(False)
    rig.run(1_300)
    assert rig.reading.fault == 0


def test_heat_is_told(rig):
    rig.deliver(30)
    rig.module.pinned_c = 90.0
    rig.run(1_300)
    assert not rig.module.on
    if rig.name != "huawei_r48":
        assert rig.reading.fault & FAULT_OVER_TEMPERATURE
    if rig.name not in NO_TEMPERATURE:
        rig.run(1_000)
        assert rig.reading.temperature_c10 == pytest.approx(900, abs=5)


def test_one_that_stays_on_is_told_again_and_noticed(rig):
    rig.deliver(30)
    stubborn = rig.module
    stubborn.switch = stubborn.ask = lambda *told, **named: None
    rig.driver.set(0, 0)
    rig.driver.enable(False)
    sent = len(rig.link.sent)
    rig.run(4_000)
    assert stubborn.amps > 20
    assert rig.reading.on and rig.reading.fault & FAULT_STAYS_ON
    assert len(rig.link.sent) - sent > 35


@pytest.mark.parametrize("way", ["too low", "too high"])
def test_a_battery_it_cannot_reach_is_refused(rig, way):
    rig.settle()
    if rig.name not in ("huawei_r48", "infypower"):  # these know by themselves
        rig.driver._min_mv = 50_000
    rig.driver.set(30_000 if way == "too low" else 120_000, 1_000)
    for _ in range(20):
        rig.driver.enable(True)
        rig.run(10)
        assert not rig.module.enabled
    assert rig.reading.fault == FAULT_OUT_OF_RANGE
    rig.driver.enable(False)
    rig.run(1_100)
    assert rig.reading.fault == 0


def test_a_limit_that_falls_below_what_it_can_switches_it_off(rig):
    rig.deliver(30)
    rig.driver._min_mv = 40_000
    rig.driver.set(39_000, 10_000)
    rig.driver.enable(True)
    rig.run(60)
    assert not rig.module.on
    assert rig.reading.fault & FAULT_OUT_OF_RANGE


def test_other_frames_and_noise_change_nothing(rig):
    rig.deliver(30)
    before = dict(vars(rig.reading))
    for _ in range(2_000):
        rig.frame.id = rig.random.getrandbits(29)
        rig.frame.ext = rig.random.random() < 0.5
        rig.frame.len = rig.random.randrange(9)
        rig.frame.data[:] = rig.random.randbytes(8)
        rig.driver.on_frame(rig.frame)
    assert dict(vars(rig.reading)) == before


def test_any_data_in_its_own_frames_does_no_harm(rig):
    rig.deliver(30)
    ids = [id for id, mask, ext in rig.link.filters]
    for _ in range(3_000):
        rig.frame.id = rig.random.choice(ids) | rig.random.choice((0, 0x30000, 0x40000, 0xA0000))
        rig.frame.ext = True
        rig.frame.len = rig.random.randrange(9)
        rig.frame.data[:] = rig.random.randbytes(8)
        rig.driver.on_frame(rig.frame)
        assert -1_000_000 < rig.reading.output_mv < 1 << 30
    rig.driver.enable(False)
    rig.driver.set(0, 0)
    rig.run(8_000)
    assert not rig.module.on
    assert all(len(data) <= 8 for _, _, data in rig.link.sent)


def test_a_busy_bus_loses_no_command(rig):
    rig.deliver(30)
    rig.link.on = False
    rig.driver.set(0, 0)
    rig.driver.enable(False)
    assert not rig.driver.flush()
    rig.run(200)
    rig.link.on = True
    rig.run(60)
    assert not rig.module.on
