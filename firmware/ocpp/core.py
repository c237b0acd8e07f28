"""The requests of a central system: `dispatch` checks one and answers with a payload text.

The Core profile is here; what is seldom asked is in modules that are loaded for one request and
unloaded after it, each with a function `answer` like the one here. The central system commands
the *station* (services/charge_point.py):

    class Station:
        number_of_connectors: int
        def unix_s(self) -> int
        def remote_start(self, id_tag: str, connector_id: int, profile: list | None) -> bool
            # permit a start, gun in or not; False: refused. `profile`: see profile_rules.py
        def remote_stop(self, transaction_id: int) -> bool        # False: no such transaction
        def reset(self, kind: str) -> bool                        # "Hard", "Soft"; not at once
        def change_availability(self, connector_id: int, operative: bool) -> str
            # "Accepted", "Scheduled" or "Rejected"; 0 is the whole charge point
        def clear_cache(self) -> bool
        def trigger(self, message: str, connector_id: int) -> bool  # send it now; -1: no connector
        def connected(self) -> None                               # registration was accepted
        def answered(self, action: str, txn: int, payload: dict, sent: str | list[str]) -> None
            # answer to `sent`, a transaction message of local transaction `txn`

The last two are called by services/central_system.py.
"""

from firmware.on_demand import load

from .errors import OcppError
from .messages import status

REQUESTS = {
    "ChangeAvailability": "connectorId! int 0; type! Inoperative|Operative",
    # At most 500 by the schema: a longer list is Rejected by the key, as unknown measurands are.
    "ChangeConfiguration": "key! text 50; value! text 9999",
    "ClearCache": "",
    "DataTransfer": "vendorId! text 255; messageId text 50",
    "RemoteStartTransaction": "connectorId int; idTag! text 20; chargingProfile object",
    "RemoteStopTransaction": "transactionId! int",
    "Reset": "type! Hard|Soft",
    "UnlockConnector": "connectorId! int",
}


def answer(action: str, payload: dict, station: "Station", keys: "Keys") -> str:
    """Answer one request; raises OcppError, with nothing done, when it is wrong or unknown."""
    if action not in REQUESTS:
        raise OcppError("NotImplemented", action[:50])
    load("firmware.ocpp.requests").check(action, payload, REQUESTS)
    return status(_status_of(action, payload, station, keys))


def _status_of(action: str, payload: dict, station: "Station", keys: "Keys") -> str:
    """Status of the answer to a checked request of the Core profile."""
    connector_id = payload.get("connectorId", 1)
    if action == "DataTransfer":  # we know one vendor and none of its messages
        vendor = payload["vendorId"]
        return "UnknownMessageId" if vendor == "RivotMotors" else "UnknownVendorId"
    if action == "ChangeConfiguration":
        return keys.set(payload["key"], payload["value"])
    if action == "UnlockConnector":
        return "NotSupported"  # the cable is fixed; other connectors do not exist either
    if connector_id > station.number_of_connectors:
        return "Rejected"
    if action == "ChangeAvailability":
        return station.change_availability(connector_id, payload["type"] == "Operative")
    if action == "RemoteStartTransaction":
        done = _remote_start(connector_id, payload, station)
    elif action == "RemoteStopTransaction":
        done = station.remote_stop(payload["transactionId"])
    elif action == "Reset":
        done = station.reset(payload["type"])
    else:
        done = station.clear_cache()
    return "Accepted" if done else "Rejected"


def _remote_start(connector_id: int, payload: dict, station: "Station") -> bool:
    """A profile must be a TxProfile, and fit in all, before the start is Accepted (5.11)."""
    profile = payload.get("chargingProfile")
    row = None
    if connector_id < 1 or (profile and profile.get("chargingProfilePurpose") != "TxProfile"):
        return False
    if profile is not None:
        load("firmware.ocpp.profile_fields").check_fields("Profile", profile)
        row = load("firmware.ocpp.profile_check").row_of(profile, connector_id, station.unix_s())
        if not row:
            return False
    return station.remote_start(payload["idTag"], connector_id, row)
