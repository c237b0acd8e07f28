"""ReserveNow and CancelReservation: checked requests, and what the station is asked."""

import pytest

from firmware.ocpp.errors import OcppError
from host_tests.unit.ocpp.answers import answer_of
from host_tests.unit.ocpp.schemas import valid

REQUEST = {
    "connectorId": 1,
    "expiryDate": "2026-01-21T10:51:06Z",
    "idTag": "Tag1",
    "reservationId": 7,
}
EXPIRY_S = 1_768_992_666


class Station:
    """Answers as it is told and remembers what it was asked."""

    number_of_connectors = 1

    def __init__(self, says="Accepted"):
        self.says = says
        self.asked = []

    def reserve(self, *what):
        self.asked.append(what)
        return self.says

    def cancel_reservation(self, reservation_id):
        self.asked.append(reservation_id)
        return self.says == "Accepted"


def ask(action, payload, station):
    return valid(action + "Response", answer_of(action, payload, station, None))


@pytest.mark.parametrize("says", ["Accepted", "Faulted", "Occupied", "Rejected", "Unavailable"])
@pytest.mark.parametrize("connector_id", [0, 1])
def test_the_station_decides(says, connector_id):
    station = Station(says)
    answer = ask("ReserveNow", {**REQUEST, "connectorId": connector_id}, station)
    assert answer == {"status": says}
    assert station.asked == [(7, EXPIRY_S, "Tag1", "")]


def test_parent_and_zone_are_understood():
    station = Station()
    payload = {**REQUEST, "expiryDate": "2026-01-21T12:51:06.5+02:00", "parentIdTag": "P"}
    ask("ReserveNow", {**payload, "reservationId": -1}, station)
    assert station.asked == [(-1, EXPIRY_S, "Tag1", "P")]


def test_a_connector_that_does_not_exist_is_rejected():
    station = Station()
    assert ask("ReserveNow", {**REQUEST, "connectorId": 2}, station) == {"status": "Rejected"}
    assert station.asked == []


@pytest.mark.parametrize(("says", "status"), [("Accepted", "Accepted"), ("", "Rejected")])
def test_cancel(says, status):
    station = Station(says)
    assert ask("CancelReservation", {"reservationId": 7}, station) == {"status": status}
    assert station.asked == [7]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"connectorId": -1}, "PropertyConstraintViolation"),
        ({"connectorId": "1"}, "TypeConstraintViolation"),
        ({"expiryDate": "tomorrow"}, "PropertyConstraintViolation"),
        ({"idTag": "x" * 21}, "PropertyConstraintViolation"),
        ({"parentIdTag": "x" * 21}, "PropertyConstraintViolation"),
        ({"parentIdTag": None}, "TypeConstraintViolation"),
        ({"reservationId": 1.5}, "TypeConstraintViolation"),
    ],
)
def test_a_wrong_request_changes_nothing(change, code):
    station = Station()
    with pytest.raises(OcppError) as refused:
        answer_of("ReserveNow", {**REQUEST, **change}, station, None)
    assert refused.value.code == code
    assert station.asked == []


@pytest.mark.parametrize("field", list(REQUEST))
def test_every_field_must_be_there(field):
    payload = {key: value for key, value in REQUEST.items() if key != field}
    with pytest.raises(OcppError) as refused:
        answer_of("ReserveNow", payload, Station(), None)
    assert refused.value.code == "OccurenceConstraintViolation"
