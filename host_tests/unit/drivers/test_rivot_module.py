"""The Rivot power module's driver: frames to the byte, and when it sends what."""

import struct

import pytest

from firmware.charging.readings import (
    FAULT_MODULE,
    FAULT_OVER_TEMPERATURE,
    FAULT_STAYS_ON,
    STALE_MS,
    UNKNOWN_TEMPERATURE,
    ModuleReading,
)
from firmware.drivers.can import Frame
from firmware.drivers.power.rivot import FILTERS, RivotModule
from host_tests.unit.drivers.fakes import Can

CONTROL, CONTROL_REPLY = 0x068181FE, 0x0681817E
TELEMETRY, TELEMETRY_REPLY = 0x068182FE, 0x0681827E
TERMINALS, STATE, HEARTBEAT = 0x00433F01, 0x00473F01, 0x18FF50E5
ON, OFF = "0132000000000000", "0132000100000000"
ZERO_V, ZERO_A = "0100000000000000", "0103000000000000"


class Rig:
    """The driver on a bus that takes everything; `step` is one poll."""

    def __init__(self, **scales):
        self.can = Can()
        self.reading = ModuleReading()
        self.module = RivotModule(self.can, self.reading, **scales)

    def hear(self, id, text, ext=True):
        frame = Frame()
        frame.id, frame.ext = id, ext
        data = bytes.fromhex(text)
        frame.len = len(data)
        frame.data[: len(data)] = data
        return self.module.on_frame(frame)

    def step(self, dt_ms=10):
        self.module.poll(dt_ms)
        return self.can.take()

    def run(self, ms, dt_ms=10):
        """What was sent in `ms`, as (at, id, data)."""
        sent = []
        for at in range(dt_ms, ms + dt_ms, dt_ms):
            sent += [(at, id, data) for id, data in self.step(dt_ms)]
        return sent

    def broadcast(self):
        self.hear(TERMINALS, "429A4CCD3FECCCCD")
        self.hear(STATE, "0000000000000301")
        self.hear(HEARTBEAT, "0000000000000000")

    def settle(self):
        """Present, confirmed off, set points sent, nothing due for a while."""
        self.broadcast()
        self.step()
        self.hear(CONTROL_REPLY, OFF)
        self.run(250)


@pytest.fixture
def rig():
    return Rig()


# ---- what is sent ----


@pytest.mark.parametrize(
    ("voltage_mv", "current_ma", "voltage", "current"),
    [
        (84_000, 90_000, "0100000000015000", "0103000000000AB9"),  # the hardware notes' examples
        (76_380, 1_850, "0100000000013185", "0103000000000038"),
        (85_500, 100_000, "0100000000015600", "0103000000000BEA"),
        (1, 32, "0100000000000001", "0103000000000000"),
        (2_000_000, 2_000_000, "01000000000FA000", "0103000000007724"),  # clamped to 1 kV, 1 kA
        (-5, -5, ZERO_V, ZERO_A),
    ],
)
def test_set_points(rig, voltage_mv, current_ma, voltage, current):
    rig.module.set(voltage_mv, current_ma)
    assert rig.step() == [(CONTROL, OFF), (CONTROL, voltage), (CONTROL, current)]


def test_other_scales():
    rig = Rig(voltage_scale=1000, current_scale_x10=200)
    rig.module.set(84_000, 90_000)
    assert [data[8:] for _, data in rig.step()][1:] == ["00014820", "00000708"]


def test_off_is_the_first_frame_and_repeated_until_confirmed(rig):
    sent = rig.run(1000)
    assert sent[0][1:] == (CONTROL, OFF)
    times = [at for at, _, data in sent if data == OFF]
    assert max(b - a for a, b in zip(times, times[1:], strict=False)) <= 100
    assert all(data != ON for _, _, data in sent)
    rig.broadcast()
    rig.hear(CONTROL_REPLY, OFF)
    assert len([1 for _, _, data in rig.run(1000) if data == OFF]) <= 1


def test_rounds_of_control_and_telemetry(rig):
    rig.settle()
    turns = []
    for _ in range(24):
        rig.broadcast()
        sent = rig.run(250)
        assert len(sent) == 1
        turns.append((sent[0][1], sent[0][2][2:4]))
    control = [function for id, function in turns if id == CONTROL]
    telemetry = [function for id, function in turns if id == TELEMETRY]
    assert len(control) == len(telemetry) == 12
    assert control == (control[:3] * 4) and set(control) == {"32", "00", "03"}
    assert telemetry == (telemetry[:4] * 3) and sorted(telemetry[:4]) == ["80", "82", "84", "84"]


