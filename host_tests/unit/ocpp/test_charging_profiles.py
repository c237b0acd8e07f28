"""Set- and ClearChargingProfile, GetCompositeSchedule: what the station is asked and what said."""

import pytest

from firmware.ocpp.errors import OcppError
from host_tests.unit.ocpp.answers import answer_of
from host_tests.unit.ocpp.schemas import valid

NOW = 1_768_989_066
ANY = (None, None, None, None)


class Station:
    """Answers as it is told and remembers what it was asked."""

    number_of_connectors = 1
    facts = ([[1, 1, 0, 1, 0, "A", 0, 0, 0, 0, NOW, 0, [0, 60]]], NOW, NOW, 100_000, 76_000)

    def __init__(self, willing=True):
        self.willing = willing
        self.asked = []

    def unix_s(self):
        return NOW

    def set_profile(self, row, transaction_id):
        self.asked.append((row[1], row[3], transaction_id))
        return self.willing

    def clear_profiles(self, wanted):
        self.asked.append(wanted)
        return self.willing

    def profiles(self):
        return self.facts


def ask(action, payload, station):
    return valid(action + "Response", answer_of(action, payload, station, None))


def profile(purpose="TxDefaultProfile", **fields):
    schedule = {
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 6}],
    }
    return {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Absolute",
        "chargingSchedule": schedule,
        **fields,
    }


def set_it(station, connector_id, **fields):
    request = {"connectorId": connector_id, "csChargingProfiles": profile(**fields)}
    return ask("SetChargingProfile", request, station)["status"]


@pytest.mark.parametrize(
    ("purpose", "connector_id", "number"),
    [
        ("ChargePointMaxProfile", 0, 0),
        ("TxDefaultProfile", 0, 1),
        ("TxDefaultProfile", 1, 1),
        ("TxProfile", 1, 2),
    ],
)
def test_set(purpose, connector_id, number):
    for willing, status in ((True, "Accepted"), (False, "Rejected")):
        station = Station(willing)
        assert set_it(station, connector_id, purpose=purpose, transactionId=7) == status
        assert station.asked == [(number, connector_id, 7)]
    set_it(station, connector_id, purpose=purpose)
    assert station.asked[-1] == (number, connector_id, None)


@pytest.mark.parametrize(
    ("purpose", "connector_id"),
    [("ChargePointMaxProfile", 1), ("TxProfile", 0), ("TxDefaultProfile", 2), ("TxProfile", 2)],
)
def test_each_purpose_has_its_connectors(purpose, connector_id):
    station = Station()
    assert set_it(station, connector_id, purpose=purpose) == "Rejected"
    assert station.asked == []


def test_nonsense_is_rejected_before_the_station_is_asked():
    station = Station()
    assert set_it(station, 1, stackLevel=10) == "Rejected"
    assert station.asked == []


@pytest.mark.parametrize(
    ("request_", "wanted"),
    [
        ({}, ANY),
        ({"id": 0}, (0, None, None, None)),
        ({"chargingProfilePurpose": "TxProfile"}, (None, 2, None, None)),
        ({"chargingProfilePurpose": "ChargePointMaxProfile"}, (None, 0, None, None)),
        ({"stackLevel": 0, "connectorId": 0}, (None, None, 0, 0)),
        (
            {"id": 9, "chargingProfilePurpose": "TxDefaultProfile", "connectorId": 1},
            (9, 1, None, 1),
        ),
    ],
)
def test_clear(request_, wanted):
    for willing, status in ((True, "Accepted"), (False, "Unknown")):
        station = Station(willing)
        assert ask("ClearChargingProfile", request_, station) == {"status": status}
        assert station.asked == [wanted]


@pytest.mark.parametrize("connector_id", [0, 1])
def test_composite(connector_id):
    request = {"connectorId": connector_id, "duration": 300}
    answer = ask("GetCompositeSchedule", request, Station())
    assert answer["connectorId"] == connector_id
    assert answer["chargingSchedule"]["chargingRateUnit"] == "A"
    assert answer["chargingSchedule"]["chargingSchedulePeriod"] == [
        {"startPeriod": 0, "limit": 6.0}
    ]


def test_composite_in_watts():
    request = {"connectorId": 1, "duration": 300, "chargingRateUnit": "W"}
    schedule = ask("GetCompositeSchedule", request, Station())["chargingSchedule"]
    assert schedule["chargingRateUnit"] == "W"
    assert schedule["chargingSchedulePeriod"] == [{"startPeriod": 0, "limit": 456.0}]


def test_no_composite_of_another_connector_or_without_profiles():
    rejected = {"status": "Rejected"}
    assert ask("GetCompositeSchedule", {"connectorId": 2, "duration": 9}, Station()) == rejected
    station = Station()
    station.facts = None
    assert ask("GetCompositeSchedule", {"connectorId": 1, "duration": 9}, station) == rejected


@pytest.mark.parametrize(
    ("action", "payload"),
    [
        ("SetChargingProfile", {"connectorId": 1}),
        ("SetChargingProfile", {"csChargingProfiles": profile()}),
        ("SetChargingProfile", {"connectorId": -1, "csChargingProfiles": profile()}),
        ("SetChargingProfile", {"connectorId": 1, "csChargingProfiles": {}}),
        ("SetChargingProfile", {"connectorId": 1, "csChargingProfiles": [profile()]}),
        ("ClearChargingProfile", {"id": "1"}),
        ("ClearChargingProfile", {"connectorId": -1}),
        ("ClearChargingProfile", {"stackLevel": -1}),
        ("ClearChargingProfile", {"chargingProfilePurpose": "All"}),
        ("GetCompositeSchedule", {"connectorId": 1}),
        ("GetCompositeSchedule", {"duration": 300}),
        ("GetCompositeSchedule", {"connectorId": 1, "duration": 0}),
        ("GetCompositeSchedule", {"connectorId": -1, "duration": 300}),
        ("GetCompositeSchedule", {"connectorId": 1, "duration": 300, "chargingRateUnit": "kW"}),
    ],
)
def test_a_wrong_request_is_an_error_and_asks_nobody(action, payload):
    station = Station()
    with pytest.raises(OcppError):
        answer_of(action, payload, station, None)
    assert station.asked == []
