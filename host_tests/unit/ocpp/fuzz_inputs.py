"""Inbound messages that no server should send: valid frames of every request that OCPP 1.6 and its
security extension have for a charge point, damaged; and text that never was a frame.

All of it comes from one `random.Random`, so that a seed gives the same messages again.
"""

import json
import random
from collections.abc import Iterator
from typing import Any, NamedTuple

_DATE = "2026-01-21T10:00:00Z"
_SCHEDULE = {
    "duration": 300, "startSchedule": _DATE, "chargingRateUnit": "A", "minChargingRate": 1.5,
    "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16.5}, {"startPeriod": 60, "limit": 8}],
}  # fmt: skip
_PROFILE = {
    "chargingProfileId": 1, "stackLevel": 0, "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Absolute", "validFrom": _DATE, "validTo": "2027-01-21T10:00:00Z",
    "chargingSchedule": _SCHEDULE,
}  # fmt: skip
_RELATIVE = {**_PROFILE, "chargingProfilePurpose": "TxProfile", "chargingProfileKind": "Relative",
             "transactionId": 130, "chargingProfileId": 2}  # fmt: skip
_DAILY = {**_PROFILE, "chargingProfileKind": "Recurring", "recurrencyKind": "Daily",
          "chargingProfilePurpose": "ChargePointMaxProfile", "chargingProfileId": 3}  # fmt: skip
_LISTED = [
    {"idTag": "0A1B2C3D4E", "idTagInfo": {"status": "Accepted", "expiryDate": _DATE,
                                          "parentIdTag": "FLEET"}},
    {"idTag": "1122334455", "idTagInfo": {"status": "Blocked"}},
    {"idTag": "gone"},
]  # fmt: skip
_HASH = {"hashAlgorithm": "SHA256", "issuerNameHash": "aa", "issuerKeyHash": "bb",
         "serialNumber": "1"}  # fmt: skip
REQUESTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("CancelReservation", {"reservationId": 7}),
    ("ChangeAvailability", {"connectorId": 1, "type": "Inoperative"}),
    ("ChangeAvailability", {"connectorId": 0, "type": "Operative"}),
    ("ChangeConfiguration", {"key": "MeterValueSampleInterval", "value": "30"}),
    ("ChangeConfiguration", {"key": "MeterValuesSampledData", "value": "SoC,Voltage"}),
    ("ChangeConfiguration", {"key": "ConnectorPhaseRotation", "value": "0.RST,1.RTS"}),
    ("ChangeConfiguration", {"key": "ConnectionTimeOut", "value": "5"}),
    ("ChangeConfiguration", {"key": "LocalAuthListEnabled", "value": "true"}),
    ("ClearCache", {}),
    ("ClearChargingProfile", {}),
    ("ClearChargingProfile", {"id": 1, "connectorId": 1, "stackLevel": 0,
                              "chargingProfilePurpose": "TxDefaultProfile"}),
    ("DataTransfer", {"vendorId": "RivotMotors", "messageId": "x", "data": "y"}),
    ("GetCompositeSchedule", {"connectorId": 1, "duration": 600, "chargingRateUnit": "W"}),
    ("GetConfiguration", {"key": ["HeartbeatInterval", "NoSuchKey"]}),
    ("GetConfiguration", {}),
    ("GetDiagnostics", {"location": "ftp://127.0.0.1:21/x", "retries": 1, "retryInterval": 5,
                        "startTime": _DATE, "stopTime": _DATE}),
    ("GetLocalListVersion", {}),
    ("RemoteStartTransaction", {"connectorId": 1, "idTag": "0A1B2C3D4E",
                                "chargingProfile": _RELATIVE}),
    ("RemoteStartTransaction", {"idTag": "0A1B2C3D4E"}),
    ("RemoteStopTransaction", {"transactionId": 130}),
    ("ReserveNow", {"connectorId": 1, "expiryDate": "2026-01-21T12:00:00Z", "idTag": "0A1B2C3D4E",
                    "parentIdTag": "FLEET", "reservationId": 7}),
    ("Reset", {"type": "Soft"}),
    ("SendLocalList", {"listVersion": 3, "updateType": "Full",
                       "localAuthorizationList": _LISTED[:2]}),
    ("SendLocalList", {"listVersion": 4, "updateType": "Differential",
                       "localAuthorizationList": _LISTED}),
    ("SetChargingProfile", {"connectorId": 1, "csChargingProfiles": _PROFILE}),
    ("SetChargingProfile", {"connectorId": 1, "csChargingProfiles": _RELATIVE}),
    ("SetChargingProfile", {"connectorId": 0, "csChargingProfiles": _DAILY}),
    *(("TriggerMessage", {"requestedMessage": message, "connectorId": 1}) for message in (
        "BootNotification", "DiagnosticsStatusNotification", "FirmwareStatusNotification",
        "Heartbeat", "MeterValues", "StatusNotification")),
    ("UnlockConnector", {"connectorId": 1}),
    ("UpdateFirmware", {"location": "http://127.0.0.1/x", "retrieveDate": _DATE, "retries": 1,
                        "retryInterval": 5}),
    ("CertificateSigned", {"certificateChain": "-----BEGIN CERTIFICATE-----"}),
    ("DeleteCertificate", {"certificateHashData": _HASH}),
    ("ExtendedTriggerMessage", {"requestedMessage": "Heartbeat", "connectorId": 1}),
    ("GetInstalledCertificateIds", {"certificateType": "ManufacturerRootCertificate"}),
    ("GetLog", {"logType": "SecurityLog", "requestId": 1,
                "log": {"remoteLocation": "http://127.0.0.1/x"}}),
    ("InstallCertificate", {"certificateType": "CentralSystemRootCertificate",
                            "certificate": "-----BEGIN CERTIFICATE-----"}),
    ("SignedUpdateFirmware", {"requestId": 1, "firmware": {
        "location": "http://127.0.0.1/x", "retrieveDateTime": _DATE, "signingCertificate": "x",
        "signature": "y"}}),
)  # fmt: skip
_NESTED: Any = []
for _ in range(14):
    _NESTED = [_NESTED]
