"""What must stop the charger, how fast, and when it may go on: one table.

Each row of `FAULTS` is a condition with the time it must hold, the time it must be gone before the
fault clears (or `LATCH`: only service clears it), the reaction, the OCPP error code
(OCPP 1.6 section 7.6) and the stop reason of the session it ends. The name is the vendor error
code; what it means for people is in fault_texts.py. Order is priority: the first active row is
the one reported. `evaluate` runs in the control tick and allocates nothing.
"""

from array import array

from micropython import const

NO_REACTION = const(0)
STOP = const(1)  # module off now, contactor open when the current is gone or after 50 ms
EMERGENCY = const(2)  # module off and contactor open in this very tick
LATCH = const(-1)

_FOR_EVER_MS = const(1 << 29)
_GONE_MA = const(1000)  # tolerance below which an over-current is only measuring noise


class Limits:
    """The supervisor's thresholds; settings may only make them stricter than the board's."""

    def __init__(self, max_mv: int, max_ma: int) -> None:
        self.max_mv = max_mv
        self.max_ma = max_ma
        self.bms_timeout_ms = 3000
        self.module_timeout_ms = 3000
        self.module_max_c10 = 700
        self.module_restart_c10 = 600
        self.battery_min_mv = 56_000
        self.battery_max_mv = 85_500


def _e_stop(core: "ChargingCore", active: bool) -> bool:
    return core.e_stop


def _contactor_welded(core: "ChargingCore", active: bool) -> bool:
    return core.contactor_closed and not core.sequence.contactor


def _contactor_stays_open(core: "ChargingCore", active: bool) -> bool:
    return core.sequence.contactor and not core.contactor_closed


def _limit_mv(core: "ChargingCore") -> int:
    limit = core.bms.voltage_limit_mv
    return limit if 0 < limit < core.limits.max_mv else core.limits.max_mv


def _over_voltage(core: "ChargingCore", active: bool) -> bool:
    limit = _limit_mv(core)
    return core.sequence.contactor and core.module.terminal_mv > limit + limit // 50


def _far_over_voltage(core: "ChargingCore", active: bool) -> bool:
    limit = _limit_mv(core)
    return core.sequence.contactor and core.module.terminal_mv > limit + limit // 20


def _over_current(core: "ChargingCore", active: bool) -> bool:
    limit = core.regulator.limit_ma(core.bms.current_limit_ma)
    return core.module.terminal_ma > limit + limit // 20 + _GONE_MA


def _far_over_current(core: "ChargingCore", active: bool) -> bool:
    limit = core.limits.max_ma
    return core.module.terminal_ma > limit + limit // 5


def _over_temperature(core: "ChargingCore", active: bool) -> bool:
    limits = core.limits
    limit = limits.module_restart_c10 if active else limits.module_max_c10
    return core.module.temperature_c10 > limit


def _module_fault(core: "ChargingCore", active: bool) -> bool:
    return core.module.fault != 0


def _module_silent(core: "ChargingCore", active: bool) -> bool:
    return core.module.age_ms > core.limits.module_timeout_ms


def _bms_silent(core: "ChargingCore", active: bool) -> bool:
    # Only a session makes silence a fault; then it stays one until the BMS is back or gone.
    concerned = core.gun and (core.session.open or active)
    return concerned and core.bms.age_ms > core.limits.bms_timeout_ms


def _precharge_failed(core: "ChargingCore", active: bool) -> bool:
    return core.sequence.failed or (active and core.gun)


# Columns of `FAULTS`.
NAME = const(0)
CONDITION = const(1)
HOLD_MS = const(2)
CLEAR_MS = const(3)
REACTION = const(4)
ERROR_CODE = const(5)
REASON = const(6)

# name, condition, must hold ms, clears after ms, reaction, OCPP error code, stop reason
FAULTS = (
    ("EmergencyStop", _e_stop, 0, 0, EMERGENCY, "OtherError", "EmergencyStop"),
    ("ContactorWelded", _contactor_welded, 300, LATCH, EMERGENCY, "PowerSwitchFailure", "Other"),
    ("OverVoltageFar", _far_over_voltage, 0, LATCH, EMERGENCY, "OverVoltage", "Other"),
    ("OverVoltage", _over_voltage, 200, LATCH, STOP, "OverVoltage", "Other"),
    ("OverCurrentFar", _far_over_current, 0, 5000, EMERGENCY, "OverCurrentFailure", "Other"),
    ("OverCurrent", _over_current, 1000, 5000, STOP, "OverCurrentFailure", "Other"),
    ("ContactorOpen", _contactor_stays_open, 300, 5000, EMERGENCY, "PowerSwitchFailure", "Other"),
    ("ModuleFault", _module_fault, 0, 1000, STOP, "InternalError", "Other"),
    ("ModuleOverTemperature", _over_temperature, 0, 0, STOP, "HighTemperature", "Other"),
    ("ModuleSilent", _module_silent, 0, 0, STOP, "InternalError", "Other"),
    ("BmsSilent", _bms_silent, 0, 0, STOP, "EVCommunicationError", "Other"),
    ("PrechargeFailed", _precharge_failed, 0, 0, STOP, "OtherError", "Other"),
)


class Supervisor:
    """Follows every row of `FAULTS`; `reaction` and `first` are the result of the last tick."""

    def __init__(self) -> None:
        self.active = bytearray(len(FAULTS))
        self.reaction = NO_REACTION
        self.first = -1  # index of the reported row, -1 = no fault
        self._timers_ms = array("i", [0] * len(FAULTS))

    def evaluate(self, core: "ChargingCore", dt_ms: int) -> None:
        """Check every row against the core's readings."""
        reaction = NO_REACTION
        first = -1
        for index in range(len(FAULTS)):
            row = FAULTS[index]
            if self._follow(index, row, row[CONDITION](core, self.active[index] != 0), dt_ms):
                if row[REACTION] > reaction:
                    reaction = row[REACTION]
                if first < 0:
                    first = index
        self.reaction = reaction
        self.first = first

    def _follow(self, index: int, row: tuple, present: bool, dt_ms: int) -> bool:
        active = self.active[index] != 0
        if present == active:  # nothing to time: at rest, or active and still there
            self._timers_ms[index] = 0
            return active
        timer_ms = self._timers_ms[index] + dt_ms
        self._timers_ms[index] = timer_ms if timer_ms < _FOR_EVER_MS else _FOR_EVER_MS
        if active:
            if row[CLEAR_MS] == LATCH or timer_ms < row[CLEAR_MS]:
                return True
        elif timer_ms < row[HOLD_MS]:
            return False
        self.active[index] = 0 if active else 1
        self._timers_ms[index] = 0
        return not active

    def clear_latched(self) -> None:
        """Service has repaired it: forget every latched fault (the condition may set it again)."""
        for index in range(len(FAULTS)):
            if FAULTS[index][CLEAR_MS] == LATCH:
                self.active[index] = 0
