"""The local authorization list: SendLocalList and GetLocalListVersion. Loaded on demand.

The list is on flash (storage/tag_file.py); OCPP 1.6 3.5.2, 5.10 and 5.15. The station:

    def list_version(self) -> int  # 0: empty. Raises OSError
    def update_list(self, version: int, full: bool, changes: dict, longest: int) -> bool
        # changes: idTag -> record (tag_records.py), None: it goes. False: nothing was changed
"""

from firmware.on_demand import load

from .errors import OcppError
from .messages import status

LONGEST = 500  # LocalAuthListMaxLength
MOST = 5  # SendLocalListMaxLength: what memory takes when every field is as long as can be
_REQUESTS = {
    "GetLocalListVersion": "",
    "SendLocalList": "listVersion! int 0; localAuthorizationList [{row}]; "
    "updateType! Differential|Full",
    "row": "idTag! text 20; idTagInfo {info}",
    "info": "expiryDate text 40; parentIdTag text 20; "
    "status! Accepted|Blocked|Expired|Invalid|ConcurrentTx",
}


def answer(action: str, payload: dict, station: "Station", keys: "Keys") -> str:
    """The version, -1 where the list is not enabled; or what became of the update.

    What is needed one after the other is loaded one after the other: a list takes memory.
    """
    enabled = keys.get("LocalAuthListEnabled")
    load("firmware.ocpp.requests").check(action, payload, _REQUESTS)
    if action == "GetLocalListVersion":
        return '{"listVersion":%d}' % (station.list_version() if enabled else -1)
    return status(_update(payload, station) if enabled else "NotSupported")


def _update(payload: dict, station: "Station") -> str:
    """All of the update or nothing.

    A Differential must be newer than what is there; it cannot build on an unknown version. An
    entry without idTagInfo removes, so in a Full list it is an error, as the same tag twice is.
    """
    rows = payload.get("localAuthorizationList") or []
    version = payload["listVersion"]
    full = payload["updateType"] == "Full"
    if not full and version <= station.list_version():
        return "VersionMismatch"
    changes = _changes(rows, full) if len(rows) <= MOST else None
    if changes is None:
        return "Failed"
    return "Accepted" if station.update_list(version, full, changes, LONGEST) else "Failed"


def _changes(rows: "list", full: bool) -> "dict | None":
    """idTag -> record; None when it is no proper list."""
    record = load("firmware.ocpp.tag_records").record
    parse = load("firmware.ocpp.date_parser").parse_iso8601
    changes: dict = {}
    try:
        while rows:
            row = rows.pop()  # its memory is wanted
            id_tag = row["idTag"].upper()
            info = row.get("idTagInfo")
            if id_tag in changes or (full and info is None):
                return None
            if info and "expiryDate" in info:
                parse(info["expiryDate"])
            changes[id_tag] = record(info, parse)
    except ValueError:
        raise OcppError("PropertyConstraintViolation", "expiryDate is no date")
    return changes
