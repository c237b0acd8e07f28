"""How each fault of the supervisor's table is brought about in the plant of plant.py, and ended.

`TROUBLES[name]` is (object of the plant, its attribute, value while it is so); "" is the plant
itself. Some need a state first: `BEFORE` says which.
"""

CHARGING = "charging"
RESTING = "resting"  # gun in, nothing going on
UNPLUGGED = "unplugged"
STARTING = "starting"  # a session has just been opened
STOPPING = "stopping"

TROUBLES = {
    "EmergencyStop": ("core", "e_stop", True),
    "DoorOpen": ("core", "door_open", True),
    "EarthFault": ("core", "earth_fault", True),
    "ContactorWelded": ("", "welded", True),
    "WeldCheckFailed": ("", "bleeds", False),
    "ShortCircuit": ("", "gun_mv", 30_000),
    "OverVoltageFar": ("", "gun_mv", 88_300),
    "OverVoltage": ("", "gun_mv", 86_000),
    "OverCurrentFar": ("", "extra_ma", 31_000),
    "OverCurrent": ("", "extra_ma", 7_000),
    "ContactorOpen": ("", "stuck_open", True),
    "ReversePolarity": ("", "gun_mv", -12_000),
    "CurrentBackwards": ("", "extra_ma", -95_000),
    "VoltageAtGun": ("", "gun_mv", 76_000),
    "GunOverTemperature": ("core", "gun_c10", 910),
    "GunSensor": ("core", "gun_sensor_bad", True),
    "ModuleStaysOn": ("", "module_fault", 4),
    "ModuleFault": ("", "module_fault", 1),
    "ModuleOverTemperature": ("module", "temperature_c10", 710),
    "ModuleSilent": ("", "module_alive", False),
    "BmsSilent": ("", "bms_on", False),
    "BmsAlarm": ("bms", "alarms", 1 << 17),
    "BmsRequest": ("", "bms_limit_mv", 48_000),
    "BmsVoltage": ("bms", "voltage_mv", 70_000),
    "BmsCurrentSign": ("bms", "current_ma", -90_000),
    "ControlStalled": ("", "gap_ms", 1100),
    "BrownOut": ("core", "boot_trouble", 1),
    "CrashLoop": ("core", "boot_trouble", 2),
    "SelfTestFailed": ("", "output_mv", 76_000),
    "PrechargeFailed": ("", "battery_mv", 40_000),
    "DischargeFailed": ("", "output_mv", 76_000),
    "OverVoltageNear": ("", "gun_mv", 85_000),
    "GunHot": ("core", "gun_c10", 775),
    "ModuleHot": ("module", "temperature_c10", 650),
}
BEFORE = {
    "ReversePolarity": RESTING,
    "WeldCheckFailed": STOPPING,
    "VoltageAtGun": UNPLUGGED,
    "SelfTestFailed": STARTING,
    "PrechargeFailed": STARTING,
    "DischargeFailed": RESTING,
}
HARD_TO_END = ("SelfTestFailed", "DischargeFailed")  # the output has to be kept from emptying


def set_trouble(plant, name, on, healthy):
    """Begin it, or end it; `healthy` is a dict that keeps what was before."""
    where, attribute, value = TROUBLES[name]
    part = getattr(plant, where) if where else plant
    if on:
        healthy[name] = getattr(part, attribute)
        setattr(part, attribute, value)
    else:
        setattr(part, attribute, healthy.pop(name))
    if name in HARD_TO_END:
        plant.bleeds = not on
