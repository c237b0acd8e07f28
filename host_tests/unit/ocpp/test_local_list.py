"""SendLocalList and GetLocalListVersion: all of an update or nothing, and what is said of it."""

import pytest

from firmware.ocpp.errors import OcppError
from firmware.ocpp.key_table import find
from firmware.ocpp.keys import Keys
from firmware.ocpp.local_list import LONGEST, MOST
from host_tests.unit.ocpp.answers import answer_of
from host_tests.unit.ocpp.schemas import valid

YES = {"status": "Accepted"}


class Station:
    """A list in memory; `stores` False: flash does not take it."""

    def __init__(self, version=0, stores=True):
        self.version = version
        self.stores = stores
        self.updates = []

    def list_version(self):
        return self.version

    def update_list(self, version, full, changes, longest):
        self.updates.append((version, full, changes, longest))
        return self.stores


def make_keys(enabled=True):
    keys = Keys(lambda stored: None)
    assert keys.set("LocalAuthListEnabled", "true" if enabled else "false") == "Accepted"
    return keys


def send(station, rows, version=2, kind="Full", enabled=True):
    payload = {"listVersion": version, "updateType": kind}
    if rows is not None:
        payload["localAuthorizationList"] = rows
    text = answer_of("SendLocalList", payload, station, make_keys(enabled))
    return valid("SendLocalListResponse", text)["status"]


def version_of(station, enabled=True):
    text = answer_of("GetLocalListVersion", {}, station, make_keys(enabled))
    return valid("GetLocalListVersionResponse", text)["listVersion"]


def test_the_version():
    assert version_of(Station(0)) == 0
    assert version_of(Station(7)) == 7
    assert version_of(Station(7), enabled=False) == -1


def test_what_is_handed_on():
    station = Station()
    info = {"status": "Blocked", "parentIdTag": "P", "expiryDate": "2026-01-21T09:51:06Z"}
    assert send(station, [{"idTag": "abc", "idTagInfo": info}]) == "Accepted"
    assert station.updates == [(2, True, {"ABC": ["Blocked", 1_768_989_066, "P"]}, 500)]
    rows = [{"idTag": "abc"}, {"idTag": "d", "idTagInfo": YES}]
    assert send(station, rows, kind="Differential") == "Accepted"
    assert station.updates[1] == (2, False, {"ABC": None, "D": ["Accepted", 0, ""]}, 500)


@pytest.mark.parametrize("rows", [None, []])
def test_an_empty_full_list(rows):
    station = Station(9)
    assert send(station, rows, version=1) == "Accepted"
    assert station.updates == [(1, True, {}, 500)]


def test_not_enabled():
    station = Station()
    assert send(station, [], enabled=False) == "NotSupported"
    assert station.updates == []


@pytest.mark.parametrize(("version", "taken"), [(4, False), (5, False), (6, True)])
def test_a_differential_must_be_newer(version, taken):
    station = Station(5)
    row = [{"idTag": "A", "idTagInfo": YES}]
    wanted = "Accepted" if taken else "VersionMismatch"
    assert send(station, row, version, "Differential") == wanted
    assert len(station.updates) == taken
    assert send(station, row, version) == "Accepted"  # a whole list may have any version


@pytest.mark.parametrize(
    "rows",
    [
        [{"idTag": "%d" % number, "idTagInfo": YES} for number in range(MOST + 1)],
        [{"idTag": "A", "idTagInfo": YES}, {"idTag": "a", "idTagInfo": YES}],
        [{"idTag": "A"}],
    ],
)
def test_what_fails(rows):
    station = Station()
    assert send(station, rows) == "Failed"
    assert station.updates == []


def test_flash_that_does_not_take_it():
    assert send(Station(stores=False), [{"idTag": "A", "idTagInfo": YES}]) == "Failed"


def test_as_many_as_the_key_says():
    rows = [{"idTag": "%d" % number, "idTagInfo": YES} for number in range(MOST)]
    assert send(Station(), rows) == "Accepted"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"listVersion": None}, "TypeConstraintViolation"),
        ({"listVersion": -1}, "PropertyConstraintViolation"),
        ({"updateType": "Half"}, "PropertyConstraintViolation"),
        ({"localAuthorizationList": {}}, "TypeConstraintViolation"),
        ({"localAuthorizationList": ["A"]}, "TypeConstraintViolation"),
        ({"localAuthorizationList": [{}]}, "OccurenceConstraintViolation"),
        ({"localAuthorizationList": [{"idTag": "x" * 21}]}, "PropertyConstraintViolation"),
        ({"localAuthorizationList": [{"idTag": 5}]}, "TypeConstraintViolation"),
        (
            {"localAuthorizationList": [{"idTag": "A", "idTagInfo": {}}]},
            "OccurenceConstraintViolation",
        ),
        (
            {"localAuthorizationList": [{"idTag": "A", "idTagInfo": {"status": "Maybe"}}]},
            "PropertyConstraintViolation",
        ),
        (
            {
                "localAuthorizationList": [
                    {"idTag": "A", "idTagInfo": {"status": "Accepted", "expiryDate": "x"}}
                ]
            },
            "PropertyConstraintViolation",
        ),
    ],
)
def test_a_wrong_request_changes_nothing(fields, code):
    station = Station()
    payload = {"listVersion": 1, "updateType": "Full", **fields}
    with pytest.raises(OcppError) as error:
        answer_of("SendLocalList", payload, station, make_keys())
    assert error.value.code == code
    assert station.updates == []


def test_the_lengths_are_those_of_the_keys():
    assert int(find("LocalAuthListMaxLength")[3]) == LONGEST
    assert int(find("SendLocalListMaxLength")[3]) == MOST
