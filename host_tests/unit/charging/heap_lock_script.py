"""Run by MicroPython: 10,000 ticks of sessions with faults, each under heap_lock.

Prints "ticks N sessions N faults N"; an allocation raises MemoryError in the tick that made it.
"""

import micropython

from host_tests.unit.charging.plant import Plant

TICKS = 10_000


class LockedCore:
    """Stands before the core and locks the heap while it ticks."""

    def __init__(self, core: object) -> None:
        self.core = core
        self.ticks = 0
        self._tick = core.tick

    def tick(self, dt_ms: int) -> None:
        tick = self._tick
        micropython.heap_lock()
        try:
            tick(dt_ms)
        finally:
            micropython.heap_unlock()
        self.ticks += 1


def trouble(plant: Plant, number: int, on: bool) -> None:
    """The number-th kind of trouble, begun or ended."""
    if number == 0:
        plant.core.e_stop = on
    elif number == 1:
        plant.bms_on = not on
    elif number == 2:
        plant.bms_allowed = not on
    elif number == 3:
        plant.module_fault = 1 if on else 0
    elif number == 4:
        plant.module_alive = not on
    elif number == 5:
        plant.core.regulator.smart_ma = 0 if on else 1_000_000
    elif number == 6:
        plant.extra_ma = 30_000 if on else 0
    elif number == 7:
        plant.module.temperature_c10 = 800 if on else 265
    elif number == 8:
        plant.welded = on
    elif number == 9:
        plant.stuck_open = on


def main() -> None:
    plant = Plant()
    locked = LockedCore(plant.core)
    plant.core.tick = locked.tick
    sessions = faults = 0
    number = 0
    while locked.ticks < TICKS:
        plant.start().run(6_000)
        trouble(plant, number % 11, True)
        plant.run(4_000)
        plant.core.stop("Remote")
        plant.run(2_500)
        faults += plant.core.fault() >= 0
        trouble(plant, number % 11, False)
        plant.core.supervisor.clear_latched()
        plant.run(6_000)
        plant.unplug().run(1_000)
        sessions += 1
        number += 1
    print("ticks", locked.ticks, "sessions", sessions, "faults", faults)


main()
