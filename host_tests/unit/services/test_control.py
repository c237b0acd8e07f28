"""The control loop: even ticks, outputs as the core wants them, a stop without delay."""

import asyncio

import pytest

from firmware.charging.faults import FAULTS
from firmware.charging.readings import UNKNOWN_TEMPERATURE
from firmware.charging.supervisor import NAME
from firmware.drivers.digital_input import DigitalInput
from firmware.drivers.thermistor import Thermistor, curve
from firmware.drivers.voltage_sense import VoltageSense
from firmware.services.control import Control
from host_tests.unit.charging.plant import Plant
from host_tests.unit.drivers.fakes import EdgePin
from host_tests.unit.services.link_bench import VirtualLoop


class Ticks:
    """`ticks` on the loop's time."""

    pause_ms = 0

    def ticks(self):
        return round(asyncio.get_running_loop().time() * 1000)


class Adc:
    """An analog input's level; None: the ADC says that its reading is invalid."""

    def __init__(self, uv):
        self.uv = uv

    def read_uv(self):
        if self.uv is None:
            raise OSError(5)
        return self.uv


class Contactor:
    """Follows its coil; remembers every change with its time."""

    def __init__(self):
        self.closed = False
        self.changes = []

    def command(self, closed):
        if closed != self.closed:
            self.changes.append((asyncio.get_running_loop().time(), closed))
        self.closed = closed

    def update(self, dt_ms):
        pass


class Module:
    """A power module that gives what it is told."""

    def __init__(self):
        self.on = False
        self.mv = self.ma = self.flushes = self.busy = 0

    def set(self, mv, ma):
        self.mv, self.ma = mv, ma

    def enable(self, on):
        self.on = on

    def flush(self):
        """`busy`: so often the frame before is still on the wire."""
        self.flushes += 1
        self.busy -= 1
        return self.busy < 0


class Rest:
    """Button, lamp and the reports to the BMS."""

    def __init__(self):
        self.pressed = False
        self.reports = []
        self.shown = ""

    def update(self, dt_ms):
        pass

    def take(self):
        pressed, self.pressed = self.pressed, False
        return pressed

    def show(self, state):
        self.shown = state

    def report(self, mv, ma, fault):
        self.reports.append((mv, ma, fault))


class Rig:
    """Core, board and loop; the vehicle and the battery are the plant's."""

    def __init__(self):
        self.plant = Plant()
        self.core = self.plant.core
        self.gun_pin, self.e_stop_pin = EdgePin(1), EdgePin(0)
        self.gun = DigitalInput(self.gun_pin, True, 500, 20)
        self.e_stop = DigitalInput(self.e_stop_pin, False, 0, 500)
        self.door_pin, self.earth_pin = EdgePin(0), EdgePin(0)
        self.door = DigitalInput(self.door_pin, False, 0, 500)
        self.earth_fault = DigitalInput(self.earth_pin, False, 0, 500)
        self.adcs = {"thermistor": Adc(1_650_000), "gun_sense": Adc(2_133_000)}
        self.thermistor = Thermistor(self.adcs["thermistor"], curve(10_000, 3950, 10_000))
        self.gun_sense = VoltageSense(self.adcs["gun_sense"], 100_000, 300, 2_700)
        self.contactor = Contactor()
        self.module = Module()
        self.button = self.lamp = self.bms = Rest()
        self.sensed_s = []
        self.in_hand = False

    def sense(self):
        """What CAN would bring."""
        plant = self.plant
        plant.module.on = self.module.on
        plant._sense()
        self.sensed_s.append(asyncio.get_running_loop().time())

    async def live(self, script):
        self.clock = Ticks()
        self.control = Control(self.core, self, self.clock)
        tick = self.core.tick
        self.ticks = []

        def counted(dt_ms):
            self.ticks.append((asyncio.get_running_loop().time(), dt_ms))
            tick(dt_ms)

        self.core.tick = counted
        task = asyncio.create_task(self.control.run())

        async def bring():
            while True:
                self.sense()
                await asyncio.sleep(0.01)

        bringer = asyncio.create_task(bring())
        await script(self)
        for other in (task, bringer):
            assert not other.done(), other.exception()
            other.cancel()

    async def charge(self):
        self.gun_pin.level = 0
        await asyncio.sleep(1.5)
        assert self.core.authorize("TAG")
        await asyncio.sleep(0.2)
        assert self.core.start(1)
        await asyncio.sleep(10)
        assert self.contactor.closed and self.module.on and self.module.ma > 80_000


def play(script, change=None):
    """Run a script; `change` makes it another board first."""
    rig = Rig()
    if change:
        change(rig)
    loop = VirtualLoop()
    try:
        loop.run_until_complete(rig.live(script))
    finally:
        loop.close()
    return rig


def test_ticks_are_even_and_told_their_time():
    async def script(rig):
        await asyncio.sleep(10)

    rig = play(script)
    assert len(rig.ticks) == pytest.approx(200, abs=2)
    assert {dt for _, dt in rig.ticks[1:]} <= {40, 50, 60}
    assert sum(dt for _, dt in rig.ticks) == pytest.approx(10_000, abs=60)
    assert rig.control.turns == len(rig.ticks)
    assert rig.control.tick_max_ms <= 60


