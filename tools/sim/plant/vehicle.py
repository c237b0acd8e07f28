"""The vehicle: a battery and the Rivot BMS on CAN2 (Elcon frames and two charge counters)."""

import math

from tools.sim.chips.can_bus import CanBus, CanFrame
from tools.sim.plant.battery import Battery

LIMITS_ID, STATUS_ID = 0x1806E5F4, 0x18FF50E5
_COUNTERS = {0x160B0180: 0x160B8001, 0x160D0180: 0x160D8001}
_CHARGED_REQUEST = 0x160B0180
_PERIOD_MS = 500
_DISCHARGED_MAH = 1_000_000


class Vehicle:
    """A node of `bus` while plugged in and switched on."""

    def __init__(self, bus: CanBus, battery: Battery) -> None:
        self._bus = bus
        self.battery = battery
        self.plugged = False
        self.on = True
        self.allowed = True
        self.heating = False
        self.voltage_limit_v = 84.0
        self.current_limit_a = 90.0  # also what the battery takes at most
        self.heard: CanFrame | None = None  # the charger's last status
        self.now_ms = 0.0
        self._due_ms = 0.0
        self._largest_limit_a = 0.0
        self._base_mah = 0
        bus.nodes.append(self)
        self.set_soc(battery.soc)

    def capacity_ah(self) -> int:
        """The charger knows the pack only by the largest current it has asked for."""
        limit = max(self._largest_limit_a, self.current_limit_a)
        return 90 if limit > 60 else 60 if limit > 30 else 30

    def set_soc(self, soc: float) -> None:
        """Set the state of charge in %; counters follow, so that it is read back exactly."""
        self.battery.soc = soc
        self.battery.charged_ah = 0.0
        self._set_base()

    def _set_base(self) -> None:
        soc_c100 = math.floor(self.battery.soc * 100 + 1e-6)
        self._base_mah = _DISCHARGED_MAH + math.ceil(soc_c100 * self.capacity_ah() / 10)
        self.battery.charged_ah = 0.0

    def set_limit(self, amps: float) -> None:
        """Set the current limit; the state of charge stays what it is."""
        before = self.capacity_ah()
        self.current_limit_a = amps
        if self.plugged:
            self._largest_limit_a = max(self._largest_limit_a, amps)
        if self.capacity_ah() != before:
            self._set_base()
        self.announce()

    def plug(self) -> None:
        """The gun is in: the BMS wakes up and speaks at once."""
        self.plugged = True
        self._largest_limit_a = self.current_limit_a
        self._set_base()
        self.announce()

    def unplug(self) -> None:
        """The gun is out."""
        self.plugged = False
        self._bus.cancel(self)

    def announce(self) -> None:
        """Send the limits now: a BMS does not wait with a change."""
        self._due_ms = self.now_ms

    def accepts_a(self) -> float:
        """What the battery takes at most."""
        return self.current_limit_a

    def step(self, now_ms: float) -> None:
        """Send what is due."""
        self.now_ms = now_ms
        if self.listens() and now_ms >= self._due_ms:
            self._due_ms = now_ms + _PERIOD_MS
            self._bus.send(self, self._limits(), now_ms)

    def _limits(self) -> CanFrame:
        volts = round(self.voltage_limit_v * 10)
        amps = math.ceil(self.current_limit_a * 10 - 1e-6)  # never below what is taken
        data = volts.to_bytes(2, "big") + amps.to_bytes(2, "big")
        return CanFrame(LIMITS_ID, data + bytes((0 if self.allowed else 1, self.heating, 0, 0)))

    def listens(self) -> bool:
        """On the bus only while plugged and on."""
        return self.plugged and self.on

    def deliver(self, frame: CanFrame) -> None:
        """The charger's status, or a question for a counter."""
        if frame.id == STATUS_ID:
            self.heard = frame
        elif frame.id in _COUNTERS:
            mah = _DISCHARGED_MAH
            if frame.id == _CHARGED_REQUEST:
                mah = self._base_mah + int(self.battery.charged_ah * 1000)
            answer = CanFrame(_COUNTERS[frame.id], mah.to_bytes(4, "big") + bytes(4))
            self._bus.send(self, answer, self.now_ms)
