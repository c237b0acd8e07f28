"""Which module answers which request of a central system. Loaded on demand, for one request.

One module a profile, so that only the one that is asked for is in memory. Each has a function
`answer(action, payload, station, keys)` like the one in core.py, whose docstring tells what the
*station* is.
"""

_MODULES = {
    "CancelReservation": "reservation",
    "ClearChargingProfile": "charging_profiles",
    "GetCompositeSchedule": "charging_profiles",
    "GetConfiguration": "get_configuration",
    "GetDiagnostics": "firmware_management",
    "GetLocalListVersion": "local_list",
    "ReserveNow": "reservation",
    "SendLocalList": "local_list",
    "SetChargingProfile": "set_charging_profile",
    "TriggerMessage": "remote_trigger",
    "UpdateFirmware": "firmware_management",
}


def module_of(action: str) -> str:
    """Dotted name of the module that answers `action`; core.py answers, or refuses, the rest."""
    return "firmware.ocpp." + _MODULES.get(action, "core")
