"""The charge sequence beneath the connector's states: from "nothing" to "power flows" and back.

Theory. The contactor is only ever closed onto a matched voltage and opened without current.
SelfTest wants the contactor open and the output empty, Recognise a battery of ours behind the open
contactor, Precharge brings the module to its voltage, Close waits for the auxiliary contact. Ramp,
Follow and Taper are one regulation, told apart for the end of charge. Stop switches the module off
and waits for the current to fall, Open for the auxiliary contact, WeldCheck for the output to
leave the battery's voltage, Discharge for it to be safe. `permit` is the conjunction of everything
the design demands for power; the moment it is false the module is off. An emergency skips the
waiting before Open, never what follows. Nothing else in the firmware decides when the contactor
closes or the module is on.
"""

from micropython import const

SEQUENCE_STATES = ("Off", "SelfTest", "Recognise", "Precharge", "Close", "Ramp", "Follow", "Taper",
                   "Stop", "Open", "WeldCheck", "Discharge")  # fmt: skip
SEQUENCE_EVENTS = ("permit", "passed", "closed", "reached", "raised", "tapered", "withdraw",
                   "emergency", "timeout")  # fmt: skip
SEQUENCE = {
    "Off": {"permit": "SelfTest"},
    "SelfTest": {"passed": "Recognise", "withdraw": "Off", "emergency": "Off", "timeout": "Off"},
    "Recognise": {"passed": "Precharge", "withdraw": "Off", "emergency": "Off", "timeout": "Off"},
    "Precharge": {
        "passed": "Close",
        "withdraw": "Discharge",
        "emergency": "Discharge",
        "timeout": "Discharge",
    },
    "Close": {"closed": "Ramp", "withdraw": "Open", "emergency": "Open", "timeout": "Open"},
    "Ramp": {"reached": "Follow", "withdraw": "Stop", "emergency": "Open"},
    "Follow": {"raised": "Ramp", "tapered": "Taper", "withdraw": "Stop", "emergency": "Open"},
    "Taper": {"raised": "Ramp", "reached": "Follow", "withdraw": "Stop", "emergency": "Open"},
    "Stop": {"passed": "Open", "emergency": "Open", "timeout": "Open"},
    "Open": {"passed": "WeldCheck", "timeout": "WeldCheck"},
    "WeldCheck": {"passed": "Discharge", "timeout": "Discharge"},
    "Discharge": {"passed": "Off", "timeout": "Off"},
}
POWER = ("Ramp", "Follow", "Taper")
CLOSED = ("Ramp", "Follow", "Taper", "Close", "Stop")
ON = ("Ramp", "Follow", "Taper", "Close", "Precharge")

SAFE_MV = const(60_000)  # what may be touched (DC)
# `failed`, for one tick: the supervisor takes it
SELF_TEST_FAILED = const(1)
MATCH_FAILED = const(2)
WELD_FAILED = const(3)

_SELF_TEST_MS = const(3_000)
_RECOGNISE_MS = const(5_000)
_STEADY_MS = const(200)
_PRECHARGE_MA = const(1_000)
_APART_MV = const(5_000)
_CLOSE_MS = const(1_000)
_DRAINED_MA = const(5_000)
_SOFT_STOP_MS = const(2_000)
_HARD_STOP_MS = const(120)
_BLIND_STOP_MS = const(50)  # where no reading says that current still flows
_FRESH_MS = const(250)
_OPEN_MS = const(1_000)
_SMALL_FOR_MS = const(60_000)  # so long has the current been small when the battery is full
_FULL_C100 = const(10_000)
_STEP_MAX_MS = const(1 << 20)


