"""What is kept of an IdTagInfo (OCPP 1.6 7.15): [status, expiry, parentIdTag]. Loaded on demand.

Expiry is in seconds since 1970, 0 = never; a parent that is not there is "".
"""

from micropython import const

from firmware.on_demand import load

STATUS = const(0)
PARENT = const(2)
_EXPIRY = const(1)
_LONGEST = const(20)
_STATUSES = ("Accepted", "Blocked", "Expired", "Invalid", "ConcurrentTx")


def record(info: "Any", parse: "Callable | None" = None) -> "list | None":
    """The record of an idTagInfo; None when it says nothing. `parse`: as parse_iso8601.

    A date that cannot be read, and a parent that is no idTag, count as not there.
    """
    status = info.get("status") if isinstance(info, dict) else None
    if status not in _STATUSES:
        return None
    expiry_s = 0
    if isinstance(info.get("expiryDate"), str):
        parse = parse or load("firmware.ocpp.date_parser").parse_iso8601
        try:
            expiry_s = parse(info["expiryDate"])
        except ValueError:
            pass
    parent = info.get("parentIdTag")
    if not isinstance(parent, str) or len(parent) > _LONGEST:
        parent = ""
    return [status, expiry_s, parent]


def accepted(row: "list", unix_s: int) -> bool:
    """May a tag with this record charge at that time.

    A charger that was never told the time is behind it, if anything: it refuses nobody too soon.
    """
    return row[STATUS] == "Accepted" and not 0 < row[_EXPIRY] <= unix_s


def same(one: str, other: str) -> bool:
    """Are these the same idTag; OCPP compares them without case (CiString)."""
    return one.upper() == other.upper()
