"""The drivers against the bench: register-level chips, its power module and its vehicle."""

import pytest

from firmware.charging.readings import FAULT_MODULE, BmsReading, ModuleReading
from firmware.drivers.bms.rivot import FILTERS as BMS_FILTERS
from firmware.drivers.bms.rivot import RivotBms
from firmware.drivers.can import OK, Frame
from firmware.drivers.can.mcp2515 import Mcp2515
from firmware.drivers.can.twai import Twai
from firmware.drivers.contactor import Contactor
from firmware.drivers.digital_input import DigitalInput
from firmware.drivers.power.rivot import FILTERS as MODULE_FILTERS
from firmware.drivers.power.rivot import RivotModule
from firmware.drivers.reader.rdm6300 import Rdm6300
from tools.sim.hardware import Hardware

PULL_UP = 2


class Pin:
    """`machine.Pin` on the virtual hardware."""

    IN, OUT = 1, 3

    def __init__(self, hardware, number, mode, pull=0, value=None):
        self.hardware, self.number, self.pull = hardware, number, pull
        self.init(mode, value)

    def init(self, mode, value=None):
        if value is not None:
            self.hardware.pin_write(self.number, value)
        self.hardware.pin_mode(self.number, mode, self.pull)

    def __call__(self, value=None):
        if value is None:
            return self.hardware.pin_read(self.number)
        self.hardware.pin_write(self.number, value)


class Memory:
    """`machine.mem32`."""

    def __init__(self, hardware):
        self.hardware = hardware

    def __getitem__(self, address):
        return self.hardware.mem_read(address)

    def __setitem__(self, address, value):
        self.hardware.mem_write(address, value)


class Spi:
    """`machine.SPI` on bus 2."""

    def __init__(self, hardware):
        self.hardware = hardware
        hardware.spi_init(2, 8_000_000, 0, 0)

    def write_readinto(self, out, into):
        into[:] = self.hardware.spi_transfer(2, bytes(out))


class Uart:
    """`machine.UART` 2."""

    def __init__(self, hardware):
        self.hardware = hardware
        hardware.uart_init(2, 9600, 8, 0, 1, 255, 16)

    def any(self):
        return self.hardware.uart_any(2)

    def readinto(self, buffer):
        data = self.hardware.uart_read(2, len(buffer))
        buffer[: len(data)] = data
        return len(data) or None