class Sequence:
    """Commands contactor and module; `step` runs in the control tick and allocates nothing."""

    def __init__(self) -> None:
        self.state = "Off"
        self.contactor = False
        self.module_on = False
        self.failed = 0  # what has just run into its time limit, 0 = nothing
        self.elapsed_ms = 0  # in this state
        self.charged_ms = 0  # so long has the output been off and not safe
        self._steady_ms = 0  # so long has the state's condition been true
        self._small_ms = 0  # so long has the current been that of a full battery

    def fire(self, event: str) -> bool:
        """Apply an event of `SEQUENCE_EVENTS`; False when it is illegal in the present state."""
        target = SEQUENCE[self.state].get(event)
        if target is None:
            return False
        self.state = target
        self.elapsed_ms = 0
        self._steady_ms = 0
        self.contactor = target in CLOSED
        self.module_on = target in ON
        if target not in POWER:
            self._small_ms = 0
        return True

    def full(self) -> bool:
        """Has the battery taken all it wants: for a minute next to nothing has flowed."""
        return self._small_ms >= _SMALL_FOR_MS

    def step(self, core: "ChargingCore", permit: bool, emergency: bool, dt_ms: int) -> None:
        """One tick: leave the state where its condition is met, then set the regulator."""
        if self.elapsed_ms < _STEP_MAX_MS:
            self.elapsed_ms += dt_ms
        if emergency:
            self.fire("emergency")
        if not permit:
            self.fire("withdraw")
        state = self.state
        if state == "Off":
            if permit:
                self.fire("permit")
        elif state in POWER:
            self._follow(core, dt_ms)
        elif state == "Stop":
            self._drain(core)
        elif self._met(core, state, dt_ms):
            self.fire("closed" if state == "Close" else "passed")
        elif self.elapsed_ms > self._limit_ms(core, state):
            self._late(core, state)
        self._watch_output(core, dt_ms)
        self._regulate(core, dt_ms)

    def _met(self, core: "ChargingCore", state: str, dt_ms: int) -> bool:
        """Is what the state waits for true, and for long enough."""
        if state == "Close":
            return core.contactor_closed
        if state == "Open":
            return not core.contactor_closed
        module = core.module
        heard = module.output_age_ms <= self.elapsed_ms  # since the state began
        if state == "SelfTest":
            return not core.contactor_closed and module.output_mv < SAFE_MV and (
                heard or module.output_age_ms < _SELF_TEST_MS
            )  # fmt: skip
        if state == "Discharge":
            return heard and module.output_mv < SAFE_MV
        battery_mv = core.battery_mv()
        if state == "WeldCheck":  # without a battery at the gun there is nothing to compare
            return battery_mv == 0 or (heard and module.output_mv < battery_mv - _APART_MV)
        met = battery_mv > 0 and module.age_ms < _FRESH_MS
        if state == "Recognise":
            met = met and core.limits.takes(core.bms.voltage_limit_mv, 60, 102)
        else:
            allowed_mv = battery_mv * 3 // 100
            if allowed_mv < core.limits.match_mv:
                allowed_mv = core.limits.match_mv
            met = met and heard and abs(module.output_mv - battery_mv) <= allowed_mv
        self._steady_ms = self._steady_ms + dt_ms if met else 0
        return self._steady_ms >= _STEADY_MS

    def _limit_ms(self, core: "ChargingCore", state: str) -> int:
        if state == "Precharge":
            return core.limits.precharge_ms
        if state == "Recognise":
            return _RECOGNISE_MS
        if state == "SelfTest":
            return _SELF_TEST_MS
        if state == "Discharge":
            return core.limits.discharge_ms
        return core.limits.discharge_ms // 2 if state == "WeldCheck" else _OPEN_MS

    def _late(self, core: "ChargingCore", state: str) -> None:
        # Some modules are silent about their output while they are off: what is not known is no
        # fault here, the contactor's own contact and Recognise still stand.
        known = core.module.output_age_ms <= self.elapsed_ms
        if state == "SelfTest":
            if not known and not core.contactor_closed:
                self.fire("passed")
                return
            self.failed = SELF_TEST_FAILED
        elif state == "Recognise" or state == "Precharge":
            self.failed = MATCH_FAILED
        elif state == "WeldCheck" and known:
            self.failed = WELD_FAILED
        self.fire("timeout")

    def _drain(self, core: "ChargingCore") -> None:
        module = core.module
        heard = module.age_ms <= self.elapsed_ms
        limit_ms = _HARD_STOP_MS if heard else _BLIND_STOP_MS
        if heard and abs(module.terminal_ma) < _DRAINED_MA:
            self.fire("passed")
        elif self.elapsed_ms >= (_SOFT_STOP_MS if core.soft_stop else limit_ms):
            self.fire("timeout")

    def _follow(self, core: "ChargingCore", dt_ms: int) -> None:
        """Tell ramp, full current and taper apart, and a battery that is full."""
        regulator = core.regulator
        module = core.module
        full = core.bms.soc_c100 >= _FULL_C100
        end_ma = core.limits.end_of_charge_ma
        tapers = full or module.terminal_mv >= regulator.set_mv - regulator.set_mv // 100
        if regulator.set_ma < regulator.limit_ma(core.bms.current_limit_ma):
            self.fire("raised")
        elif self.state == "Ramp" or not tapers:
            self.fire("reached")
        else:
            self.fire("tapered")
        if full and 0 < end_ma < core.limits.max_ma // 20:
            end_ma = core.limits.max_ma // 20
        small = self.state == "Taper" and module.terminal_ma < end_ma
        # Where the charger itself gives no more, little current says nothing of the battery.
        if small and regulator.station_ma() > end_ma:
            self._small_ms += dt_ms
        else:
            self._small_ms = 0

    def _watch_output(self, core: "ChargingCore", dt_ms: int) -> None:
        module = core.module
        off = not (self.module_on or self.contactor or core.contactor_closed)
        if off and module.output_mv >= SAFE_MV and module.output_age_ms < _SELF_TEST_MS:
            if self.charged_ms < _STEP_MAX_MS:
                self.charged_ms += dt_ms
        else:
            self.charged_ms = 0

    def _regulate(self, core: "ChargingCore", dt_ms: int) -> None:
        regulator = core.regulator
        if self.state in POWER:
            regulator.follow(core.bms.voltage_limit_mv, core.bms.current_limit_ma, dt_ms)
        elif self.module_on:
            regulator.hold(core.battery_mv(), _PRECHARGE_MA)
        else:
            regulator.zero()
