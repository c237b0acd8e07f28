"""The drivers against the virtual BMSes, byte by byte over the virtual UART."""

import pytest

from firmware.charging.readings import BmsReading
from firmware.drivers.bms import daly_uart, jbd_uart, jk_uart
from host_tests.unit.drivers.bms.uart_cases import Options
from tools.sim.chips.uart import Uart
from tools.sim.plant import bms_jbd, bms_jk
from tools.sim.plant.battery import Battery
from tools.sim.plant.parts import part

MODULES = {"jbd_uart": jbd_uart, "daly_uart": daly_uart, "jk_uart": jk_uart}
RX = 35


class Wide(Options):
    """Limits that leave the choice to the BMS's thresholds."""

    pack_max_mv, pack_max_ma = 85_000, 100_000


class Line:
    """`machine.UART` on the virtual one."""

    def __init__(self, rig):
        self.rig = rig

    def any(self):
        return self.rig.uart.any()

    def readinto(self, buffer):
        data = self.rig.uart.read(len(buffer))
        buffer[: len(data)] = data
        return len(data) or None

    def write(self, data):
        self.rig.uart.write(bytes(data), self.rig.now_ms)
        return len(data)


class Rig:
    """A vehicle on a UART, plugged in, and the driver that asks it."""

    def __init__(self, name):
        module = MODULES[name]
        self.now_ms = 0.0
        self.uart = Uart(module.WIRE[1], RX)
        self.uart.init(module.WIRE[1], RX)
        self.battery = Battery(87.0, 30.0)
        vehicle = part("bms", name)
        assert vehicle.WIRE == module.WIRE
        self.vehicle = vehicle(self.uart, self.battery, lambda: self.now_ms)
        self.vehicle.set_current_limit(60.0)
        self.vehicle.switch(True, True)
        self.reading = BmsReading()
        self.driver = module.make(Line(self), self.reading, Wide)

    def run(self, ms):
        """Poll for `ms`; the greatest age meanwhile."""
        oldest = 0
        for _ in range(ms // 10):
            self.now_ms += 10
            self.uart.deliver(self.now_ms)
            self.uart.advance(self.now_ms)
            self.vehicle.advance(self.now_ms)
            self.reading.age_ms += 10
            self.driver.poll(10)
            oldest = max(oldest, self.reading.age_ms)
        return oldest


@pytest.fixture(params=MODULES)
def rig(request):
    rig = Rig(request.param)
    rig.run(3000)
    return rig


def test_everything_is_read(rig):
    reading = rig.reading
    assert reading.complete and reading.allowed and reading.alarms == 0
    assert reading.soc_c100 == 8700 and reading.current_ma == 0
    assert reading.voltage_mv == pytest.approx(rig.vehicle.volts() * 1000, abs=100)
    assert reading.temperature_c10 == pytest.approx(265, abs=6)
    assert reading.voltage_limit_mv == 84_000
    assert rig.driver.refused == 0 and rig.uart.dropped == 0
    assert rig.run(20_000) < 1000


def test_charge_counts_up(rig):
    rig.vehicle.amps = lambda: 42.5
    rig.run(1000)
    assert rig.reading.current_ma == pytest.approx(42_500, abs=100)


def test_it_forbids_and_allows_again(rig):
    rig.vehicle.allowed = False
    rig.run(1000)
    assert not rig.reading.allowed and rig.reading.alarms and rig.reading.age_ms < 1000
    rig.vehicle.allowed = True
    rig.run(1000)
    assert rig.reading.allowed and rig.reading.alarms == 0


def test_it_falls_silent_and_comes_back(rig):
    rig.vehicle.switch(True, False)
    rig.run(5000)
    assert rig.reading.age_ms > 4000
    rig.vehicle.switch(True, True)
    rig.run(2500)
    assert rig.reading.age_ms < 1000


def test_another_vehicle_has_other_limits(rig):
    rig.vehicle.switch(False, True)
    rig.run(1000)
    rig.reading.reset()
    rig.vehicle.voltage_limit = 80.0
    rig.vehicle.switch(True, True)
    rig.run(4000)
    assert rig.reading.complete
    told = not isinstance(rig.driver._protocol, daly_uart.DalyUart)
    assert rig.reading.voltage_limit_mv == (80_000 if told else 84_000)


@pytest.mark.parametrize("name", ["jbd_uart", "jk_uart"])
def test_the_current_limit_is_four_fifths_of_the_threshold(name):
    rig = Rig(name)
    rig.run(3000)
    assert rig.reading.current_limit_ma == 60_000


def test_jbd_is_left_out_of_its_parameter_mode():
    rig = Rig("jbd_uart")
    rig.run(3000)
    assert not rig.vehicle.parameter_mode
    assert bms_jbd.question(0x00, b"\x56\x78") in rig.vehicle.questions
    assert bms_jbd.question(0x01, b"\x00\x00") in rig.vehicle.questions
    assert not any(q[1] == 0x5A and q[2] not in (0, 1) for q in rig.vehicle.questions)


def test_jk_of_the_older_protocol_version():
    rig = Rig("jk_uart")
    rig.vehicle.VERSION = 0
    rig.vehicle.amps = lambda: 30.0
    rig.run(2000)
    assert rig.reading.current_ma == 30_000


@pytest.mark.parametrize("name", MODULES)
def test_the_virtual_bms_hunts_too(name):
    """Noise before a question, and half a question, do it no harm."""
    rig = Rig(name)
    rig.run(500)
    rig.vehicle.receive(b"\xdd\xa5\x03", rig.now_ms)
    rig.vehicle.receive(b"NW\x00\xff\xa5\x40", rig.now_ms)
    rig.run(3000)
    assert rig.reading.complete and rig.reading.age_ms < 1000


def test_jk_knows_no_other_question():
    rig = Rig("jk_uart")
    assert rig.vehicle.answer(bms_jk.question(0x05)) == b""
