"""The analog power stage: calibration, slew, filter, broken wires; alone and with its plant."""

from types import SimpleNamespace

import pytest

from firmware.charging.readings import (
    FAULT_MODULE,
    FAULT_OUT_OF_RANGE,
    FAULT_STAYS_ON,
    ModuleReading,
)
from firmware.drivers.power import analog
from tools.sim.options import options as hardware_options
from tools.sim.plant.battery import Battery
from tools.sim.plant.power_analog import AnalogStage

FULL_V, FULL_A = 100.0, 120.0


class Output:
    def __init__(self):
        self.duty = 0

    def duty_u16(self, duty):
        assert 0 <= duty <= 65_535
        self.duty = duty


class Input:
    def __init__(self, board, pin):
        self._board, self._pin = board, pin

    def read_uv(self):
        return self._board.adc_uv[self._pin]


class Board:
    """What the pins hang on: both the driver's side and the plant's."""

    def __init__(self, **settings):
        self.fitted = hardware_options({"power": "analog", **settings})
        self.volts, self.amps = Output(), Output()
        self.on = 0
        self.adc_uv = {36: 300_000, 39: 300_000}
        self.pins = SimpleNamespace(level=lambda pin: self.on)

    @property
    def pwm_outputs(self):
        return {21: (1000, self.volts.duty), 22: (1000, self.amps.duty)}

    def enable(self, level):
        self.on = level