def test_a_loop_that_was_held_up_ticks_once_for_all_of_it():
    async def script(rig):
        await asyncio.sleep(1)
        rig.ticks.clear()
        asyncio.get_running_loop().now_s += 3  # somebody blocked everything
        await asyncio.sleep(0.12)

    rig = play(script)
    assert rig.ticks[0][1] >= 3000
    assert [dt for _, dt in rig.ticks[1:]] in ([50, 50], [50])
    assert rig.control.tick_max_ms >= 3000


def test_a_session_closes_the_contactor_and_sets_the_module():
    async def script(rig):
        await rig.charge()
        assert rig.lamp.shown == "Charging"
        assert rig.bms.reports[-1][1] > 80_000
        rig.core.stop("Local")
        await asyncio.sleep(3)

    rig = play(script)
    assert not rig.contactor.closed and not rig.module.on
    assert rig.module.flushes, "what is off is told so at once"
    assert [closed for _, closed in rig.contactor.changes] == [True, False]


STOPS = [("e_stop_pin", 1, 20), ("gun_pin", 1, 60), ("door_pin", 1, 20), ("earth_pin", 1, 20)]


@pytest.mark.parametrize("pin, level, limit_ms", STOPS)
@pytest.mark.parametrize("phase_ms", range(0, 50, 7))
def test_stopping_inputs_act_at_once_in_every_phase(pin, level, limit_ms, phase_ms):
    async def script(rig):
        await rig.charge()
        await asyncio.sleep(phase_ms / 1000)
        rig.at_s = asyncio.get_running_loop().time()
        getattr(rig, pin).level = level
        await asyncio.sleep(0.2)

    rig = play(script)
    assert not rig.contactor.closed and not rig.module.on
    assert (rig.contactor.changes[-1][0] - rig.at_s) * 1000 <= limit_ms


CONTACTS = ["e_stop_pin", "door_pin", "earth_pin"]


@pytest.mark.parametrize("pin", CONTACTS)
@pytest.mark.parametrize("pressed_ms", [1, 300])
def test_a_contact_switches_off_while_something_else_holds_up_the_loop(pin, pressed_ms):
    async def script(rig):
        await rig.charge()
        getattr(rig, pin).set(1)
        assert not rig.contactor.closed and not rig.module.on, "before the loop runs again"
        asyncio.get_running_loop().now_s += pressed_ms / 1000
        if pressed_ms == 1:
            getattr(rig, pin).set(0)
        await asyncio.sleep(1)
        assert rig.core.session.reason in ("EmergencyStop", "Other")

    rig = play(script)
    assert [closed for _, closed in rig.contactor.changes] == [True, False], "and stays off"
    assert not rig.module.on


@pytest.mark.parametrize("pin", CONTACTS)
def test_what_a_tick_decided_without_a_contact_does_not_last(pin):
    async def script(rig):
        await rig.charge()
        decide = rig.core.tick

        def pressed_meanwhile(dt_ms):
            decide(dt_ms)
            getattr(rig, pin).set(1)
            getattr(rig, pin).set(0)
            rig.core.tick = decide
            at_drivers.append(rig.module.on)  # a driver may be half-way in a frame

        at_drivers = []
        rig.core.tick = pressed_meanwhile
        await asyncio.sleep(0.05)
        assert at_drivers == [True]
        assert not rig.contactor.closed and not rig.module.on
        await asyncio.sleep(1)
        assert not rig.core.session.open

    rig = play(script)
    # Within that tick it closes again, for less time than a coil notices.
    changes = rig.contactor.changes[1:]
    assert changes[-1][1] is False
    assert changes[-1][0] == changes[0][0]


def test_an_interrupt_leaves_the_drivers_alone_while_a_loop_is_at_them():
    async def script(rig):
        await rig.charge()
        flushes = rig.module.flushes
        rig.in_hand = True  # the field bus's loop, say
        rig.e_stop_pin.set(1)
        assert not rig.contactor.closed
        assert rig.module.on and rig.module.flushes == flushes
        rig.in_hand = False
        await asyncio.sleep(0.015)
        assert not rig.module.on

    play(script)


@pytest.mark.parametrize("busy", [0, 1, 4])
def test_the_module_is_told_before_anything_else_runs_though_the_bus_is_busy(busy):
    """The frame before is still on its way, and a write to flash would come next."""

    async def script(rig):
        await rig.charge()
        rig.in_hand = True  # so the interrupt leaves it to the tick
        rig.e_stop_pin.set(1)
        rig.in_hand = False
        rig.module.busy = busy
        before = rig.module.flushes
        await asyncio.sleep(0.011)
        assert rig.module.flushes == before + busy + 1

    play(script)


def test_a_dead_bus_does_not_hold_up_the_loop():
    async def script(rig):
        await rig.charge()
        rig.module.busy = 10_000
        flushes, ticks = rig.module.flushes, len(rig.ticks)
        rig.e_stop_pin.set(1)
        await asyncio.sleep(1)
        assert len(rig.ticks) >= ticks + 20
        assert rig.module.flushes - flushes <= 5 * (len(rig.ticks) - ticks + 1)
        assert not rig.core.session.open

    play(script)


