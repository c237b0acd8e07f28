"""Debounced inputs, button, contactor and lamp."""

import pytest

from firmware.charging.connector import STATES
from firmware.charging.readings import STALE_MS
from firmware.drivers.button import Button
from firmware.drivers.contactor import Contactor
from firmware.drivers.digital_input import DigitalInput
from firmware.drivers.lamp import Lamp
from host_tests.unit.drivers.fakes import EdgePin, Pin


def follow(input, pin, levels, dt_ms=50):
    """`active` after each sample, as text of 0 and 1."""
    result = ""
    for level in levels:
        pin.level = int(level)
        input.update(dt_ms)
        result += "1" if input.active else "0"
    return result


@pytest.mark.parametrize(
    ("active_low", "times", "levels", "active"),
    [
        # gun: in after 500 ms, out at once
        (True, (500, 0), "1" + "0" * 11 + "1", "0" + "0" * 10 + "1" + "0"),
        (True, (500, 0), "1" + "0" * 10 + "1" + "0" * 11, "0" + "0" * 10 + "0" + "0" * 10 + "1"),
        (True, (0, 50), "0100110", "1111101"),  # one odd sample is not believed
        # E-stop, normally closed to ground: pressed at once, released after 500 ms
        (False, (0, 500), "01" + "0" * 11, "01" + "1" * 10 + "0"),
        (False, (0, 500), "0100100000", "0111111111"),
        (True, (0, 0), "10110", "01001"),  # feedback: as it is
    ],
)
def test_debounce(active_low, times, levels, active):
    pin = Pin(int(levels[0]))
    input = DigitalInput(pin, active_low, *times)
    assert follow(input, pin, levels) == active


@pytest.mark.parametrize(("level", "active_low"), [(0, True), (1, False)])
def test_input_that_is_active_at_power_up_did_not_change(level, active_low):
    input = DigitalInput(Pin(level), active_low, 500, 500)
    assert input.active
    input.update(50)
    assert not input.changed


@pytest.mark.parametrize("active_low", [True, False])
def test_an_edge_cuts_at_once_and_is_active_at_the_next_sample_however_short(active_low):
    on, off = (0, 1) if active_low else (1, 0)
    pin = EdgePin(off)
    input = DigitalInput(pin, active_low, 0, 500)
    cuts = []
    input.watch(lambda: cuts.append(pin.level))
    input.update(10)
    assert not input.active and not cuts
    pin.set(on)
    assert cuts == [on] and not input.active
    pin.set(off)
    input.update(10)
    assert (input.active, input.changed) == (True, True)
    input.update(10)
    assert (input.active, input.changed) == (True, False)
    assert follow(input, pin, str(off) * 12) == "1" * 10 + "00"
    pin.set(on)
    assert cuts == [on, on]


def test_noise_interrupts_once_a_sample():
    pin = EdgePin(0)
    input = DigitalInput(pin, False, 0, 500)
    cuts = []
    input.watch(lambda: cuts.append(1))
    for _ in range(10):
        for _ in range(1000):
            pin.set(1)
            pin.set(0)
        input.update(10)
    assert pin.edges == len(cuts) == 10
    assert input.active


def test_a_spike_that_is_over_when_the_interpreter_has_time_cuts_nothing():
    pin = EdgePin(0)
    input = DigitalInput(pin, False, 0, 500)
    input.watch(lambda: pytest.fail("cut"))
    pin.handler(pin)
    input.update(10)
    assert not input.active and pin.handler


def test_changed_is_true_for_one_update():
    pin = Pin(1)
    input = DigitalInput(pin)
    changes = []
    for level in (1, 0, 0, 1):
        pin.level = level
        input.update(50)
        changes.append(input.changed)
    assert changes == [False, True, False, True]
    pin.level = 0
    assert input.raw() and not input.active


def test_button_tells_a_press_once():
    pin = Pin(1)
    button = Button(pin)
    taken = []
    for level in (1, 0, 1, 0, 0, 0, 0, 1, 0, 1, 1, 1, 0, 0):  # with bounces
        pin.level = level
        button.update(50)
        taken.append(button.take())
    assert [i for i, pressed in enumerate(taken) if pressed] == [4, 13]
    active_high = Button(pin, False)
    for pin.level in (0, 1, 1):
        active_high.update(50)
    assert active_high.take()


