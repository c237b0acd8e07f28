"""Where each fault of firmware/charging/faults.py is measured, and above what: for the docs."""

_STARTS = "three in a row, none 10 minutes after the last; gone after 10 minutes without another"
SOURCES = {
    "EmergencyStop": ("E-stop contact", "open"),
    "DoorOpen": ("door contact (`door_pin`)", "open"),
    "EarthFault": ("earth fault relay (`earth_fault_pin`)", "open"),
    "ContactorWelded": ("auxiliary contact", "closed though told to open"),
    "WeldCheckFailed": (
        "module's own output voltage, contactor open and module off",
        "not 5 V below the battery at the gun within half of `discharge_ms`",
    ),
    "ShortCircuit": ("terminals", "below 3/4 of `battery_min_mv` with more than 5 A"),
    "OverVoltageFar": (
        "terminals, contactor told to close",
        "5 % above the BMS's limit or `max_voltage_mv`",
    ),
    "OverVoltage": ("terminals, contactor told to close", "2 % above the same limit"),
    "OverCurrentFar": ("terminals", "20 % above `max_current_ma`"),
    "OverCurrent": (
        "terminals",
        "5 % and 1 A above the least limit (BMS, `max_current_ma`, charging profile, derating)",
    ),
    "ContactorOpen": ("auxiliary contact", "open though told to close"),
    "ReversePolarity": ("terminals, gun in", "below -2 V"),
    "CurrentBackwards": ("terminals", "more than 1 A out of the battery"),
    "VoltageAtGun": (
        "terminals, gun out, contactor open, sequence at rest",
        "above 60 V (gone at 58 V)",
    ),
    "GunOverTemperature": ("thermistor in the gun", "above `gun_max_c10`; gone 10 °C below"),
    "GunSensor": (
        "thermistor in the gun; the board's sense of the voltage at the gun",
        "open, shorted, or outside of what its circuit can give, three samples of 50 ms in a row;"
        " or a voltage 5 V from the module's while the contactor is closed",
    ),
    "ModuleStaysOn": ("module's state", "on, a second after it was told off"),
    "ModuleFault": ("module's fault flags", "any"),
    "ModuleOverTemperature": ("module", "above `module_max_c10`; gone 10 °C below"),
    "ModuleSilent": ("age of the terminals' reading", "above `module_timeout_ms`"),
    "BmsSilent": ("age of the BMS's reading, in a session", "above `bms_timeout_ms`"),
    "BmsAlarm": ("BMS's alarms", "short, welded switch or insulation"),
    "BmsRequest": (
        "BMS's voltage limit, while it allows charging",
        "outside 60 % to 102 % of `max_voltage_mv`",
    ),
    "BmsVoltage": (
        "BMS's voltage against the terminals', in a session",
        "apart by more than 3 % (at least 2 V) and 20 mV an ampere",
    ),
    "BmsCurrentSign": (
        "BMS's current against the terminals'",
        "more than 2 A out of the battery while more than 5 A flow into it",
    ),
    "ControlStalled": ("gap between two ticks while power is on", "above 500 ms"),
    "BrownOut": ("starts after a dip of the supply", _STARTS),
    "CrashLoop": ("starts after a crash or by the watchdog", _STARTS),
    "SelfTestFailed": (
        "module's output and auxiliary contact before a start",
        "output not below 60 V or contactor closed for 3 s",
    ),
    "PrechargeFailed": (
        "terminals and module's output before closing",
        "no battery of 55 % to 105 % of `max_voltage_mv` and `battery_min_mv` or more for 5 s,"
        " or not matched to `match_mv` (3 % if that is more) within `precharge_ms`",
    ),
    "DischargeFailed": (
        "module's own output voltage, contactor open and module off",
        "60 V or more for longer than `discharge_ms`",
    ),
    "OverVoltageNear": ("terminals, contactor told to close", "1 % above the limit"),
    "GunHot": (
        "thermistor in the gun",
        "20 °C below `gun_max_c10`: straight down to nothing at 5 °C below it",
    ),
    "ModuleHot": (
        "module",
        "10 °C below `module_max_c10`: straight down to nothing at `module_max_c10`",
    ),
}
