"""The power path: module, contactor, gun, battery. It integrates, counts and meters the truth."""

import math

from tools.sim.plant.battery import Battery, Short
from tools.sim.plant.contactor import Contactor
from tools.sim.plant.gun import Gun
from tools.sim.plant.power_module import PowerModule
from tools.sim.plant.vehicle import Vehicle

STEP_MS = 5.0
_BLEED_STEP_MS = 50.0  # exact at any step
_LOAD_AMPS = 5.0
_DIFFERENCE_VOLTS = 5.0


class Circuit:
    """What is at the gun, and what the contactor had to endure."""

    def __init__(self, vehicle: Vehicle, contactor: Contactor, gun: Gun) -> None:
        self.vehicle = vehicle
        self.contactor = contactor
        self.gun = gun
        self.module: PowerModule  # set by the owner: it needs `terminals` of this
        self.wh = 0.0
        self.opened_under_load = self.closed_onto_difference = self.unplugged_under_load = 0
        self._at_ms = 0.0

    def terminals(self) -> tuple[float, float]:
        """Volts and amps at the gun, behind the contactor."""
        if self.vehicle.plugged:
            amps = self.module.amps if self.contactor.closed else 0.0
            volts = self._load().volts(amps)
            return (-volts if self.gun.wires == "reversed" else volts), amps
        return (self.module.volts if self.contactor.closed else 0.0), 0.0

    def _load(self) -> Battery | Short:
        """What hangs on the gun's wires."""
        return self.gun.short if self.gun.wires == "shorted" else self.vehicle.battery

    def _joined(self) -> bool:
        """Can current flow; with the poles swapped a fuse of the vehicle's has seen to it."""
        plugged = self.vehicle.plugged and self.gun.wires != "reversed"
        return plugged and self.contactor.closed

    def advance(self, now_ms: float) -> None:
        """Integrate up to `now_ms`, with everything as it has been since the last time."""
        seconds = (now_ms - self._at_ms) / 1000
        if seconds <= 0:
            return
        self._at_ms = now_ms
        if not self._joined():
            self.module.step(seconds, None)
            return
        battery, module = self._load(), self.module
        volts, amps = battery.volts(module.amps), module.amps
        module.step(seconds, battery)
        if amps or module.amps:
            self.wh += (volts * amps + module.volts * module.amps) / 2 * seconds / 3600
            battery.charge((amps + module.amps) / 2, seconds)

    def next_ms(self) -> float:
        """When the next step is due."""
        if self._joined():
            busy = self.module.amps != 0 or self.module.enabled
            return self._at_ms + STEP_MS if busy else math.inf
        if self.module.at_rest():
            return math.inf
        return self._at_ms + (STEP_MS if self.module.enabled else _BLEED_STEP_MS)

    def move_contacts(self, now_ms: float) -> None:
        """Let the contactor move when its time has come."""
        if not self.contactor.advance(now_ms):
            return
        battery = self.vehicle.battery
        if not self.contactor.closed:
            self.opened_under_load += self.module.amps > _LOAD_AMPS
            self.module.disconnect()
        elif self.vehicle.plugged:
            difference = abs(self.module.volts - battery.volts(0))
            self.closed_onto_difference += difference > _DIFFERENCE_VOLTS

    def unplug(self) -> None:
        """The gun's contacts part."""
        self.unplugged_under_load += self.terminals()[1] > _LOAD_AMPS
        self.module.disconnect()