def test_button_keeps_a_press_until_it_is_taken():
    pin = Pin(1)
    button = Button(pin)
    for level in (1, 0, 0, 0, 1, 1):
        pin.level = level
        button.update(10)
    assert button.pressed and button.take() and not button.take()


def test_button_held_at_power_up_is_no_press():
    button = Button(Pin(0))
    for _ in range(10):
        button.update(50)
    assert not button.take()


class ContactorRig:
    """Contactor on pins; the auxiliary contact is set by hand."""

    def __init__(self):
        self.coil, self.pump, self.contact = Pin(1), Pin(1), Pin(1)
        self.contactor = Contactor(self.coil, DigitalInput(self.contact), self.pump)


def test_contactor_is_open_from_the_start():
    rig = ContactorRig()
    assert (rig.coil.level, rig.pump.level) == (0, 0)
    assert not rig.contactor.commanded


def test_contactor_closes_and_opens_at_once():
    rig = ContactorRig()
    rig.contactor.command(True)
    assert rig.coil.level == 1 and not rig.contactor.closed
    rig.contact.level = 0
    rig.contactor.update(50)
    assert rig.contactor.closed
    rig.contactor.command(False)
    assert (rig.coil.level, rig.pump.level) == (0, 0)


def test_charge_pump_runs_only_while_closed():
    rig = ContactorRig()
    levels = []
    for closed in (False, False, True, True, True, True, False, False):
        rig.contactor.command(closed)
        rig.contactor.update(50)
        levels.append(rig.pump.level)
    assert levels[:2] == [0, 0] and levels[6:] == [0, 0]
    assert [abs(a - b) for a, b in zip(levels[2:], levels[3:6], strict=False)] == [1, 1, 1]


def test_contactor_without_charge_pump():
    coil = Pin()
    contactor = Contactor(coil, DigitalInput(Pin(1)))
    contactor.command(True)
    contactor.update(50)
    assert coil.level == 1


def test_disagreement_is_timed():
    rig = ContactorRig()
    rig.contactor.update(50)
    assert rig.contactor.disagree_ms == 0
    rig.contact.level = 0  # welded
    for _ in range(4):
        rig.contactor.update(50)
    assert rig.contactor.disagree_ms == 200
    rig.contactor.update(STALE_MS - 1)
    rig.contactor.update(50)
    assert rig.contactor.disagree_ms == STALE_MS
    rig.contact.level = 1
    rig.contactor.update(50)
    assert rig.contactor.disagree_ms == 0


def play(lamp, pin, ms, dt_ms=25):
    """The lamp's level every `dt_ms`."""
    levels = []
    for _ in range(ms // dt_ms):
        lamp.update(dt_ms)
        levels.append(pin.level)
    return levels


@pytest.mark.parametrize(
    ("state", "edges", "lit"),  # rising edges in 10 s, share of time lit
    [
        ("Available", 1, 1.0),
        ("Preparing", 5, 0.5),
        ("Charging", 10, 0.5),
        ("SuspendedEV", 5, 0.25),
        ("SuspendedEVSE", 5, 0.25),
        ("Finishing", 5, 0.75),
        ("Reserved", 10, 0.125),
        ("Unavailable", 0, 0.0),
        ("Faulted", 40, 0.5),
    ],
)
def test_lamp_patterns(state, edges, lit):
    pin = Pin(1)
    lamp = Lamp(pin)
    assert pin.level == 0
    lamp.show(state)
    levels = play(lamp, pin, 10_000)
    assert sum(b > a for a, b in zip([0, *levels], levels, strict=False)) == edges
    assert sum(levels) / len(levels) == lit


def test_every_state_has_a_pattern_and_the_pin_is_written_on_change_only():
    pin = Pin()
    lamp = Lamp(pin)
    for state in STATES:
        lamp.show(state)
    lamp.show("Charging")
    before = pin.writes
    for _ in range(40):
        lamp.show("Charging")  # every tick, as the control loop does
        lamp.update(50)
    assert pin.writes - before == 4
