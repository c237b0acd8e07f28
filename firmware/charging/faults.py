"""What must slow or stop the charger, how fast, and when it may go on: one table, on demand.

A row is present while what its source measures (sources.py) lies above `trips`, and, once it is
active, until it is at or below `gone`. It must be present for `hold` ms to become active and
absent for `clears` ms to end; LATCH: only service ends it, UNPLUG: pulling the gun as well. The
name is the vendor error code, the code that of OCPP 1.6 section 7.6, the reason that of the
session it ends; texts are in fault_texts.py. Order is priority: the first active row that stops
the charger is the one reported. The first two are pressed and opened by people: they may come as
often as they like.
"""

from .sources import (
    AMPS,
    AMPS_FAR,
    BACKWARDS,
    BMS_AGE,
    BMS_ALARM,
    BMS_REQUEST,
    BMS_SIGN,
    BMS_VOLTS,
    BROWN_OUT,
    CHARGED,
    CRASHES,
    DOOR,
    E_STOP,
    EARTH,
    GAP,
    GUN_HEAT,
    GUN_SENSOR,
    GUN_VOLTS,
    GUN_WARM,
    MODULE_AGE,
    MODULE_FAULT,
    MODULE_HEAT,
    MODULE_WARM,
    NOT_CLOSED,
    NOT_MATCHED,
    NOT_OPEN,
    NOT_READY,
    POLARITY,
    SHORT,
    STAYS_ON,
    VOLTS,
    WELD,
)
from .supervisor import DERATE, EMERGENCY, LATCH, STOP, UNPLUG

# name, source, trips, gone, hold ms, clears ms, reaction, OCPP error code, stop reason
FAULTS = (
    ("EmergencyStop", E_STOP, 0, 0, 0, 0, EMERGENCY, "OtherError", "EmergencyStop"),
    ("DoorOpen", DOOR, 0, 0, 0, 0, EMERGENCY, "OtherError", "Other"),
    ("EarthFault", EARTH, 0, 0, 0, LATCH, EMERGENCY, "GroundFailure", "Other"),
    ("ContactorWelded", NOT_OPEN, 0, 0, 300, LATCH, EMERGENCY, "PowerSwitchFailure", "Other"),
    ("WeldCheckFailed", WELD, 0, 0, 0, LATCH, EMERGENCY, "PowerSwitchFailure", "Other"),
    ("ShortCircuit", SHORT, 0, 0, 0, LATCH, EMERGENCY, "OverCurrentFailure", "Other"),
    ("OverVoltageFar", VOLTS, 50, 50, 0, LATCH, EMERGENCY, "OverVoltage", "Other"),
    ("OverVoltage", VOLTS, 20, 20, 200, LATCH, STOP, "OverVoltage", "Other"),
    ("OverCurrentFar", AMPS_FAR, 0, 0, 0, 5000, EMERGENCY, "OverCurrentFailure", "Other"),
    ("OverCurrent", AMPS, 0, 0, 1000, 5000, STOP, "OverCurrentFailure", "Other"),
    ("ContactorOpen", NOT_CLOSED, 0, 0, 300, 5000, EMERGENCY, "PowerSwitchFailure", "Other"),
    ("ReversePolarity", POLARITY, 2000, 1000, 200, 1000, STOP, "OtherError", "Other"),
    ("CurrentBackwards", BACKWARDS, 1000, 500, 1000, 5000, STOP, "OtherError", "Other"),
    ("VoltageAtGun", GUN_VOLTS, 0, -2000, 2000, 1000, STOP, "PowerSwitchFailure", "Other"),
    ("GunOverTemperature", GUN_HEAT, 0, -100, 0, 1000, STOP, "HighTemperature", "Other"),
    ("GunSensor", GUN_SENSOR, 0, 0, 500, 5000, STOP, "OtherError", "Other"),
    ("ModuleStaysOn", STAYS_ON, 0, 0, 300, 5000, EMERGENCY, "InternalError", "Other"),
    ("ModuleFault", MODULE_FAULT, 0, 0, 0, 1000, STOP, "InternalError", "Other"),
    ("ModuleOverTemperature", MODULE_HEAT, 0, -100, 0, 0, STOP, "HighTemperature", "Other"),
    ("ModuleSilent", MODULE_AGE, 0, 0, 0, 0, STOP, "InternalError", "Other"),
    ("BmsSilent", BMS_AGE, 1, 0, 0, 0, STOP, "EVCommunicationError", "Other"),
    ("BmsAlarm", BMS_ALARM, 0, 0, 200, 5000, STOP, "OtherError", "Other"),
    ("BmsRequest", BMS_REQUEST, 0, 0, 2000, 2000, STOP, "EVCommunicationError", "Other"),
    ("BmsVoltage", BMS_VOLTS, 0, 0, 5000, UNPLUG, STOP, "EVCommunicationError", "Other"),
    ("BmsCurrentSign", BMS_SIGN, 0, 0, 5000, UNPLUG, STOP, "EVCommunicationError", "Other"),
    ("ControlStalled", GAP, 1000, 1000, 0, 5000, STOP, "InternalError", "Other"),
    ("BrownOut", BROWN_OUT, 0, 0, 0, 0, STOP, "UnderVoltage", "Other"),
    ("CrashLoop", CRASHES, 0, 0, 0, 0, STOP, "InternalError", "Other"),
    ("SelfTestFailed", NOT_READY, 0, 0, 0, UNPLUG, STOP, "InternalError", "Other"),
    ("PrechargeFailed", NOT_MATCHED, 0, 0, 0, UNPLUG, STOP, "OtherError", "Other"),
    ("DischargeFailed", CHARGED, 0, 0, 0, 0, STOP, "InternalError", "Other"),
    # these only lower the current, and are not reported to the central system
    ("OverVoltageNear", VOLTS, 10, 10, 500, 1000, DERATE, "NoError", ""),
    ("GunHot", GUN_WARM, 0, 0, 0, 0, DERATE, "NoError", ""),
    ("ModuleHot", MODULE_WARM, 0, 0, 0, 0, DERATE, "NoError", ""),
)
