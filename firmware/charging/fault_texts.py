"""What each fault of supervisor.py means, for people; at most 50 characters go to the server.

Loaded on demand.
"""

TEXTS = {
    "EmergencyStop": "emergency stop pressed; turn the red button to release it",
    "ContactorWelded": "contactor does not open; disconnect the mains, call service",
    "OverVoltageFar": "output more than 5 % above the limit",
    "OverVoltage": "output more than 2 % above the limit for 200 ms",
    "OverCurrentFar": "current more than 20 % above the rating",
    "OverCurrent": "current more than 5 % above the limit for 1 s",
    "ContactorOpen": "contactor does not close",
    "ModuleFault": "the power module reports a fault",
    "ModuleOverTemperature": "the power module is too hot",
    "ModuleSilent": "the power module does not answer",
    "BmsSilent": "the vehicle's BMS does not answer",
    "PrechargeFailed": "battery not recognised, or the module could not be matched to it",
}
