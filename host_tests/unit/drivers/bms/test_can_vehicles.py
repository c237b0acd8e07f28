"""The drivers against the virtual BMSes, through the registers of the virtual MCP2515."""

import pytest

from firmware.charging.readings import BmsReading
from firmware.drivers.can import Frame
from firmware.drivers.can.mcp2515 import Mcp2515
from host_tests.unit.drivers.bms.can_cases import MODULES, Options
from host_tests.unit.drivers.test_on_virtual_chips import PULL_UP, Pin, Spi
from tools.sim.hardware import Hardware
from tools.sim.plant import bms_daly_can, bms_elcon, bms_jk_can, bms_pylontech

MCP_CS, MCP_INT = 5, 4


class Rig:
    """A vehicle that is plugged in, and the driver on its bus; polled as the firmware does."""

    def __init__(self, name, **options):
        self.hardware = Hardware({}, {"bms": name})
        self.vehicle = self.hardware.vehicle
        module = MODULES[name]
        assert self.vehicle.WIRE == module.WIRE
        self.mcp = Mcp2515(
            Spi(self.hardware),
            Pin(self.hardware, MCP_CS, Pin.OUT, 0, 1),
            Pin(self.hardware, MCP_INT, Pin.IN, PULL_UP),
            bitrate=module.WIRE[1],
        )
        chosen = Options()
        vars(chosen).update(options)
        self.reading = BmsReading()
        self.driver = module.make(self.mcp, self.reading, chosen)
        self.frame = Frame()
        self.heard = set()
        self.command("plug")

    def command(self, words):
        assert self.hardware.command(words.split()) == {"ok": True}

    def run(self, ms):
        """Poll for `ms`; the greatest age meanwhile."""
        oldest_ms = 0
        for _ in range(ms // 10):
            self.hardware.advance(self.hardware.now_ms + 10)
            for _ in range(16):
                if not self.mcp.receive(self.frame):
                    break
                if self.driver.on_frame(self.frame):
                    self.heard.add(self.frame.id)
            self.driver.poll(10)
            self.reading.age_ms += 10
            oldest_ms = max(oldest_ms, self.reading.age_ms)
        return oldest_ms


@pytest.fixture(params=MODULES)
def rig(request):
    rig = Rig(request.param)
    rig.run(3500)
    return rig


def test_everything_is_read(rig):
    reading = rig.reading
    assert reading.complete and reading.allowed and reading.alarms == 0
    assert (reading.voltage_limit_mv, reading.current_limit_ma) == (84_000, 90_000)
    if isinstance(rig.vehicle, bms_elcon.ElconVehicle):  # which tells no more
        assert (reading.soc_c100, reading.voltage_mv) == (-1, -1)
    else:
        assert reading.soc_c100 == 8700
        assert reading.voltage_mv == pytest.approx(rig.vehicle.volts() * 1000, abs=100)
    assert rig.driver.refused == 0
    assert rig.run(20_000) <= 1100


def test_it_forbids_and_allows_again(rig):
    rig.command("bms allowed=0")
    rig.run(1100)
    assert not rig.reading.allowed and rig.reading.age_ms < 1100
    rig.command("bms allowed=1")
    rig.run(1100)
    assert rig.reading.allowed


def test_it_falls_silent_and_comes_back(rig):
    rig.command("bms off")
    rig.run(5000)
    assert rig.reading.age_ms >= 4000
    rig.command("bms on")
    rig.run(2500)
    assert rig.reading.age_ms <= 1100


def test_another_vehicle_has_other_limits(rig):
    rig.command("unplug")
    rig.run(1000)
    rig.reading.reset()
    rig.command("bms voltage_limit=80 current_limit=42.5")
    rig.command("plug")
    rig.run(3500)
    assert rig.reading.complete and rig.reading.allowed
    told = not isinstance(rig.vehicle, bms_daly_can.DalyCanVehicle)
    limits = (80_000, 42_500) if told else (84_000, 90_000)
    assert (rig.reading.voltage_limit_mv, rig.reading.current_limit_ma) == limits


@pytest.mark.parametrize("name", ["daly_can", "jk_can", "pylontech_can"])
def test_charge_counts_up(name):
    rig = Rig(name)
    rig.vehicle.amps = lambda: 42.5
    rig.run(3500)
    assert rig.reading.current_ma == 42_500


@pytest.mark.parametrize(("name", "order"), [("elcon", "little"), ("pylontech_can", "big")])
def test_the_byte_order_of_the_few(name, order):
    rig = Rig(name)
    rig.vehicle.order = order
    rig.run(3500)
    assert rig.reading.allowed and rig.reading.voltage_limit_mv == 84_000


def test_little_endian_daly_at_another_address():
    rig = Rig("daly_can", bms_address=3)
    rig.vehicle.little, rig.vehicle.address = True, 3
    rig.run(3500)
    assert rig.reading.allowed and rig.reading.soc_c100 == 8700


def test_elcon_hears_our_status():
    rig = Rig("elcon")
    rig.driver.report(77_100, 42_500, 1)
    rig.run(2000)
    assert rig.vehicle.charger_status == (77.1, 42.5, 1)


def test_jk_of_version_1_and_of_another_node():
    rig = Rig("jk_can", pack_max_mv=82_000)
    rig.vehicle.version, rig.vehicle.node = 1, 6
    rig.run(2000)
    assert rig.reading.allowed and rig.reading.voltage_limit_mv == 82_000
    assert rig.heard == {0x2F6, 0x7F6}


def test_jk_bursts_leave_what_is_needed():
    """Everything is sent in the same millisecond, and the MCP2515 has room for two frames."""
    rig = Rig("jk_can")
    rig.run(10_000)
    assert {bms_jk_can.STATE, bms_jk_can.ALARMS, bms_jk_can.REQUEST} <= rig.heard
    rig.vehicle.muted.add(bms_jk_can.REQUEST)
    rig.run(4000)
    assert rig.reading.age_ms > 3000


def test_pylontech_frames_that_keep_apart_all_arrive():
    rig = Rig("pylontech_can")
    rig.run(5000)
    wanted = ("LIMITS", "CHARGE", "STATE", "ALARMS", "REQUEST")
    assert rig.heard == {getattr(bms_pylontech, name) for name in wanted}


def test_of_a_pylontech_burst_the_limits_arrive():
    rig = Rig("pylontech_can")
    rig.vehicle.spacing_ms = 0.0
    assert rig.run(5000) and rig.reading.allowed
    rig.command("bms allowed=0")  # no current is no permission
    rig.run(1100)
    assert not rig.reading.allowed and rig.reading.age_ms < 1100


def test_pylontech_falls_silent_without_us():
    rig = Rig("pylontech_can")
    rig.run(3500)
    before = rig.hardware.can2.frames
    rig.driver = type("Mute", (), {"on_frame": lambda s, f: True, "poll": lambda s, dt: None})()
    rig.run(30_000)
    assert rig.hardware.can2.frames - before < 6 * 12