def test_a_bus_that_fails_in_an_interrupt_is_the_loops_to_tell():
    async def script(rig):
        await rig.charge()
        flush = rig.module.flush

        def fails():
            rig.module.flush = flush
            raise OSError(5)

        rig.module.flush = fails
        rig.e_stop_pin.set(1)
        assert not rig.contactor.closed
        flushes = rig.module.flushes
        await asyncio.sleep(0.015)
        assert rig.module.flushes > flushes

    play(script)


@pytest.mark.parametrize("board", ["all fitted", "bare"])
def test_fitted_inputs_reach_the_core_and_others_are_unknown(board):
    def bare(rig):
        rig.door = rig.earth_fault = rig.thermistor = rig.gun_sense = None

    async def script(rig):
        rig.door_pin.level = 1
        rig.adcs["thermistor"].uv = 800_000
        rig.adcs["gun_sense"].uv = 2_220_000
        await asyncio.sleep(3)

    core = play(script, bare if board == "bare" else None).core
    if board == "bare":
        assert (core.door_open, core.earth_fault) == (False, False)
        assert (core.gun_c10, core.gun_mv) == (UNKNOWN_TEMPERATURE, -1)
    else:
        assert (core.door_open, core.earth_fault) == (True, False)
        assert core.gun_c10 == pytest.approx(540, abs=10)
        assert core.gun_mv == pytest.approx(80_000, abs=100)
    assert not core.gun_sensor_bad


@pytest.mark.parametrize("sensor", ["thermistor", "gun_sense"])
@pytest.mark.parametrize("uv", [0, 142_000, 3_130_000, None])
def test_a_sensor_that_makes_no_sense_stops_a_session(sensor, uv):
    async def script(rig):
        await rig.charge()
        good_uv = rig.adcs[sensor].uv
        rig.adcs[sensor].uv = uv
        await asyncio.sleep(1)
        assert not rig.contactor.closed and not rig.module.on
        assert FAULTS[rig.core.fault()][NAME] == "GunSensor"
        rig.adcs[sensor].uv = good_uv
        await asyncio.sleep(8)
        assert rig.core.fault() < 0

    play(script)


def test_one_spoilt_sample_of_a_sensor_is_nothing():
    async def script(rig):
        await rig.charge()
        for _ in range(5):
            rig.adcs["thermistor"].uv = 0
            await asyncio.sleep(0.05)
            rig.adcs["thermistor"].uv = 1_650_000
            await asyncio.sleep(1)
            assert rig.core.gun_c10 == pytest.approx(250, abs=2)
        assert rig.contactor.closed

    play(script)


def test_a_loop_that_stood_still_under_power_stops_the_session():
    async def script(rig):
        await rig.charge()
        asyncio.get_running_loop().now_s += 1.1
        await asyncio.sleep(0.03)
        assert not rig.module.on
        assert FAULTS[rig.core.fault()][NAME] == "ControlStalled"

    play(script)


@pytest.mark.parametrize(("stood_still_s", "goes_on"), [(1.9, True), (2.1, False)])
def test_a_pause_that_was_announced_stops_nothing_up_to_its_length(stood_still_s, goes_on):
    async def script(rig):
        await rig.charge()
        rig.clock.pause_ms = 1000
        asyncio.get_running_loop().now_s += stood_still_s
        await asyncio.sleep(0.03)
        assert rig.module.on == goes_on
        rig.clock.pause_ms = 0
        await asyncio.sleep(0.5)
        assert rig.module.on == goes_on
        asyncio.get_running_loop().now_s += 1.1
        await asyncio.sleep(0.03)
        assert not rig.module.on

    play(script)


def test_the_gun_must_be_in_for_half_a_second():
    async def script(rig):
        rig.gun_pin.level = 0
        await asyncio.sleep(0.4)
        rig.gun_pin.level = 1
        await asyncio.sleep(0.1)
        assert not rig.core.gun
        rig.gun_pin.level = 0
        await asyncio.sleep(0.7)
        assert rig.core.gun

    play(script)


def test_the_next_vehicle_is_another_one():
    async def script(rig):
        rig.gun_pin.level = 0
        await asyncio.sleep(1)
        assert rig.core.bms.soc_c100 == 8700
        rig.plant.bms_on = False
        rig.gun_pin.level = 1
        await asyncio.sleep(0.2)
        assert rig.core.bms.soc_c100 == -1

    play(script)


def test_a_press_of_the_button_waits_for_whom_it_concerns():
    async def script(rig):
        rig.button.pressed = True
        await asyncio.sleep(0.1)
        assert rig.control.button_pressed
        await asyncio.sleep(0.1)
        assert rig.control.button_pressed

    play(script)


def test_safe_switches_everything_off_at_once():
    async def script(rig):
        await rig.charge()
        rig.control.safe()
        assert not rig.contactor.closed and not rig.module.on

    play(script)
