"""A vehicle, a module and a contactor for the charging core's tests: behaviour, no wire format."""

from firmware.charging.core import ChargingCore
from firmware.charging.meter import EnergyMeter
from firmware.charging.readings import BmsReading, ModuleReading
from firmware.charging.regulator import Regulator
from firmware.charging.supervisor import Limits

TICK_MS = 50
_EMPTIES = 110  # thousandths of the output's voltage that a tick takes, while it is off


class Plant:
    """Follows the core's outputs the way the real parts would, one tick late.

    `current_ma` is the truth; `takes_ma` is the most the battery accepts, `fall_ma` how much the
    current of a module that is off falls in a tick. A module that is `silent_off` says nothing of
    its output while it is off.
    """

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
        self.gun_mv: int | None = None  # at the gun, whatever is in it
        self.takes_ma = 1_000_000
        self.fall_ma = 1_000_000
        self.bleeds = True
        self.silent_off = False
        self.gap_ms = 0
        self.current_ma = 0
        self.now_ms = 0
        self.output_mv = 0
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
            self.core.gap_ms = self.gap_ms
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
            module.fault = self.module_fault
            module.terminal_mv = (self.battery_mv if connected else 0) + self.extra_mv
            if self.gun_mv is not None:
                module.terminal_mv = self.gun_mv
            self._let_flow(self.core.contactor_closed and connected)
            module.terminal_ma = self.current_ma + self.extra_ma
            if module.on or not self.silent_off:
                module.output_age_ms = 0
                module.output_mv = self.output_mv
                module.output_ma = self.current_ma
        if connected and self.bms_on:
            bms.age_ms = 0
            bms.allowed = self.bms_allowed
            bms.current_limit_ma = self.bms_limit_ma
            bms.voltage_limit_mv = self.bms_limit_mv
            bms.soc_c100 = self.soc_c100
            bms.complete = True

    def _let_flow(self, joined: bool) -> None:
        """Current and voltage at the module's output, a tick later."""
        flowing = self.module.on and joined
        target_ma = min(self.core.regulator.set_ma, self.takes_ma) if flowing else 0
        if not joined:
            self.current_ma = 0
        self.current_ma = max(target_ma, self.current_ma - self.fall_ma)
        if joined:
            self.output_mv = self.battery_mv
        elif self.module.on:
            self.output_mv = self.core.regulator.set_mv
        elif self.bleeds:
            self.output_mv -= self.output_mv * _EMPTIES // 1000

    def _act(self) -> None:
        core = self.core
        closed = (core.sequence.contactor and not self.stuck_open) or self.welded
        if closed and not core.contactor_closed:
            self.closed_at_mv.append(abs(self.module.output_mv - self.module.terminal_mv))
        if core.contactor_closed and not closed:
            self.opened_at_ma.append(self.current_ma)
        core.contactor_closed = closed
        self.module.on = core.sequence.module_on and self.module_alive and not self.module_fault
        if not self.module.on and self.fall_ma >= self.current_ma:
            self.current_ma = 0
            self.module.terminal_ma = self.extra_ma
