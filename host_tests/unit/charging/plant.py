"""A vehicle, a module and a contactor for the charging core's tests: behaviour, no wire format."""

from firmware.charging.core import ChargingCore
from firmware.charging.meter import EnergyMeter
from firmware.charging.readings import BmsReading, ModuleReading
from firmware.charging.regulator import Regulator
from firmware.charging.supervisor import Limits

TICK_MS = 50


class Plant:
    """Follows the core's outputs the way the real parts would, one tick late."""

    def __init__(self, battery_mv: int = 76_380, max_ma: int = 100_000) -> None:
        self.bms = BmsReading()
        self.module = ModuleReading()
        limits = Limits(85_500, max_ma)
        self.core = ChargingCore(
            self.bms, self.module, limits, Regulator(85_500, max_ma), EnergyMeter()
        )
        self.core.e_stop = False
        self.battery_mv = battery_mv
        self.bms_on = True
        self.bms_allowed = True
        self.bms_limit_ma = 90_000
        self.bms_limit_mv = 84_000
        self.soc_c100 = 8700
        self.module_alive = True
        self.module_fault = 0
        self.welded = False
        self.stuck_open = False
        self.extra_ma = 0
        self.extra_mv = 0
        self.now_ms = 0
        self.opened_at_ma: list[int] = []
        self.closed_at_mv: list[int] = []
        self.events: list[int] = []
        self.run(1500)

    @property
    def state(self) -> str:
        return self.core.connector.state

    @property
    def power(self) -> bool:
        """Does current flow into the vehicle."""
        return self.module.terminal_ma > 0

    def run(self, ms: int) -> "Plant":
        for _ in range(ms // TICK_MS):
            self._sense()
            self.core.tick(TICK_MS)
            self.now_ms += TICK_MS
            self._act()
            while not self.core.events.empty():
                self.events.append(self.core.events.pop())
        return self

    def plug(self) -> "Plant":
        self.core.gun = True
        return self.run(TICK_MS)

    def unplug(self) -> "Plant":
        self.core.gun = False
        self.bms.reset()
        return self.run(TICK_MS)

    def start(self, tag: str = "TAG", txn: int = 1) -> "Plant":
        """Plug, authorize, open the session."""
        self.plug().run(1000)
        assert self.core.authorize(tag)
        self.run(100)
        assert self.core.start(txn), "the core did not ask for the start"
        return self.run(50)

    def charge(self) -> "Plant":
        """A session with full current."""
        self.start().run(10_000)
        assert self.power
        return self

    def _sense(self) -> None:
        module, bms = self.module, self.bms
        connected = self.core.gun
        if self.module_alive:
            module.age_ms = 0
            module.output_age_ms = 0
            module.fault = self.module_fault
            closed = self.core.contactor_closed
            module.terminal_mv = (self.battery_mv if connected else 0) + self.extra_mv
            module.output_mv = self.core.regulator.set_mv if module.on else 0
            flowing = module.on and closed and connected
            module.terminal_ma = (self.core.regulator.set_ma if flowing else 0) + self.extra_ma
        if connected and self.bms_on:
            bms.age_ms = 0
            bms.allowed = self.bms_allowed
            bms.current_limit_ma = self.bms_limit_ma
            bms.voltage_limit_mv = self.bms_limit_mv
            bms.soc_c100 = self.soc_c100
            bms.complete = True

    def _act(self) -> None:
        core = self.core
        closed = (core.sequence.contactor and not self.stuck_open) or self.welded
        if closed and not core.contactor_closed:
            self.closed_at_mv.append(abs(self.module.output_mv - self.module.terminal_mv))
        if core.contactor_closed and not closed:
            self.opened_at_ma.append(self.module.terminal_ma if self.module.on else 0)
        core.contactor_closed = closed
        self.module.on = core.sequence.module_on and self.module_alive and not self.module_fault
        if not self.module.on:
            self.module.terminal_ma = self.extra_ma
