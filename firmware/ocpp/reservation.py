"""The Reservation profile: ReserveNow and CancelReservation. Loaded on demand.

Connector 0 stands for any connector (OCPP 1.6 5.13): here it is the one there is. The station:

    def reserve(self, reservation_id: int, expiry_s: int, id_tag: str, parent: str) -> str
        # expiry in seconds since 1970, parent "" = none; the status of the answer
    def cancel_reservation(self, reservation_id: int) -> bool  # False: no such reservation
"""

from .date_parser import parse_iso8601
from .messages import status
from .requests import check

_REQUESTS = {
    "ReserveNow": "connectorId! int 0; expiryDate! date; idTag! text 20; parentIdTag text 20; "
    "reservationId! int",
    "CancelReservation": "reservationId! int",
}


def answer(action: str, payload: dict, station: "Station", keys: "Keys") -> str:
    """The status that the connector's state, or the reservation it has, leads to."""
    check(action, payload, _REQUESTS)
    reservation_id = payload["reservationId"]
    if action == "CancelReservation":
        return status("Accepted" if station.cancel_reservation(reservation_id) else "Rejected")
    if payload["connectorId"] > station.number_of_connectors:
        return status("Rejected")
    expiry_s = parse_iso8601(payload["expiryDate"])
    parent = payload.get("parentIdTag", "")
    return status(station.reserve(reservation_id, expiry_s, payload["idTag"], parent))
