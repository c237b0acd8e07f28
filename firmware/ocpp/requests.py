"""Checks what a server asks for before any of it is used.

One line of text describes a request, so that the table costs little RAM: fields separated by "; ",
each a name, "!" when it must be there, and what it must be:

    int [LOWEST]   number   bool   text MAX   date   any   A|B|C (one of these)
    [TYPE] (a list of it)   {Name} (an object, described under that name)

Field names that are not listed are ignored: servers add their own. A request that is no object
never gets here (rpc.py). A profile that is loaded on demand brings a table of its own.
"""

from .dates import parse_iso8601
from .errors import (
    OCCURENCE_CONSTRAINT_VIOLATION,
    PROPERTY_CONSTRAINT_VIOLATION,
    TYPE_CONSTRAINT_VIOLATION,
    OcppError,
)

REQUESTS = {
    "ChangeAvailability": "connectorId! int 0; type! Inoperative|Operative",
    # `value` may have 500 characters; a longer one is Rejected by the key (keys.py)
    "ChangeConfiguration": "key! text 50; value! text 9999",
    "ClearCache": "",
    "DataTransfer": "vendorId! text 255; messageId text 50",
    "GetConfiguration": "key [text 50]",
    "RemoteStartTransaction": "connectorId int; idTag! text 20; chargingProfile {Profile}",
    "RemoteStopTransaction": "transactionId! int",
    "Reset": "type! Hard|Soft",
    "UnlockConnector": "connectorId! int",
    "Profile": "chargingProfileId! int; transactionId int; stackLevel! int 0;"
    " chargingProfilePurpose! ChargePointMaxProfile|TxDefaultProfile|TxProfile;"
    " chargingProfileKind! Absolute|Recurring|Relative; recurrencyKind Daily|Weekly;"
    " validFrom date; validTo date; chargingSchedule! {Schedule}",
    "Schedule": "duration int 0; startSchedule date; chargingRateUnit! A|W;"
    " chargingSchedulePeriod! [{Period}]; minChargingRate number",
    "Period": "startPeriod! int 0; limit! number; numberPhases int",
}


def check(name: str, payload: dict, table: dict = REQUESTS) -> None:
    """Raise the OcppError that names what is wrong with `payload`, described as `name`."""
    if not table[name]:
        return
    for field in table[name].split("; "):
        key, kind = field.split(" ", 1)
        required = key.endswith("!")
        if required:
            key = key[:-1]
        if key in payload:
            _check_value(key, payload[key], kind, table)
        elif required:
            raise OcppError(OCCURENCE_CONSTRAINT_VIOLATION, key + " is missing")


def _check_value(key: str, value: object, kind: str, table: dict) -> None:
    if kind[0] == "[":
        _must_be(isinstance(value, list), key)
        for item in value:
            _check_value(key, item, kind[1:-1], table)
    elif kind[0] == "{":
        _must_be(isinstance(value, dict), key)
        check(kind[1:-1], value, table if kind[1:-1] in table else REQUESTS)
    elif kind == "bool":
        _must_be(isinstance(value, bool), key)
    elif kind == "number":
        _must_be(isinstance(value, (int, float)) and not isinstance(value, bool), key)
        _must_fit(-1e9 < value < 1e9, key)
    elif kind[:3] == "int":
        _must_be(type(value) is int, key)
        _must_fit(len(kind) == 3 or value >= int(kind[4:]), key)
    else:
        _must_be(isinstance(value, str), key)
        _check_text(key, value, kind)


def _check_text(key: str, value: str, kind: str) -> None:
    if kind == "date":
        try:
            parse_iso8601(value)
        except ValueError as error:
            raise OcppError(PROPERTY_CONSTRAINT_VIOLATION, "%s: %s" % (key, error))
    elif kind[:5] == "text ":
        _must_fit(len(value) <= int(kind[5:]), key)
    else:
        _must_fit(value in kind.split("|"), key)


def _must_be(right_type: bool, key: str) -> None:
    if not right_type:
        raise OcppError(TYPE_CONSTRAINT_VIOLATION, key + " has the wrong type")


def _must_fit(fits: bool, key: str) -> None:
    if not fits:
        raise OcppError(PROPERTY_CONSTRAINT_VIOLATION, key + " has a value that is not allowed")
