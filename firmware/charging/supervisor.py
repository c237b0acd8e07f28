"""What must slow or stop the charger: follows every row of faults.py, tick by tick.

Theory. Each tick sources.py puts what it sees into one number a source, so that larger is worse; a
row of faults.py says above which number it is present, for how long, and what it does then. A
fault that comes and goes more than three times in one plug-in stays until the gun is pulled. Of
the table only the numbers are kept; its names and codes are loaded when somebody reads them.
`evaluate` runs in the control tick and allocates nothing.
"""

from array import array

from micropython import const

from firmware.on_demand import load

from .sources import GUN_WARM, SOURCES, look, look_at_module, look_at_vehicle

NO_REACTION = const(0)
DERATE = const(1)  # the current is lowered
STOP = const(2)  # module off now, contactor open when the current is gone, or soon
EMERGENCY = const(3)  # module off and contactor open in this very tick
LATCH = const(-1)
UNPLUG = const(-2)

# Columns of a row.
NAME = const(0)
SOURCE = const(1)
TRIPS = const(2)
GONE = const(3)
HOLD_MS = const(4)
CLEAR_MS = const(5)
REACTION = const(6)
ERROR_CODE = const(7)
REASON = const(8)
_KEPT = const(6)  # SOURCE .. REACTION

_BY_HAND = const(2)  # rows that may come and go as often as they like
_NEAR = const(-3)  # row OverVoltageNear
_MAX_TRIPS = const(3)
_HOUR_MS = const(3_600_000)
_STEP_MS = const(100)
_FOR_EVER_MS = const(1 << 29)
_HYSTERESIS_C10 = const(100)
_EASE_MA_PER_S = const(20_000)
_RECOVER_MA_PER_S = const(2_000)
_EASED_MA = const(1_000)  # over-voltage lowers the current to this, never to a pause


class Limits:
    """The supervisor's thresholds; settings may only make them stricter than the board's."""

    def __init__(self, max_mv: int, max_ma: int) -> None:
        self.max_mv = max_mv  # the pack's highest voltage as well
        self.max_ma = max_ma
        self.bms_timeout_ms = 3000
        self.module_timeout_ms = 3000
        self.module_max_c10 = 700
        self.gun_max_c10 = 900
        self.battery_min_mv = 56_000
        self.match_mv = 2_000
        self.precharge_ms = 20_000
        self.discharge_ms = 5_000
        self.end_of_charge_ma = 3_000

    def takes(self, mv: int, least: int, most: int) -> bool:
        """Does `mv` lie between so many per cent of the pack's highest voltage."""
        return self.max_mv // 100 * least <= mv <= self.max_mv // 100 * most