class Rig:
    """The rivot_100a board's parts on the virtual hardware; `run` polls as the firmware does."""

    def __init__(self):
        self.hardware = hardware = Hardware()
        self.coil = Pin(hardware, 25, Pin.OUT, 0, 0)
        self.contactor = Contactor(
            self.coil,
            DigitalInput(Pin(hardware, 27, Pin.IN, PULL_UP)),
            Pin(hardware, 26, Pin.OUT, 0, 0),
        )
        self.gun = DigitalInput(Pin(hardware, 33, Pin.IN, PULL_UP), True, 500, 20)
        self.e_stop = DigitalInput(Pin(hardware, 32, Pin.IN, PULL_UP), False, 0, 500)
        self.reader = Rdm6300(Uart(hardware))
        self.twai = Twai(
            Memory(hardware),
            Pin(hardware, 21, Pin.OUT, 0, 1),
            Pin(hardware, 22, Pin.IN),
            21,
            22,
        )
        self.mcp = Mcp2515(
            Spi(hardware), Pin(hardware, 5, Pin.OUT, 0, 1), Pin(hardware, 4, Pin.IN, PULL_UP)
        )
        self.module_reading, self.bms_reading = ModuleReading(), BmsReading()
        self.module = RivotModule(self.twai, self.module_reading)
        self.bms = RivotBms(self.mcp, self.bms_reading)
        self.twai.set_filters(MODULE_FILTERS)
        self.mcp.set_filters(BMS_FILTERS)
        self.frame = Frame()
        self.tags = []

    def run(self, ms):
        for _ in range(ms // 10):
            self.hardware.advance(self.hardware.now_ms + 10)
            while self.twai.receive(self.frame):
                assert self.module.on_frame(self.frame)
            while self.mcp.receive(self.frame):
                assert self.bms.on_frame(self.frame)
            self.module_reading.age_ms += 10
            self.bms_reading.age_ms += 10
            self.module.poll(10)
            self.bms.poll(10)
            for part in (self.contactor, self.gun, self.e_stop):
                part.update(10)
            tag = self.reader.poll(10)
            if tag:
                self.tags.append(tag)

    def command(self, text):
        assert self.hardware.command(text.split()) == {"ok": True}


@pytest.fixture
def rig():
    rig = Rig()
    rig.run(2000)
    return rig


def test_module_is_heard_and_confirms_off(rig):
    assert rig.module.online
    assert not rig.module_reading.on and rig.module_reading.age_ms <= 150
    assert rig.module_reading.temperature_c10 == 265
    assert rig.twai.state() == OK and rig.twai.counters()[2:] == (0, 0)


def test_vehicle_is_read_once_it_is_plugged(rig):
    assert not rig.bms_reading.complete and not rig.gun.active
    rig.command("plug")
    rig.run(4000)
    assert rig.gun.active
    reading = rig.bms_reading
    assert reading.complete and reading.allowed and reading.age_ms <= 600
    assert (reading.soc_c100, reading.voltage_limit_mv, reading.current_limit_ma) == (
        8700, 84_000, 90_000,
    )  # fmt: skip
    assert rig.mcp.state() == OK and rig.mcp.counters()[2] == 0


def test_state_of_charge_of_the_guide(rig):
    rig.command("plug")
    rig.run(3000)
    rig.command("bms soc=87.18 current_limit=1.85")
    rig.run(3000)
    assert rig.bms_reading.soc_c100 == 8718
    assert rig.bms_reading.current_limit_ma == 1900


def test_bms_that_forbids_and_falls_silent(rig):
    rig.command("plug")
    rig.run(2000)
    rig.command("bms allowed=0")
    rig.run(1200)
    assert not rig.bms_reading.allowed
    rig.command("bms off")
    rig.run(3000)
    assert rig.bms_reading.age_ms >= 2400


def test_power_flows_as_told(rig):
    rig.command("plug")
    rig.run(2000)
    rig.module.set(76_380, 1_000)
    rig.module.enable(True)
    rig.run(2500)
    assert rig.hardware.plant_state()["module_on"] and rig.module_reading.on
    assert abs(rig.module_reading.output_mv - 76_380) < 1000
    rig.contactor.command(True)
    rig.run(300)
    assert rig.contactor.closed and rig.contactor.disagree_ms == 0
    rig.module.set(84_000, 20_000)
    rig.run(2000)
    assert abs(rig.module_reading.terminal_ma - 20_000) < 500
    assert rig.module_reading.terminal_mv == 76_380
    rig.module.enable(False)
    rig.module.flush()
    rig.hardware.advance(rig.hardware.now_ms + 40)
    assert not rig.hardware.plant_state()["module_on"]
    rig.run(200)
    assert not rig.module_reading.on and rig.module_reading.fault == 0


def test_module_fault_and_silence(rig):
    rig.command("module fault=1")
    rig.run(1500)
    assert rig.module_reading.fault & FAULT_MODULE
    rig.command("module fault=0")
    rig.run(1500)
    assert rig.module_reading.fault == 0
    rig.command("module off")
    rig.run(4000)
    assert not rig.module.online and rig.module_reading.age_ms > 3500
    rig.command("module on")
    rig.run(3000)
    assert rig.module.online and not rig.module_reading.on


def test_module_temperature(rig):
    rig.command("module temperature=70")
    rig.run(3500)
    assert rig.module_reading.temperature_c10 == 700


def test_e_stop_and_tag(rig):
    rig.command("estop on")
    rig.run(20)
    assert rig.e_stop.active
    rig.command("tag 0A1B2C3D4E")
    rig.run(1000)
    assert rig.tags == ["0A1B2C3D4E"]


def test_vehicle_comes_and_goes_without_upsetting_the_bus(rig):
    for _ in range(3):
        rig.command("plug")
        rig.run(2500)
        assert rig.bms_reading.complete
        rig.command("unplug")
        rig.run(1500)
        assert not rig.gun.active
        rig.bms_reading.reset()
    assert rig.mcp.counters()[3] == 0
