"""The requests of a central system: `dispatch` checks one and answers with a payload text.

The Core profile's handlers are here; a profile that is used seldom is a module of its own, loaded
for one request and unloaded after it. Such a module has `REQUESTS` (see requests.py) and
`HANDLERS`. The central system commands the *station* (services/charge_point.py):

    class Station:
        number_of_connectors: int
        def remote_start(self, id_tag: str, connector_id: int, profile: dict | None) -> bool
            # permit a start, gun in or not; False: refused. `profile` is checked, a TxProfile
        def remote_stop(self, transaction_id: int) -> bool        # False: no such transaction
        def reset(self, kind: str) -> bool                        # "Hard", "Soft"; not at once
        def change_availability(self, connector_id: int, operative: bool) -> str
            # "Accepted", "Scheduled" or "Rejected"; 0 is the whole charge point
        def clear_cache(self) -> bool
        def trigger(self, message: str, connector_id: int) -> bool  # send it now; -1: no connector
        def connected(self) -> None                               # registration was accepted
        def answered(self, action: str, txn: int, payload: dict) -> None
            # answer to a transaction message of local transaction `txn`

The last two are called by services/central_system.py. Handlers raise OcppError only.
"""

import sys

from . import rivot
from .errors import (
    NOT_IMPLEMENTED,
    NOT_SUPPORTED,
    OCCURENCE_CONSTRAINT_VIOLATION,
    OcppError,
)
from .keys import MAX_KEYS
from .messages import quote, status
from .requests import check

_ACCEPTED = ("Rejected", "Accepted")
ON_DEMAND = {"TriggerMessage": "remote_trigger"}
# What a charge point without the profile answers (certification list 5.8) ...
ABSENT = {
    "ReserveNow": '{"status":"Rejected"}',
    "CancelReservation": '{"status":"Rejected"}',
    "SendLocalList": '{"status":"NotSupported"}',
    "GetLocalListVersion": '{"listVersion":-1}',
    "SetChargingProfile": '{"status":"NotSupported"}',
    "ClearChargingProfile": '{"status":"Unknown"}',
    "GetCompositeSchedule": '{"status":"Rejected"}',
}
# ... and what has no such answer.
_UNSUPPORTED = ("UpdateFirmware", "GetDiagnostics")


def dispatch(action: str, payload: dict, station: "Station", keys: "Keys") -> str:
    """Answer one request; raises OcppError, with nothing done, when it is wrong or unknown."""
    if action in HANDLERS:
        check(action, payload)
        return HANDLERS[action](payload, station, keys)
    if action in ON_DEMAND:
        return _dispatch_on_demand(ON_DEMAND[action], action, payload, station, keys)
    if action in ABSENT:
        return ABSENT[action]
    code = NOT_SUPPORTED if action in _UNSUPPORTED else NOT_IMPLEMENTED
    raise OcppError(code, action[:50])


def _dispatch_on_demand(
    name: str, action: str, payload: dict, station: "Station", keys: "Keys"
) -> str:
    path = __name__.rsplit(".", 1)[0] + "." + name
    module = __import__(path, None, None, ("HANDLERS",))
    try:
        check(action, payload, module.REQUESTS)
        return module.HANDLERS[action](payload, station, keys)
    finally:
        unload(path)


def unload(path: str) -> None:
    """Forget a module that was loaded on demand, so that its memory is free again."""
    package, name = path.rsplit(".", 1)
    sys.modules.pop(path, None)
    parent = sys.modules.get(package)
    if hasattr(parent, name):
        delattr(parent, name)


def _accepted(done: bool) -> str:
    return status(_ACCEPTED[bool(done)])


def _remote_start_transaction(payload: dict, station: "Station", keys: "Keys") -> str:
    connector_id = payload.get("connectorId", 1)
    profile = payload.get("chargingProfile")
    if not 1 <= connector_id <= station.number_of_connectors:
        return _accepted(False)
    if profile and profile["chargingProfilePurpose"] != "TxProfile":  # OCPP 1.6 5.11
        return _accepted(False)
    return _accepted(station.remote_start(payload["idTag"], connector_id, profile))


def _remote_stop_transaction(payload: dict, station: "Station", keys: "Keys") -> str:
    return _accepted(station.remote_stop(payload["transactionId"]))


def _reset(payload: dict, station: "Station", keys: "Keys") -> str:
    return _accepted(station.reset(payload["type"]))


def _change_availability(payload: dict, station: "Station", keys: "Keys") -> str:
    if payload["connectorId"] > station.number_of_connectors:
        return _accepted(False)
    operative = payload["type"] == "Operative"
    return status(station.change_availability(payload["connectorId"], operative))


def _clear_cache(payload: dict, station: "Station", keys: "Keys") -> str:
    return _accepted(station.clear_cache())


def _unlock_connector(payload: dict, station: "Station", keys: "Keys") -> str:
    return status("NotSupported")  # the cable is fixed, and other connectors do not exist


def _data_transfer(payload: dict, station: "Station", keys: "Keys") -> str:
    return status(rivot.incoming_status(payload["vendorId"]))


def _change_configuration(payload: dict, station: "Station", keys: "Keys") -> str:
    return status(keys.set(payload["key"], payload["value"]))


def _get_configuration(payload: dict, station: "Station", keys: "Keys") -> str:
    wanted = payload.get("key")
    if wanted and len(wanted) > MAX_KEYS:
        raise OcppError(OCCURENCE_CONSTRAINT_VIOLATION, "more keys than GetConfigurationMaxKeys")
    parts = ['{"configurationKey":[']
    for key, read_only, value in keys.entries(wanted):
        if len(parts) > 1:
            parts.append(",")
        parts.append(
            '{"key":"%s","readonly":%s,"value":%s}'
            % (key, "true" if read_only else "false", quote(value))
        )
    parts.append("]")
    unknown = [quote(key) for key in wanted or () if not keys.find(key)]
    if unknown:
        parts.append(',"unknownKey":[' + ",".join(unknown) + "]")
    parts.append("}")
    return "".join(parts)


HANDLERS = {
    "ChangeAvailability": _change_availability,
    "ChangeConfiguration": _change_configuration,
    "ClearCache": _clear_cache,
    "DataTransfer": _data_transfer,
    "GetConfiguration": _get_configuration,
    "RemoteStartTransaction": _remote_start_transaction,
    "RemoteStopTransaction": _remote_stop_transaction,
    "Reset": _reset,
    "UnlockConnector": _unlock_connector,
}
