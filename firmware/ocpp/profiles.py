"""Which module answers which request of a central system. Loaded on demand, for one request.

One module a profile, so that only the one that is asked for is in memory. Each has a function
`answer(action, payload, station, keys)` like the one in core.py, whose docstring tells what the
*station* is.
"""

_MODULES = {
    "CancelReservation": "firmware.ocpp.reservation",
    "ClearChargingProfile": "firmware.ocpp.charging_profiles",
    "GetCompositeSchedule": "firmware.ocpp.charging_profiles",
    "GetConfiguration": "firmware.ocpp.get_configuration",
    "GetDiagnostics": "firmware.ocpp.firmware_management",
    "GetLocalListVersion": "firmware.ocpp.local_list",
    "ReserveNow": "firmware.ocpp.reservation",
    "SendLocalList": "firmware.ocpp.local_list",
    "SetChargingProfile": "firmware.ocpp.set_charging_profile",
    "TriggerMessage": "firmware.ocpp.remote_trigger",
    "UpdateFirmware": "firmware.ocpp.firmware_management",
}


def module_of(action: str) -> str:
    """Dotted name of the module that answers `action`; core.py answers, or refuses, the rest."""
    return _MODULES.get(action, "firmware.ocpp.core")
