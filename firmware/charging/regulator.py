"""The set point: the lowest of all limits, ramped up slowly and down at once.

Pure arithmetic in mV and mA. Every limit can only lower the result; a limit nobody has given
counts as the station's own rating, never as "unlimited".
"""

from micropython import const

_STEP_MS = const(100)  # a control loop that stood still does not make the current jump
NO_LIMIT = const(1_000_000)  # mA; far above any rating, so that `min` ignores it


class Regulator:
    """Set points for the power module within the station's rating and the vehicle's limits."""

    def __init__(self, max_mv: int, max_ma: int, ramp_ma_per_s: int = 20_000) -> None:
        self.max_mv = max_mv
        self.max_ma = max_ma
        self.ramp_ma_per_s = ramp_ma_per_s
        self.smart_ma = NO_LIMIT  # the central system's charging profiles
        self.derated_ma = NO_LIMIT  # temperature and driver faults
        self.set_mv = 0
        self.set_ma = 0

    def limit_ma(self, bms_ma: int) -> int:
        """The lowest of all current limits, in mA."""
        limit = self.station_ma()
        return bms_ma if bms_ma < limit else limit

    def station_ma(self) -> int:
        """What the charger itself may give now, whatever the vehicle asks for."""
        limit = self.max_ma
        if self.smart_ma < limit:
            limit = self.smart_ma
        return self.derated_ma if self.derated_ma < limit else limit

    def follow(self, bms_mv: int, bms_ma: int, dt_ms: int) -> None:
        """Move the set point towards the limits: up by the ramp, down at once."""
        self.set_mv = bms_mv if bms_mv < self.max_mv else self.max_mv
        target = self.limit_ma(bms_ma)
        ramped = self.set_ma + self.ramp_ma_per_s * min(dt_ms, _STEP_MS) // 1000
        self.set_ma = ramped if ramped < target else target

    def hold(self, voltage_mv: int, current_ma: int) -> None:
        """A fixed set point, to match the module to the battery before closing."""
        self.set_mv = voltage_mv if voltage_mv < self.max_mv else self.max_mv
        self.set_ma = current_ma if current_ma < self.max_ma else self.max_ma

    def zero(self) -> None:
        """No voltage, no current."""
        self.set_mv = 0
        self.set_ma = 0
