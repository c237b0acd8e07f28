"""Run on MicroPython: `set`, `enable` and `flush` of every power driver under a locked heap."""

import sys

import micropython

from firmware.charging.readings import ModuleReading
from firmware.drivers.power import rivot
from firmware.drivers.power.analog import Analog
from host_tests.unit.drivers.fakes import Can
from host_tests.unit.drivers.power.cases import DRIVERS, Alone


class Output:
    def duty_u16(self, duty):
        pass


class Input:
    def read_uv(self):
        return 1_000_000


def pin(level):
    pass


def analog():
    """The driver on pins that do nothing."""
    wire = (Output(), Output(), pin, Input(), Input())
    senses = ((300, 2_700), (300, 2_700))
    limits = (90_000, 100_000, 40_000)
    return Analog(wire, ModuleReading(), (100_000, 120_000), (0, 0), senses, limits)


def ticks(driver, count):
    """What the control tick does with it, set points of every size."""
    for step in range(count):
        on = step % 7 != 0
        driver.set(step % 90 * 1_000, step % 100 * 1_000 + step)
        driver.enable(on)
        if not on:
            driver.flush()


def verdict(driver):
    """ "ok", or what went wrong."""
    ticks(driver, 20)
    micropython.heap_lock()
    try:
        ticks(driver, 500)
    except MemoryError as error:
        micropython.heap_unlock()
        sys.print_exception(error)
        return "allocates"
    micropython.heap_unlock()
    return "ok"


quiet = Can()
quiet.keep = False
quiet.set_filters = lambda filters: None
print("rivot", verdict(rivot.RivotModule(quiet, ModuleReading())))
print("analog", verdict(analog()))
for name in DRIVERS:
    rig = Alone(name)
    rig.can.keep = False
    print(name, verdict(rig.driver))
    rig.can.free = False
    print(name, verdict(rig.driver))