class Rig:
    def __init__(self, volts=76.0, **settings):
        self.now_ms = 0.0
        self.board = board = Board(**settings)
        self.module = AnalogStage(board, lambda: self.now_ms, lambda: (0.0, 0.0))
        self.reading = ModuleReading()
        wire = (board.volts, board.amps, board.enable, Input(board, 36), Input(board, 39))
        self.driver = analog.make(wire, self.reading, board.fitted)
        self.battery = Battery(50.0, 90.0)
        self.battery.pinned_volts = volts
        self.battery.accepts_amps = 200.0
        self.connected = False

    def run(self, ms):
        for _ in range(ms // 5):
            self.now_ms += 5
            self.module.step(0.005, self.battery if self.connected else None)
            self.module.advance(self.now_ms)
            if self.now_ms % 10 == 0:
                self.reading.age_ms += 10
                self.reading.output_age_ms += 10
                self.driver.poll(10)
        return self

    def deliver(self, amps=30.0):
        self.run(500)
        self.driver.set(76_000, 1_000)
        self.driver.enable(True)
        self.run(1_500)
        self.connected = True
        self.driver.set(80_000, round(amps * 1000))
        return self.run(3_000)


@pytest.fixture
def rig():
    return Rig()


def test_it_is_there_and_off(rig):
    rig.run(300)
    assert rig.driver.online and not rig.reading.on and rig.reading.fault == 0
    assert rig.board.on == 0 and rig.board.volts.duty == rig.board.amps.duty == 0
    assert rig.reading.senses_gun is False
    assert rig.reading.output_mv == rig.reading.output_ma == 0


def test_precharge_and_delivery(rig):
    rig.deliver(30)
    assert rig.module.amps == pytest.approx(30, abs=0.05)
    assert rig.reading.output_ma == pytest.approx(30_000, abs=100)
    assert rig.reading.output_mv == pytest.approx(76_000, abs=100)
    assert rig.reading.on and rig.reading.age_ms <= 10


def test_off_is_a_pin_and_needs_no_poll(rig):
    rig.deliver(60)
    rig.driver.enable(False)
    assert rig.driver.flush()
    assert rig.board.on == 0
    rig.run(20)
    assert rig.board.volts.duty == rig.board.amps.duty == 0 and not rig.module.on


def test_the_enable_pin_comes_after_the_set_points(rig):
    rig.run(300)
    rig.driver.set(76_000, 1_000)
    rig.driver.enable(True)
    assert rig.board.on == 0
    rig.driver.poll(10)
    assert rig.board.on == 1 and 0 < rig.board.volts.duty < 2_000


def test_set_points_rise_slowly_and_fall_at_once(rig):
    rig.run(300)
    rig.driver.set(80_000, 100_000)
    rig.driver.enable(True)
    rig.run(200)
    assert rig.board.volts.duty == pytest.approx(40_000 / 100_000 * 65_535, abs=1_400)
    assert rig.board.amps.duty == pytest.approx(8_000 / 120_000 * 65_535, abs=300)
    rig.run(3_000)
    assert rig.board.volts.duty == 52_428
    assert rig.board.amps.duty == 54_612
    rig.driver.set(60_000, 10_000)
    rig.run(10)
    assert rig.board.volts.duty == 39_321 and rig.board.amps.duty == 5_461


def test_two_point_calibration_of_the_outputs():
    rig = Rig(power_volts_zero_duty=6_000, power_amps_zero_duty=3_000).deliver(45)
    assert rig.module.set_volts == pytest.approx(80, abs=0.05)
    assert rig.module.set_amps == pytest.approx(45, abs=0.05)


def test_two_point_calibration_of_the_inputs():
    rig = Rig(
        power_volts_in_zero_mv=500, power_volts_in_full_mv=2_500,
        power_amps_in_zero_mv=142, power_amps_in_full_mv=2_950,
    ).deliver(45)  # fmt: skip
    assert rig.reading.output_mv == pytest.approx(76_000, abs=100)
    assert rig.reading.output_ma == pytest.approx(45_000, abs=100)


def test_noise_is_filtered(rig):
    rig.deliver(30)
    rig.module.noise_uv = 40_000  # 2 A and 1.7 V, up and down
    rig.run(500)
    assert rig.reading.output_mv == pytest.approx(76_000, abs=400)
    assert rig.reading.output_ma == pytest.approx(30_000, abs=450)


@pytest.mark.parametrize("pin", [36, 39])
@pytest.mark.parametrize("uv", [0, 100_000, 3_300_000])
def test_a_sense_signal_that_cannot_be_is_a_fault(rig, pin, uv):
    rig.deliver(30)
    before = rig.reading.output_mv
    for i in range(40):
        rig.board.adc_uv[pin] = uv
        rig.reading.age_ms += 10
        rig.driver.poll(10)
        if i < 8:
            assert rig.reading.fault == 0  # a moment may be noise
    assert rig.reading.fault == FAULT_MODULE
    assert rig.reading.age_ms >= 350 and rig.reading.output_mv == before


def test_without_mains_its_signals_are_gone(rig):
    rig.deliver(30)
    rig.module.power(False)
    rig.run(3_200)
    assert not rig.driver.online and rig.reading.fault == FAULT_MODULE
    rig.driver.enable(False)
    rig.module.power(True)
    rig.run(300)
    assert rig.driver.online and rig.reading.fault == 0
    rig.connected = False
    rig.deliver(30)
    assert rig.module.amps == pytest.approx(30, abs=0.05)


def test_current_that_flows_though_it_is_off(rig):
    rig.deliver(30)
    rig.driver.enable(False)
    rig.board.on = 1
    rig.board.enable = lambda level: None
    rig.driver._enable = lambda level: None
    rig.module.ask = lambda volts=None, amps=None: None
    rig.run(1_500)
    assert rig.reading.on and rig.reading.fault == FAULT_STAYS_ON


@pytest.mark.parametrize("mv", [30_000, 95_000])
def test_a_battery_out_of_reach(mv):
    rig = Rig(power_min_mv=40_000, power_max_mv=90_000)
    rig.run(300)
    rig.driver.set(mv, 1_000)
    rig.driver.enable(True)
    rig.run(20)
    assert rig.board.on == 0 and rig.reading.fault == FAULT_OUT_OF_RANGE


def test_never_more_than_the_options_allow():
    rig = Rig(power_max_ma=50_000).deliver(200)
    assert rig.module.set_amps == pytest.approx(50, abs=0.05)