class Supervisor:
    """Follows every row of `FAULTS`; `reaction` and `first` are the result of the last tick."""

    def __init__(self) -> None:
        table = load("firmware.charging.faults").FAULTS
        count = len(table)
        self._rows = rows = array("h", bytes(2 * _KEPT * count))
        for index in range(count):
            for column in range(_KEPT):
                rows[index * _KEPT + column] = table[index][SOURCE + column]
        self.active = bytearray(count)
        self.reaction = NO_REACTION
        self.first = -1  # index of the reported row, -1 = no fault
        self._trips = bytearray(count)  # in this plug-in, or in this hour without one
        self._timers_ms = array("i", [0] * count)
        self._values = array("i", [0] * SOURCES)
        self._heat_c10 = array("i", [-(1 << 15)] * 2)  # gun, module; it lags by the hysteresis
        self._limit_mv = 0
        self._eased_ma = _FOR_EVER_MS
        self._gun = False
        self._hour_ms = 0

    def evaluate(self, core: "ChargingCore", dt_ms: int) -> None:
        """Check every row against the core's readings, and derate the regulator."""
        self._count(core.gun, dt_ms)
        look(self._values, core)
        look_at_module(self._values, core, self._follow_limit(core))
        look_at_vehicle(self._values, core)
        self._derate(core, dt_ms)
        # One look after the loop stood still must not pass for a condition that lasted so long.
        dt_ms = dt_ms if dt_ms < _STEP_MS else _STEP_MS
        rows = self._rows
        values = self._values
        self.reaction = NO_REACTION
        self.first = -1
        at = 0
        for index in range(len(self.active)):
            on = self.active[index]
            if (values[rows[at]] > rows[at + 1 + on]) == on:
                self._timers_ms[index] = 0
            else:
                on = self._change(index, at, dt_ms)
            if on:
                reaction = rows[at + 5]
                if reaction > self.reaction:
                    self.reaction = reaction
                if reaction >= STOP and self.first < 0:
                    self.first = index
            at += _KEPT

    def _change(self, index: int, at: int, dt_ms: int) -> int:
        """The row at `at` should begin or end; 1 when it is active after this tick."""
        rows = self._rows
        on = self.active[index]
        timer_ms = self._timers_ms[index] + dt_ms
        self._timers_ms[index] = timer_ms if timer_ms < _FOR_EVER_MS else _FOR_EVER_MS
        if timer_ms < rows[at + 4 if on else at + 3]:
            return on
        if on:
            if self._stays(index, self._gun):
                return 1
        elif index >= _BY_HAND and rows[at + 5] >= STOP and self._trips[index] <= _MAX_TRIPS:
            self._trips[index] += 1
        self.active[index] = on = 1 - on
        self._timers_ms[index] = 0
        return on

    def _stays(self, index: int, gun: bool) -> bool:
        clear_ms = self._rows[index * _KEPT + 4]
        return clear_ms == LATCH or (clear_ms == UNPLUG and gun) or self._trips[index] > _MAX_TRIPS

    def _count(self, gun: bool, dt_ms: int) -> None:
        """Forget how often faults have come: a gun pulled ends it, so does an hour without."""
        self._hour_ms += dt_ms
        if gun == self._gun and (gun or self._hour_ms < _HOUR_MS):
            return
        pulled = self._gun and not gun
        self._gun = gun
        self._hour_ms = 0
        for index in range(len(self._trips)):
            if pulled or self._trips[index] <= _MAX_TRIPS:
                self._trips[index] = 0

    def clear_latched(self) -> None:
        """Service has repaired it: forget what stays (the condition may set it again)."""
        for index in range(len(self.active)):
            if self._stays(index, True):
                self.active[index] = 0
            self._trips[index] = 0

    def _follow_limit(self, core: "ChargingCore") -> int:
        """The voltage that must not be passed.

        A vehicle may lower its limit below the voltage its battery has already: then no current
        flows, but nothing is too high. So the limit counts once the voltage has been within it.
        """
        mv = core.module.terminal_mv
        limit = core.bms.voltage_limit_mv
        if not 0 < limit < core.limits.max_mv:
            limit = core.limits.max_mv
        if limit > self._limit_mv or mv <= limit:
            self._limit_mv = limit
        elif not core.sequence.contactor:
            self._limit_mv = mv
        return self._limit_mv

    def _derate(self, core: "ChargingCore", dt_ms: int) -> None:
        limits = core.limits
        least = self._ease(core, dt_ms)
        stop = limits.gun_max_c10
        ma = self._cool(0, core.gun_c10, stop - 200, stop - 50, limits.max_ma)
        if ma < least:
            least = ma
        stop = limits.module_max_c10
        ma = self._cool(1, core.module.temperature_c10, stop - 100, stop, limits.max_ma)
        core.regulator.derated_ma = ma if ma < least else least

    def _cool(self, part: int, c10: int, begin: int, end: int, max_ma: int) -> int:
        """What may flow at that temperature: all at `begin`, nothing at `end`, straight between.

        While it cools, the temperature counts as up to 10 degC more than it is.
        """
        heat = self._heat_c10[part]
        if c10 > heat:
            heat = c10
        elif c10 < heat - _HYSTERESIS_C10:
            heat = c10 + _HYSTERESIS_C10
        self._heat_c10[part] = heat
        self._values[GUN_WARM + part] = heat - begin
        if heat <= begin:
            return max_ma
        return max_ma * (end - heat) // (end - begin) if heat < end else 0

    def _ease(self, core: "ChargingCore", dt_ms: int) -> int:
        """A voltage just above its limit lowers the current step by step."""
        eased = self._eased_ma
        max_ma = core.limits.max_ma
        if self.active[_NEAR]:
            if eased > core.regulator.set_ma:
                eased = core.regulator.set_ma
            eased -= _EASE_MA_PER_S * dt_ms // 1000
            if eased < _EASED_MA:
                eased = _EASED_MA
        elif eased < max_ma:
            eased += _RECOVER_MA_PER_S * dt_ms // 1000
        self._eased_ma = eased if eased < max_ma else max_ma
        return self._eased_ma
