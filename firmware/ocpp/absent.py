"""Requests of profiles that this firmware does not have. Loaded on demand by core.py.

A charge point without a profile still has to answer some of its requests with a status
(certification list 5.8); the other known ones are NotSupported, all else is NotImplemented.
"""

from .errors import OcppError

_ANSWERS = {
    "ReserveNow": '{"status":"Rejected"}',
    "CancelReservation": '{"status":"Rejected"}',
    "SendLocalList": '{"status":"NotSupported"}',
    "GetLocalListVersion": '{"listVersion":-1}',
    "SetChargingProfile": '{"status":"NotSupported"}',
    "ClearChargingProfile": '{"status":"Unknown"}',
    "GetCompositeSchedule": '{"status":"Rejected"}',
}
_NOT_SUPPORTED = ("UpdateFirmware", "GetDiagnostics")


def answer(action: str, payload: dict, station: "Station", keys: "Keys") -> str:
    """The profile's way to say no; raises OcppError where it has none."""
    if action in _ANSWERS:
        return _ANSWERS[action]
    known = action in _NOT_SUPPORTED
    raise OcppError("NotSupported" if known else "NotImplemented", action[:50])
