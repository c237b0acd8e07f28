"""Run by MicroPython: 10,000 ticks of sessions with faults, each under heap_lock.

Every fault of the table comes up. Prints "ticks N sessions N faults N of N"; an allocation raises
MemoryError in the tick that made it.
"""

import micropython

from firmware.charging.faults import FAULTS
from firmware.charging.readings import MeterReading
from firmware.charging.supervisor import NAME
from host_tests.unit.charging.plant import Plant
from host_tests.unit.charging.troubles import (
    BEFORE,
    RESTING,
    STARTING,
    STOPPING,
    TROUBLES,
    UNPLUGGED,
    set_trouble,
)

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


def wished(plant: Plant, number: int) -> None:
    """What a vehicle and a central system want, by turns."""
    plant.bms_allowed = number % 5 != 1
    plant.core.regulator.smart_ma = 0 if number % 5 == 2 else 1_000_000
    plant.takes_ma = 1_000 if number % 5 == 3 else 1_000_000


def note(plant: Plant, seen: set) -> None:
    """Which faults are active."""
    for index in range(len(FAULTS)):
        if plant.core.supervisor.active[index]:
            seen.add(FAULTS[index][NAME])


def main() -> None:
    plant = Plant()
    meter = MeterReading()
    plant.core.meter_reading = meter
    locked = LockedCore(plant.core)
    plant.core.tick = locked.tick
    healthy = {}
    seen = set()
    sessions = number = 0
    names = sorted(TROUBLES)
    while locked.ticks < TICKS or number < len(names):
        name = names[number % len(names)]
        before = BEFORE.get(name)
        if before == UNPLUGGED:
            plant.run(1_000)
        elif before == RESTING:
            plant.plug().run(1_000)
        else:
            if before == STARTING:
                set_trouble(plant, name, True, healthy)
            plant.start().run(6_000)
            meter.age_ms = 0
            meter.energy_wh = number * 10
            sessions += 1
        if before == STOPPING:
            plant.core.stop("Remote")
        if name not in healthy:
            set_trouble(plant, name, True, healthy)
        for _ in range(6):
            plant.run(1_000)
            note(plant, seen)
        for turn in range(4):
            wished(plant, number + turn)
            plant.run(500)
        plant.core.stop("Remote")
        plant.run(2_500)
        note(plant, seen)
        set_trouble(plant, name, False, healthy)
        plant.core.supervisor.clear_latched()
        wished(plant, 0)
        plant.run(6_000)
        plant.unplug().run(2_000)
        number += 1
    print("ticks", locked.ticks, "sessions", sessions, "faults", len(seen), "of", len(FAULTS))
    print("missing", [name for name in names if name not in seen])


main()