def test_on_follows_the_set_points_and_is_repeated_until_confirmed(rig):
    rig.settle()
    rig.module.set(76_380, 1_000)
    rig.module.enable(True)
    sent = rig.step()
    assert [data[2:4] for _, data in sent] == ["00", "03", "32"]
    assert sent[-1] == (CONTROL, ON)
    assert len([1 for _, _, data in rig.run(450) if data == ON]) == 4
    rig.hear(CONTROL_REPLY, ON)
    assert rig.reading.on
    rig.broadcast()
    assert len([1 for _, _, data in rig.run(450) if data == ON]) <= 1


def test_off_goes_at_once_and_before_all_else(rig):
    rig.settle()
    rig.module.set(80_000, 50_000)
    rig.module.enable(True)
    rig.step()
    rig.hear(CONTROL_REPLY, ON)
    rig.module.enable(False)
    rig.module.set(0, 0)
    assert rig.module.flush()
    assert rig.can.take() == [(CONTROL, OFF)]
    assert rig.module.flush()  # not twice
    assert rig.step() == [(CONTROL, ZERO_V), (CONTROL, ZERO_A)]
    assert (CONTROL, OFF) in [(id, data) for _, id, data in rig.run(100)]


def test_flush_never_switches_on(rig):
    rig.settle()
    rig.module.enable(True)
    assert rig.module.flush()
    assert rig.can.take() == []


def test_rising_set_points_are_spread_and_falling_ones_are_not(rig):
    rig.settle()
    rig.run(200)
    times = []
    for tick in range(20):  # 1 s of a ramp of 20 A/s at 50 ms a tick
        rig.module.set(0, 1_000 * tick)
        times += [tick * 50 + at for at, _, data in rig.run(50) if data[2:4] == "03"]
    assert 8 <= len(times) <= 12
    rig.module.set(0, 20_000)
    rig.step()
    rig.module.set(0, 10_000)
    assert rig.step() == [(CONTROL, "0103000000000131")]


def test_a_busy_bus_loses_nothing(rig):
    rig.settle()
    rig.can.free = False
    rig.module.set(80_000, 10_000)
    rig.module.enable(True)
    assert rig.run(500) == []
    rig.can.free = True
    assert [data[2:4] for _, data in rig.step()][:3] == ["00", "03", "32"]
    rig.module.enable(False)
    rig.can.free = False
    assert not rig.module.flush()
    rig.can.free = True
    assert rig.module.flush()
    assert rig.can.take() == [(CONTROL, OFF)]


def test_one_frame_a_poll_where_the_controller_has_one_buffer(rig):
    send = rig.can.send
    room = [0]

    def one_at_a_time(id, data, ext=True):
        room[0] -= 1
        return room[0] >= 0 and send(id, data, ext)

    rig.can.send = one_at_a_time
    rig.module.set(80_000, 10_000)
    order = []
    for _ in range(4):
        room[0] = 1
        order += [data[2:4] for _, data in rig.step(5)]
    assert order == ["32", "00", "03"]


# ---- what is heard ----


def test_filters_let_its_frames_through():
    heard = (CONTROL_REPLY, TELEMETRY_REPLY, TERMINALS, STATE, HEARTBEAT)
    assert [(id, 0x1FFFFFFF, True) for id in heard] == list(FILTERS)


def test_terminals_example(rig):
    rig.reading.age_ms = 900
    assert rig.hear(TERMINALS, "429A4CCD3FECCCCD")
    assert (rig.reading.terminal_mv, rig.reading.terminal_ma) == (77_150, 1_850)
    assert rig.reading.age_ms == 0


@pytest.mark.parametrize(
    ("volts", "amps", "mv", "ma"),
    [(0.0, -0.25, 0, -250), (-0.004, 100.0, -4, 100_000), (85.4996, 0.0004, 85_500, 0)],
)
def test_terminals_are_rounded(rig, volts, amps, mv, ma):
    assert rig.hear(TERMINALS, struct.pack(">ff", volts, amps).hex())
    assert (rig.reading.terminal_mv, rig.reading.terminal_ma) == (mv, ma)


