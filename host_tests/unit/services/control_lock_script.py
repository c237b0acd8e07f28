"""Run by MicroPython: the control loop's ticks with all inputs fitted, each under heap_lock.

Real drivers of contacts, sensors, contactor, button and lamp round the core and the plant of the
charging tests. Prints "ticks N sessions N faults NAME ..."; an allocation raises MemoryError.
"""

import micropython

from firmware.charging.faults import FAULTS
from firmware.charging.supervisor import NAME
from firmware.drivers.button import Button
from firmware.drivers.contactor import Contactor
from firmware.drivers.digital_input import DigitalInput
from firmware.drivers.lamp import Lamp
from firmware.drivers.thermistor import Thermistor, curve
from firmware.drivers.voltage_sense import VoltageSense
from firmware.services.control import Control
from host_tests.unit.charging.plant import TICK_MS, Plant

TICKS = 3_000


class Pin:
    """A level that can be read and written; the first rising edge interrupts."""

    IRQ_RISING, IRQ_FALLING = 1, 2

    def __init__(self, level: int = 0) -> None:
        self.level = level
        self.handler = None

    def irq(self, handler: object, trigger: int = 3) -> None:
        self.handler = handler

    def set(self, level: int) -> None:
        """Somebody moves the contact."""
        self.level = level
        if level and self.handler:
            self.handler(self)

    def __call__(self, level: "int | None" = None) -> "int | None":
        if level is None:
            return self.level
        self.level = level


class Adc:
    """A level that can be measured."""

    def __init__(self, uv: int) -> None:
        self.uv = uv

    def read_uv(self) -> int:
        return self.uv


class Module:
    """Takes what it is told."""

    def __init__(self) -> None:
        self.mv = 0
        self.on = False

    def set(self, mv: int, ma: int) -> None:
        self.mv = mv

    def enable(self, on: bool) -> None:
        self.on = on

    def flush(self) -> bool:
        self.on = False
        return True


class Bms:
    """Hears what the charger reports."""

    def __init__(self) -> None:
        self.mv = 0
        self.open = False

    def report(self, mv: int, ma: int, fault: int) -> None:
        self.mv = mv

    def session(self, open: bool) -> None:
        self.open = open


class Board:
    """Everything that can be fitted."""

    def __init__(self) -> None:
        self.pins = [Pin(0) for _ in range(4)]
        self.gun_pin, self.e_stop_pin, self.door_pin, self.earth_pin = self.pins
        self.gun = DigitalInput(self.gun_pin, True, 500, 20)
        self.e_stop = DigitalInput(self.e_stop_pin, False, 0, 500)
        self.door = DigitalInput(self.door_pin, False, 0, 500)
        self.earth_fault = DigitalInput(self.earth_pin, False, 0, 500)
        self.heat = Adc(1_650_000)
        self.volts = Adc(2_100_000)
        self.thermistor = Thermistor(self.heat, curve(10_000, 3950, 10_000))
        self.gun_sense = VoltageSense(self.volts, 100_000, 300, 2_700)
        self.coil = Pin()
        self.contactor = Contactor(self.coil, DigitalInput(self.coil, False), Pin())
        self.button = Button(Pin(1))
        self.lamp = Lamp(Pin())
        self.module = Module()
        self.bms = Bms()
        self.in_hand = False


class Clock:
    """Not asked for more than this."""

    pause_ms = 0

    def ticks(self) -> int:
        return 0


def strike(board: Board, turn: int, on: bool) -> None:
    """One input after the other goes wrong, and is well again."""
    if turn == 5:
        board.heat.uv = 240_000 if on else 1_650_000  # too hot
    elif turn == 4:
        board.heat.uv = 3_130_000 if on else 1_650_000  # open
    elif turn == 3:
        board.volts.uv = 142_000 if on else 2_100_000
    else:
        board.pins[turn + 1].set(1 if on else 0)


def main() -> None:
    board = Board()
    plant = Plant()
    core = plant.core
    control = Control(core, board, Clock())
    for contact in (board.e_stop, board.door, board.earth_fault):
        contact.watch(control._cut_off)
    ticks = sessions = number = 0
    seen = []

    def run(ms: int) -> None:
        nonlocal ticks
        for _ in range(ms // TICK_MS):
            plant._sense()
            micropython.heap_lock()
            try:
                control._stopping_input(TICK_MS)
                control.tick(TICK_MS)
            finally:
                micropython.heap_unlock()
            plant._act()
            ticks += 1
            while not core.events.empty():
                core.events.pop()
            fault = core.fault()
            if fault >= 0 and FAULTS[fault][NAME] not in seen:
                seen.append(FAULTS[fault][NAME])

    while ticks < TICKS:
        turn = number % 6
        board.gun_pin.level = 0
        run(2_000)
        core.authorize("TAG")
        run(200)
        sessions += core.start(number)
        run(6_000)
        strike(board, turn, True)
        run(3_000)
        strike(board, turn, False)
        run(3_000)
        board.gun_pin.level = 1
        run(1_000)
        core.supervisor.clear_latched()
        run(8_000)
        number += 1
    print("ticks", ticks, "sessions", sessions, "faults", " ".join(seen))


main()
