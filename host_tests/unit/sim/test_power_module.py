"""The virtual power module: frames of CAN1, and its output."""

import struct

import pytest

from tools.sim.chips.can_bus import CanBus, Device
from tools.sim.plant.battery import Battery
from tools.sim.plant.power_module import PowerModule

CONTROL, CONTROL_REPLY = 0x068181FE, 0x0681817E
TELEMETRY, TELEMETRY_REPLY = 0x068182FE, 0x0681827E
TERMINALS, STATE, HEARTBEAT = 0x00433F01, 0x00473F01, 0x18FF50E5
ON, OFF = "01 32 00 00 00 00 00 00", "01 32 00 01 00 00 00 00"
SET_84_V, SET_90_A = "01 00 00 00 00 01 50 00", "01 03 00 00 00 00 0A B9"


class Rig:
    """The module, its master, and what is at its terminals."""

    def __init__(self):
        self.now_ms = 0.0
        self.bus = CanBus()
        self.at_gun = (77.15, 1.85)
        self.module = PowerModule(self.bus, lambda: self.now_ms, lambda: self.at_gun)
        self.battery = None
        self.frames = []
        self.master = Device(self.bus, lambda: True, self.frames.append)

    def run(self, ms, step_ms=5):
        end_ms = self.now_ms + ms
        while self.now_ms < end_ms:
            self.now_ms += step_ms
            self.module.step(step_ms / 1000, self.battery)
            self.bus.advance(self.now_ms)
            self.module.advance(self.now_ms)
        return self

    def request(self, text, group=CONTROL):
        """The answer to a request, at once."""
        self.bus.advance(self.now_ms)
        self.frames.clear()
        self.master.send(group, bytes.fromhex(text), self.now_ms)
        self.run(5, 1)
        reply = CONTROL_REPLY if group == CONTROL else TELEMETRY_REPLY
        answers = [f.data for f in self.frames if f.id == reply]
        return answers[0].hex(" ").upper() if answers else None

    def value(self, function):
        answer = self.request(f"01 {function:02X} 00 00 00 00 00 00", TELEMETRY)
        return int(answer[12:].replace(" ", ""), 16)

    def last(self, id):
        return [f.data for f in self.frames if f.id == id][-1]

    def switch_on(self, volts=84.0, amps=90.0):
        self.request(f"01 00 00 00 {round(volts * 1024):08X}")
        self.request(f"01 03 00 00 {int(amps * 30.5):08X}")
        assert self.request(ON) == ON
        return self

    def connect(self, volts=76.38):
        self.battery = Battery(87.0, 90.0)
        self.battery.pinned_volts = volts
        self.battery.accepts_amps = 200.0
        return self


@pytest.fixture
def rig():
    return Rig()


@pytest.mark.parametrize(
    ("request_", "answer"), [(SET_84_V, SET_84_V), (SET_90_A, SET_90_A), (OFF, OFF), (ON, ON)]
)
def test_control_requests_are_confirmed(rig, request_, answer):
    assert rig.request(request_) == answer


def test_set_points_are_taken_in_their_scales(rig):
    rig.request(SET_84_V)
    rig.request(SET_90_A)
    assert rig.module.set_volts == 84.0
    assert rig.module.set_amps == pytest.approx(90.0, abs=0.04)


@pytest.mark.parametrize(
    ("text", "group"),
    [
        ("01 84 00 00 00 00 00 00", CONTROL),  # of the other group
        ("01 32 00 00 00 00 00 00", TELEMETRY),
        ("02 32 00 00 00 00 00 00", CONTROL),
        ("01 32 00 02 00 00 00 00", CONTROL),
        ("01 32 00", CONTROL),
        ("01 99 00 00 00 00 00 00", CONTROL),
    ],
)
def test_what_it_does_not_understand_is_not_answered(rig, text, group):
    assert rig.request(text, group) is None
    assert not rig.module.wanted_on


def test_telemetry(rig):
    rig.connect(77.15).switch_on(amps=1.85).run(200)
    assert rig.value(0x84) == round(77.15 * 1024)
    assert rig.value(0x82) == 18  # 56 counts are 1.836 A
    assert rig.value(0x80) == pytest.approx(26_500, abs=20)
    assert rig.value(0x79) == rig.value(0x83) == 0