@pytest.mark.parametrize("bad", ["7FC00000", "7F800000", "FF800000", "447A0000", "C47A0000"])
def test_terminals_that_make_no_sense_change_nothing(rig, bad):
    rig.hear(TERMINALS, "429A4CCD3FECCCCD")
    rig.reading.age_ms = 700
    assert not rig.hear(TERMINALS, bad + "3FECCCCD")
    assert not rig.hear(TERMINALS, "429A4CCD" + bad)
    assert (rig.reading.terminal_mv, rig.reading.age_ms) == (77_150, 700)


def test_telemetry(rig):
    assert rig.hear(TELEMETRY_REPLY, "0184000000013485")
    assert rig.reading.output_mv == 77_129  # 78981 / 1024 V
    assert rig.reading.output_age_ms == 0
    assert rig.reading.age_ms == STALE_MS  # only the terminals make the reading young
    assert rig.hear(TELEMETRY_REPLY, "0182000000000384")
    assert rig.reading.output_ma == 90_000
    assert rig.reading.temperature_c10 == UNKNOWN_TEMPERATURE
    assert rig.hear(TELEMETRY_REPLY, "0180000000006784")
    assert rig.reading.temperature_c10 == 265
    assert rig.hear(TELEMETRY_REPLY, "0180000000011170")
    assert rig.reading.temperature_c10 == 700


@pytest.mark.parametrize(
    ("id", "text", "ext"),
    [
        (CONTROL, OFF, True),  # somebody else's request
        (CONTROL_REPLY, OFF, False),
        (CONTROL_REPLY, "01320001000000", True),  # short
        (CONTROL_REPLY, "0232000000000000", True),
        (CONTROL_REPLY, "0132000200000000", True),  # neither on nor off
        (TELEMETRY_REPLY, "0284000000013485", True),
        (0x00433F02, "429A4CCD3FECCCCD", True),
    ],
)
def test_frames_that_are_not_taken(rig, id, text, ext):
    before = dict(vars(rig.reading))
    assert not rig.hear(id, text, ext)
    assert vars(rig.reading) == before


def test_online_needs_two_of_three_broadcasts(rig):
    assert not rig.module.online
    rig.hear(TERMINALS, "429A4CCD3FECCCCD")
    assert not rig.module.online
    rig.hear(STATE, "0000000000000301")
    assert rig.module.online
    rig.module.poll(2000)
    rig.hear(HEARTBEAT, "0000000000000000")
    rig.module.poll(999)
    assert rig.module.online
    rig.module.poll(1)  # two are 3 s old now
    assert not rig.module.online
    rig.hear(STATE, "0000000000000302")
    assert rig.module.online


@pytest.mark.parametrize(
    ("flags", "fault"),
    [(0, 0), (1, FAULT_MODULE), (2, FAULT_OVER_TEMPERATURE), (3, 3), (0x1C, 0)],
)
def test_heartbeat_faults(rig, flags, fault):
    rig.hear(HEARTBEAT, "0000000003000000")
    assert rig.hear(HEARTBEAT, "00000000%02X000000" % flags)
    assert rig.reading.fault == fault


def test_module_that_stays_on(rig):
    rig.settle()
    rig.run(1000)
    assert rig.hear(STATE, "0000000000000302")
    assert rig.reading.on
    assert (CONTROL, OFF) in rig.step()  # told again, without waiting for the turn
    assert rig.reading.fault == FAULT_STAYS_ON
    rig.hear(HEARTBEAT, "0000000001000000")
    assert rig.reading.fault == FAULT_STAYS_ON | FAULT_MODULE
    rig.hear(CONTROL_REPLY, OFF)
    rig.step()
    assert not rig.reading.on
    assert rig.reading.fault == FAULT_MODULE


def test_switching_off_has_a_second_before_it_counts_as_a_fault(rig):
    rig.settle()
    rig.module.enable(True)
    rig.hear(CONTROL_REPLY, ON)
    rig.module.enable(False)
    rig.run(1000)
    assert rig.reading.fault == 0
    rig.step()
    assert rig.reading.fault == FAULT_STAYS_ON


def test_module_that_was_away_is_told_off_again(rig):
    rig.settle()
    rig.run(4000)
    assert not rig.module.online
    assert len([1 for _, _, data in rig.run(500) if data == OFF]) >= 4


def test_late_answer_to_the_command_before_confirms_nothing(rig):
    rig.settle()
    rig.module.enable(True)
    rig.step()
    rig.hear(CONTROL_REPLY, OFF)  # answers an older off
    assert len([1 for _, _, data in rig.run(200) if data == ON]) == 2
