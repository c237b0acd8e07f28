"""ClearChargingProfile and GetCompositeSchedule (OCPP 1.6 5.3, 5.7). Loaded on demand.

The station:

    def clear_profiles(self, wanted: tuple) -> bool            # False: none of them is installed
        # (id, purpose number, level, connector), None = any
    def profiles(self) -> tuple | None       # None: they cannot be read
        # (rows of profile_rules.py that count now, seconds since 1970, when the transaction began
        # or would begin, the charger's rating in mA, the voltage in mV between W and A)
"""

from firmware.on_demand import load

from .messages import status

_PURPOSES = "ChargePointMaxProfile|TxDefaultProfile|TxProfile"
_REQUESTS = {
    "ClearChargingProfile": "id int; connectorId int 0; stackLevel int 0; chargingProfilePurpose "
    + _PURPOSES,
    "GetCompositeSchedule": "connectorId! int 0; duration! int 1; chargingRateUnit A|W",
}


def answer(action: str, payload: dict, station: "Station", keys: "Keys") -> "str | list[str]":
    """Clear what has all of the given fields; or the schedule, in A unless asked otherwise.

    Connector 0 is the whole charge point: with one connector the same schedule.
    """
    load("firmware.ocpp.requests").check(action, payload, _REQUESTS)
    connector_id = payload.get("connectorId")
    if action == "ClearChargingProfile":
        purpose = payload.get("chargingProfilePurpose")
        if purpose is not None:
            purpose = _PURPOSES.split("|").index(purpose)
        wanted = payload.get("id"), purpose, payload.get("stackLevel"), connector_id
        return status("Accepted" if station.clear_profiles(wanted) else "Unknown")
    facts = station.profiles() if connector_id <= station.number_of_connectors else None
    if not facts:
        return status("Rejected")
    unit = payload.get("chargingRateUnit", "A")
    module = load("firmware.ocpp.composite")
    periods, covered_s = module.composite(facts, payload["duration"], unit)
    at_s = facts[1]
    facts = None
    return module.parts(connector_id, at_s, unit, periods, covered_s)
