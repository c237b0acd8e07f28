"""What of the connector outlasts a reboot: its reservation, and that it is out of service.

Loaded on demand. One small file holds both; it is on flash before the server hears "Accepted",
and written only when something changed. With ocpp/reservation.py this is ReserveNow,
CancelReservation and ChangeAvailability (OCPP 1.6 5.13, 5.1, 5.2).

A reservation is (id, expiry in seconds since 1970, uptime at which it has surely run out on a
charger that does not know the time, idTag, parentIdTag or ""); tags in capitals, for they are
compared without case. A charger that has lost the time must neither end it too soon nor never.
"""

from micropython import const

from firmware.on_demand import load
from firmware.storage.files import write_json
from firmware.storage.json_files import read_json

_FILE = "standing.json"
_RETRY_S = const(2)
_LOOK_S = const(60)  # at least this often: the clock may have been set
_ID = const(0)
_EXPIRY_S = const(1)
_LONGEST_S = const(2)
_ID_TAG = const(3)
_PARENT = const(4)


def restore(point: "ChargePoint", in_session: bool) -> None:
    """At boot, before the first tick.

    `in_session`: power failed in a session. That has used up a reservation that is still on
    flash, and what is scheduled waits until the session is closed.
    """
    try:
        stored = read_json(_FILE)
    except OSError:  # damaged, and flash does not let it be set aside
        stored = {}
    if stored.get("out") in (1, 2):
        point.out_of_service = stored["out"]
    row = stored.get("reservation")
    if isinstance(row, list) and len(row) == 5:
        point.reservation = row
    if in_session:
        return
    connector = point.core.connector
    connector.operative = not point.out_of_service
    connector.reserved = connector.operative and point.reservation is not None
    connector.state = connector.resting_state()


def reserve(
    point: "ChargePoint", reservation_id: int, expiry_s: int, id_tag: str, parent: str
) -> str:
    """Keep the connector for a tag; the status that ReserveNow is answered with.

    The same id replaces a reservation, another one finds it Occupied.
    """
    state = point.core.connector.state
    if state == "Faulted" or state == "Unavailable":
        return state
    before = point.reservation
    if state == "Reserved":
        if before[_ID] != reservation_id:
            return "Occupied"
    elif state != "Available":
        return "Occupied"
    clock = point.clock
    left_s = expiry_s - clock.unix_s()
    if left_s <= 0 or not clock.known or point.reset_at_s >= 0:
        return "Rejected"
    point.reservation = reservation_id, expiry_s, left_s, id_tag.upper(), parent.upper()
    if not _stored(point, before, point.out_of_service):
        return "Rejected"
    point.core.reserve(True)
    point.look_at_s = 0
    return "Accepted"


def keeps_out(row: "tuple", id_tag: str, parent: "str | None") -> bool:
    """Is that reservation for somebody else; `parent` None: not known yet."""
    wanted = row[_PARENT]
    if id_tag.upper() == row[_ID_TAG]:
        return False
    return not wanted or (parent is not None and parent.upper() != wanted)


def cancel(point: "ChargePoint", reservation_id: int) -> bool:
    """End a reservation at the server's wish; False when it is not that one."""
    row = point.reservation
    if not row or row[_ID] != reservation_id or not point.core.connector.reserved:
        return False
    point.reservation = None
    if not _stored(point, row, point.out_of_service):
        return False
    point.core.reserve(False)
    return True


def look_at_reservation(point: "ChargePoint") -> None:
    """End it when it has run out or was used, or a fault overtook it; else say when to look again.

    Where the clock was never set it lasts as long as it can last at most. Flash that fails is
    tried again.
    """
    row = point.reservation
    clock = point.clock
    now_s = clock.uptime_s()
    left_s = row[_EXPIRY_S] - clock.unix_s()
    if not clock.known:  # what it shows is too early, if anything
        left_s = min(left_s, row[_LONGEST_S] - now_s)
    if left_s > 0 and point.core.connector.reserved:
        point.look_at_s = now_s + min(left_s, _LOOK_S)
        return
    point.core.reserve(False)
    point.reservation = None
    if not _stored(point, row, point.out_of_service):
        point.look_at_s = now_s + _RETRY_S


def change_availability(point: "ChargePoint", connector_id: int, operative: bool) -> str:
    """Into or out of service (OCPP 1.6 5.2); Scheduled until the end of a running session.

    0 is the charge point with its connector. An operative connector needs an operative charge
    point, so taking it into service does that, too.
    """
    out = point.out_of_service
    row = point.reservation
    wanted = 0 if operative else max(out, 1 if connector_id else 2)
    if wanted != out:
        point.out_of_service = wanted
        point.reservation = row if operative else None
        if not _stored(point, row, out):
            return "Rejected"
    if point.core.session.open:
        return "Accepted" if operative else "Scheduled"
    point.core.set_operative(operative)
    load("firmware.services.statuses").look(point)  # connector 0 has no events
    return "Accepted"


def _stored(point: "ChargePoint", reservation: "tuple | None", out_of_service: int) -> bool:
    """Put it on flash; else back to what it was, and False."""
    try:
        write_json(_FILE, {"out": point.out_of_service, "reservation": point.reservation})
    except (OSError, ValueError) as error:  # ValueError: a tag that is no text
        point.log.error("flash", "standing of the connector not stored: %s", error)
        point.reservation = reservation
        point.out_of_service = out_of_service
        return False
    return True
