"""What the drivers know of the vehicle and of the power module: integers only, made once.

Drivers write them outside the control tick, the core reads them. Every reading has an age: the
core grows it, the driver sets it to 0 when a valid frame came.
"""

from micropython import const

STALE_MS = const(1 << 29)  # "never heard": ages stop growing here
UNKNOWN_TEMPERATURE = const(-32768)

# ModuleReading.fault
FAULT_MODULE = const(1)  # the module's own fault flag
FAULT_OVER_TEMPERATURE = const(2)
FAULT_STAYS_ON = const(4)  # told off, still reports on
FAULT_OUT_OF_RANGE = const(8)  # the battery's voltage is none that it can deliver


class BmsReading:
    """The vehicle; `reset` when it has been unplugged, for the next one is another."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Everything unknown again, nothing allowed."""
        self.age_ms = STALE_MS
        self.allowed = False
        self.heating = False
        self.voltage_limit_mv = 0
        self.current_limit_ma = 0
        self.soc_c100 = -1  # 0.01 %, -1 = unknown
        self.voltage_mv = -1  # -1 = unknown
        self.current_ma = 0  # + into the battery
        self.temperature_c10 = UNKNOWN_TEMPERATURE
        self.alarms = 0
        self.parts = 0  # the driver's own bits: what it has read since the reset
        self.complete = False  # everything VehicleInfo needs has been read since the reset


class ModuleReading:
    """The power module: `output` is inside, before the contactor; `terminal` is the gun's side."""

    def __init__(self) -> None:
        self.senses_gun = True  # False: it knows its own output only, not the terminals
        self.age_ms = STALE_MS  # of the terminals
        self.output_age_ms = STALE_MS  # of `output_mv`
        self.on = False
        self.output_mv = 0
        self.output_ma = 0
        self.terminal_mv = 0
        self.terminal_ma = 0  # + into the battery
        self.temperature_c10 = UNKNOWN_TEMPERATURE
        self.fault = 0


class MeterReading:
    """An energy meter of its own at the output; the register never runs backwards while fresh."""

    def __init__(self) -> None:
        self.age_ms = STALE_MS
        self.voltage_mv = 0
        self.current_ma = 0
        self.energy_wh = -1  # its register, -1 = it has none
        self.fault = 0
