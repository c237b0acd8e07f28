"""The charge sequence beneath the connector's states: from "nothing" to "power flows" and back.

Theory. The contactor is only ever closed onto a matched voltage and opened without current:
Precharge brings the module to the battery's voltage behind the open contactor, Close waits for the
auxiliary contact, Charge follows the regulator, Stop switches the module off and waits for the
current to fall, Open waits for the auxiliary contact. `permit` is the conjunction of everything
the design demands for power; the moment it is false the module is off. An emergency skips the
waiting. Nothing else in the firmware decides when the contactor closes or the module is on.
"""

from micropython import const

SEQUENCE_STATES = ("Off", "Precharge", "Close", "Charge", "Stop", "Open")
SEQUENCE_EVENTS = ("permit", "matched", "closed", "withdraw", "drained", "opened", "emergency",
                   "timeout")  # fmt: skip
SEQUENCE = {
    "Off": {"permit": "Precharge"},
    "Precharge": {
        "matched": "Close",
        "withdraw": "Off",
        "emergency": "Off",
        "timeout": "Off",
    },
    "Close": {"closed": "Charge", "withdraw": "Open", "emergency": "Open", "timeout": "Open"},
    "Charge": {"withdraw": "Stop", "emergency": "Open"},
    "Stop": {"drained": "Open", "timeout": "Open", "emergency": "Open"},
    "Open": {"opened": "Off", "timeout": "Off"},
}

_PRECHARGE_MS = const(20_000)
_PRECHARGE_MA = const(1_000)
_MATCH_MV = const(2_000)
_MATCH_FOR_MS = const(200)
_CLOSE_MS = const(1_000)
_DRAINED_MA = const(5_000)
_SOFT_STOP_MS = const(2_000)
_HARD_STOP_MS = const(50)
_FRESH_MS = const(250)
_OPEN_MS = const(1_000)
_STEP_MAX_MS = const(1 << 20)


class Sequence:
    """Commands contactor and module; `step` runs in the control tick and allocates nothing."""

    def __init__(self) -> None:
        self.state = "Off"
        self.contactor = False
        self.module_on = False
        self.failed = False  # precharge ran into its time limit; cleared when the gun is pulled
        self.elapsed_ms = 0
        self._matched_ms = 0

    def fire(self, event: str) -> bool:
        """Apply an event of `SEQUENCE_EVENTS`; False when it is illegal in the present state."""
        target = SEQUENCE[self.state].get(event)
        if target is None:
            return False
        self.state = target
        self.elapsed_ms = 0
        self._matched_ms = 0
        self.contactor = target == "Close" or target == "Charge" or target == "Stop"
        self.module_on = target == "Precharge" or target == "Close" or target == "Charge"
        return True

    def step(self, core: "ChargingCore", permit: bool, emergency: bool, dt_ms: int) -> None:
        """One tick: leave the state where its condition is met, then set the regulator."""
        if self.elapsed_ms < _STEP_MAX_MS:
            self.elapsed_ms += dt_ms
        if emergency:
            self.fire("emergency")
        if not permit:
            self.fire("withdraw")
        self._advance(core, permit, dt_ms)
        self._regulate(core, dt_ms)

    def _advance(self, core: "ChargingCore", permit: bool, dt_ms: int) -> None:
        state = self.state
        if state == "Off":
            if permit and not self.failed:
                self.fire("permit")
        elif state == "Precharge":
            self._precharge(core, dt_ms)
        elif state == "Close":
            if core.contactor_closed:
                self.fire("closed")
            elif self.elapsed_ms > _CLOSE_MS:
                self.fire("timeout")
        elif state == "Stop":
            self._drain(core)
        elif state == "Open":
            if not core.contactor_closed:
                self.fire("opened")
            elif self.elapsed_ms > _OPEN_MS:
                self.fire("timeout")  # the supervisor's weld row has latched by now

    def _precharge(self, core: "ChargingCore", dt_ms: int) -> None:
        battery_mv = core.battery_mv()
        module = core.module
        # Only a reading taken since the module was switched on says where its output is.
        fresh = module.output_age_ms < self.elapsed_ms and module.age_ms < _FRESH_MS
        allowed_mv = battery_mv * 3 // 100
        if allowed_mv < _MATCH_MV:
            allowed_mv = _MATCH_MV
        if fresh and battery_mv and abs(module.output_mv - battery_mv) <= allowed_mv:
            self._matched_ms += dt_ms
        else:
            self._matched_ms = 0
        if self._matched_ms >= _MATCH_FOR_MS:
            self.fire("matched")
        elif self.elapsed_ms > _PRECHARGE_MS:
            self.failed = True
            self.fire("timeout")

    def _drain(self, core: "ChargingCore") -> None:
        module = core.module
        current_ma = abs(module.terminal_ma)
        if current_ma < _DRAINED_MA and module.age_ms < self.elapsed_ms:
            self.fire("drained")
        elif self.elapsed_ms >= (_SOFT_STOP_MS if core.soft_stop else _HARD_STOP_MS):
            self.fire("timeout")

    def _regulate(self, core: "ChargingCore", dt_ms: int) -> None:
        regulator = core.regulator
        if self.state == "Charge":
            regulator.follow(core.bms.voltage_limit_mv, core.bms.current_limit_ma, dt_ms)
        elif self.module_on:
            regulator.hold(core.battery_mv(), _PRECHARGE_MA)
        else:
            regulator.zero()