_VALUES = (
    *(None, True, False, 0, -1, 1, 2, 2**31, 2**40, 2**64, -(2**63), 1.5, -0.0, 1e308, 0.05),
    *("", " ", "x" * 20, "x" * 21, "x" * 600, "0", "-1", "é" * 20, "\U0001f50c", "\u202e", "\x00"),
    *('"\\', "@TID@", "%s%d", "../../boot.py", "Accepted", "2026-02-30T00:00:00Z", "1e9", "nan"),
    *([], {}, [[]], {"": 0}, [None] * 70, ["HeartbeatInterval"] * 80, _NESTED, {"a": {"b": {}}}),
    *("9999-12-31T23:59:59Z", "1970-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59", _DATE),
    *("AuthorizationKey", "TxProfile", "Hard", "W", 130, 0.1, 99999, "ChargePointMaxProfile"),
)
_RARE_VALUES = ("y" * 7000, [{"idTag": str(i)} for i in range(200)], "\ud800", 10**400)
_NAMES = ("", "idTag", "connectorId", "k" * 60, "é", "__class__", "limit")
_PIECES = (
    *("", "", '"', "{", "}", "[", "]", ",", ":", "\\", "\\u12", "\\ud800", "\x00", "\n", "é"),
    *("0", "-", "1e999", "NaN", "null", "\U0001f50c", "[" * 40),
)


class Input(NamedTuple):
    """One text. With an action it is a CALL, which has to be answered under its id."""

    text: str
    id: str = ""
    action: str = ""


def mutated(value: Any, dice: random.Random) -> Any:
    """A copy of `value` in which something may be gone, another, or too long."""
    roll = dice.random()
    if roll < 0.06:
        return dice.choice(_VALUES)
    if roll < 0.0605:
        return dice.choice(_RARE_VALUES)
    if isinstance(value, list):
        copy = [mutated(item, dice) for item in value if dice.random() > 0.03]
        return copy * dice.choice([1] * 30 + [0, 2, 9])
    if isinstance(value, dict):
        copy = {}
        for key, item in value.items():
            roll = dice.random()
            if roll > 0.04:
                copy[key if roll > 0.06 else dice.choice(_NAMES)] = mutated(item, dice)
        return copy
    if isinstance(value, int) and dice.random() < 0.1:
        return value + dice.choice([-1, 1, 1000])
    return value


def damaged(text: str, dice: random.Random) -> str:
    """`text` with one to three places broken."""
    for _ in range(dice.randrange(1, 4)):
        at = dice.randrange(len(text) + 1)
        text = text[:at] + dice.choice(_PIECES) + text[at + dice.randrange(3) :]
    return text


def random_json(dice: random.Random, depth: int = 0) -> Any:
    """Any JSON value."""
    roll = dice.random()
    if depth > 4 or roll < 0.5:
        return dice.choice(_VALUES)
    if roll < 0.75:
        return [random_json(dice, depth + 1) for _ in range(dice.randrange(5))]
    return {dice.choice(_NAMES): random_json(dice, depth + 1) for _ in range(dice.randrange(4))}


def inputs(
    dice: random.Random, count: int, longest: int = 8192, resets: float = 0.05, halves: bool = True
) -> Iterator[Input]:
    """`count` inputs; of those that are a Reset only the share `resets` is kept.

    `halves`: also half surrogate pairs, which MicroPython keeps in a text and CPython cannot.
    """
    made = 0
    while made < count:
        action, payload = dice.choice(REQUESTS)
        if action == "Reset" and dice.random() > resets:
            continue
        text = _frame(f"f{made}", action, payload, dice)
        if len(text.encode("utf-8", "replace")) > longest or "\\ud8" in text and not halves:
            continue
        made += 1
        yield judged(text)


def _frame(id: str, action: str, payload: dict[str, Any], dice: random.Random) -> str:
    roll = dice.random()
    if roll < 0.2:
        return json.dumps([2, id, action, payload])
    if roll < 0.72:
        return json.dumps([2, id, action, mutated(payload, dice)])
    if roll < 0.84:
        return json.dumps(mutated([2, id, action, payload], dice))
    if roll < 0.92:
        return damaged(json.dumps([2, id, action, payload]), dice)
    if roll < 0.96:
        return json.dumps(dice.choice([[3, id, {}], [4, id, "X", "", {}], [3], [2, id], [5, id]]))
    if roll < 0.99:
        return json.dumps(random_json(dice))
    return "".join(dice.choice(_PIECES) for _ in range(dice.randrange(30)))


def judged(text: str) -> Input:
    """What the text asks of a charge point: an answer under its id, or nothing."""
    try:
        frame = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return Input(text)
    if not isinstance(frame, list) or len(frame) != 4 or type(frame[0]) is not int:
        return Input(text)
    kind, id, action, payload = frame
    if kind != 2 or not isinstance(id, str) or not isinstance(action, str):
        return Input(text)
    return Input(text, id, action) if isinstance(payload, dict) else Input(text)


def _refuse(name: str) -> None:
    raise ValueError(name)