def test_broadcasts_and_their_periods(rig):
    rig.run(5020)
    counts = {id: sum(f.id == id for f in rig.frames) for id in (TERMINALS, STATE, HEARTBEAT)}
    assert counts == {TERMINALS: 50, STATE: 10, HEARTBEAT: 5}
    assert rig.last(TERMINALS) == bytes.fromhex("42 9A 4C CD 3F EC CC CD")
    assert rig.last(STATE)[6:] == b"\x03\x01"
    assert rig.last(HEARTBEAT) == bytes.fromhex("03 04 00 12 00 00 00 00")


def test_current_rises_at_200_a_per_s_and_is_off_within_20_ms(rig):
    rig.connect().switch_on(amps=100)
    rig.run(100)
    assert 15 <= rig.module.amps <= 25
    rig.run(500)
    assert rig.module.amps == pytest.approx(100, abs=0.05)
    rig.run(500)
    assert rig.last(STATE)[6:] == b"\x03\x02"
    rig.master.send(CONTROL, bytes.fromhex(OFF), rig.now_ms)
    rig.run(20)
    assert rig.module.amps == 0 and not rig.module.on


def test_a_lower_set_point_is_followed_fast(rig):
    rig.connect().switch_on(amps=100).run(700)
    rig.request("01 03 00 00 00 00 00 3D")  # 2 A
    rig.run(60)
    assert rig.module.amps == pytest.approx(2, abs=0.01)


def test_set_points_are_clamped(rig):
    rig.connect().switch_on(volts=500, amps=500).run(1500)
    assert rig.module.amps == 120 and rig.module.set_volts == 100


def test_capacitor_follows_the_set_point_and_bleeds_slowly(rig):
    rig.switch_on(volts=76.38).run(300)
    assert rig.module.volts == pytest.approx(76.38, abs=0.001)
    rig.request(OFF)
    rig.run(1200)
    assert rig.module.volts > 60
    rig.run(400)
    assert rig.module.volts < 60
    rig.run(60_000, 50)
    assert rig.module.volts == 0 and rig.module.at_rest()


def test_without_requests_it_goes_off_and_stays_off(rig):
    rig.connect().switch_on().run(4900)
    assert rig.module.on
    rig.run(200)
    assert not rig.module.on and rig.module.silence_trips == 1
    rig.value(0x84)
    assert not rig.module.on
    rig.switch_on()
    assert rig.module.on


def test_telemetry_requests_keep_it_alive(rig):
    rig.switch_on()
    for _ in range(4):
        rig.run(3000)
        rig.value(0x84)
    assert rig.module.on


def test_fault_stops_it_tells_at_once_and_refuses_on(rig):
    rig.connect().switch_on().run(500)
    rig.frames.clear()
    rig.module.break_down(True)
    rig.run(20)
    assert not rig.module.on
    assert rig.last(HEARTBEAT)[4] == 1
    assert rig.request(ON) == OFF
    rig.module.break_down(False)
    rig.run(20)
    assert rig.last(HEARTBEAT)[4] == 0 and not rig.module.on
    assert rig.request(ON) == ON


def test_trips_when_hot_and_can_be_switched_on_when_cool(rig):
    rig.switch_on()
    rig.module.pinned_c = 84.9
    assert rig.run(20).module.on
    rig.module.pinned_c = 85.0
    rig.run(20)
    assert not rig.module.on and rig.last(HEARTBEAT)[4] == 2
    assert rig.request(ON) == OFF
    rig.module.pinned_c = 70.0
    rig.run(10)
    assert rig.request(ON) == ON and rig.module.heat_trips == 1


def test_warms_with_load_and_is_as_warm_as_the_air_without(rig):
    assert rig.run(5000).module.temperature_c == 26.5
    rig.connect().switch_on(amps=100)
    for _ in range(20):
        rig.run(3000)
        rig.value(0x80)
    assert 28 < rig.module.temperature_c < 32


def test_without_mains_it_is_silent_and_forgets(rig):
    rig.switch_on().run(100)
    rig.module.power(False)
    rig.frames.clear()
    assert rig.run(3000).frames == [] and not rig.module.on
    assert rig.request(ON) is None
    rig.module.power(True)
    rig.run(200)
    assert rig.frames and not rig.module.on and rig.module.set_volts == 0


def test_terminal_floats_are_big_endian_single_precision(rig):
    rig.at_gun = (76.38, 89.97)
    rig.run(200)
    assert struct.unpack(">ff", rig.last(TERMINALS)) == pytest.approx((76.38, 89.97), abs=1e-5)
