import json
import sys

import pytest

from firmware.ocpp.errors import OcppError
from firmware.ocpp.key_table import rows
from firmware.ocpp.keys import Keys
from host_tests.unit.ocpp.answers import answer_of
from host_tests.unit.ocpp.schemas import valid

PROFILE = {
    "chargingProfileId": 1, "stackLevel": 0, "chargingProfilePurpose": "TxProfile",
    "chargingProfileKind": "Relative", "chargingSchedule": {
        "chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 6.5}]},
}  # fmt: skip

PROFILE_ROW = [1, 2, 0, 1, 0, "A", 0, 0, 0, -1, 0, 0, [0, 65]]  # of ocpp/profile_rules.py


class Station:
    """Does as it is told and remembers it; `willing` False refuses everything."""

    number_of_connectors = 1

    def __init__(self, willing=True):
        self.willing = willing
        self.did = []

    def _do(self, *what):
        self.did.append(what)
        return self.willing

    def unix_s(self):
        return 1_768_989_066

    def remote_start(self, id_tag, connector_id, profile):
        return self._do("start", id_tag, connector_id, profile)

    def remote_stop(self, transaction_id):
        return self._do("stop", transaction_id)

    def reset(self, kind):
        return self._do("reset", kind)

    def change_availability(self, connector_id, operative):
        return "Scheduled" if self._do("availability", connector_id, operative) else "Rejected"

    def clear_cache(self):
        return self._do("clear")

    def trigger(self, message, connector_id):
        return self._do("trigger", message, connector_id)


@pytest.fixture
def keys():
    return Keys(lambda values: None)


def ask(action, payload, station=None, keys=None):
    """The answer's payload, which keeps to the schema."""
    return valid(action + "Response", answer_of(action, payload, station or Station(), keys))


@pytest.mark.parametrize(
    "action, payload, did, accepted",
    [
        ("RemoteStartTransaction", {"idTag": "T"}, ("start", "T", 1, None), "Accepted"),
        (
            "RemoteStartTransaction",
            {"idTag": "T", "connectorId": 1, "chargingProfile": PROFILE},
            ("start", "T", 1, PROFILE_ROW),
            "Accepted",
        ),
        ("RemoteStopTransaction", {"transactionId": 1769000000}, ("stop", 1769000000), "Accepted"),
        ("Reset", {"type": "Hard"}, ("reset", "Hard"), "Accepted"),
        ("Reset", {"type": "Soft"}, ("reset", "Soft"), "Accepted"),
        (
            "ChangeAvailability",
            {"connectorId": 0, "type": "Inoperative"},
            ("availability", 0, False),
            "Scheduled",
        ),
        (
            "ChangeAvailability",
            {"connectorId": 1, "type": "Operative"},
            ("availability", 1, True),
            "Scheduled",
        ),
        ("ClearCache", {}, ("clear",), "Accepted"),
        (
            "TriggerMessage",
            {"requestedMessage": "MeterValues", "connectorId": 1},
            ("trigger", "MeterValues", 1),
            "Accepted",
        ),
        (
            "TriggerMessage",
            {"requestedMessage": "Heartbeat"},
            ("trigger", "Heartbeat", -1),
            "Accepted",
        ),
    ],
)
def test_the_station_is_commanded_and_may_refuse(action, payload, did, accepted):
    for willing in (True, False):
        station = Station(willing)
        answer = ask(action, payload, station)
        refused = "NotImplemented" if action == "TriggerMessage" else "Rejected"
        assert answer == {"status": accepted if willing else refused}
        assert station.did == [did]


@pytest.mark.parametrize(
    "action, payload, status",
    [
        ("RemoteStartTransaction", {"idTag": "T", "connectorId": 0}, "Rejected"),
        ("RemoteStartTransaction", {"idTag": "T", "connectorId": -1}, "Rejected"),
        ("RemoteStartTransaction", {"idTag": "T", "connectorId": 2}, "Rejected"),
        (
            "RemoteStartTransaction",
            {
                "idTag": "T",
                "chargingProfile": {**PROFILE, "chargingProfilePurpose": "TxDefaultProfile"},
            },
            "Rejected",
        ),
        ("ChangeAvailability", {"connectorId": 2, "type": "Operative"}, "Rejected"),
        ("UnlockConnector", {"connectorId": 1}, "NotSupported"),
        ("UnlockConnector", {"connectorId": 7}, "NotSupported"),
        ("TriggerMessage", {"requestedMessage": "MeterValues", "connectorId": 2}, "Rejected"),
        ("DataTransfer", {"vendorId": "Other", "data": "x"}, "UnknownVendorId"),
        ("DataTransfer", {"vendorId": "RivotMotors", "messageId": "X"}, "UnknownMessageId"),
        ("DataTransfer", {"vendorId": "RivotMotors"}, "UnknownMessageId"),
    ],
)
def test_what_needs_no_station(action, payload, status):
    station = Station()
    assert ask(action, payload, station) == {"status": status}
    assert station.did == []


@pytest.mark.parametrize(
    "action, payload, code",
    [
        ("UpdateFirmware", {}, "OccurenceConstraintViolation"),
        ("GetDiagnostics", {}, "OccurenceConstraintViolation"),
        ("Heartbeat", {}, "NotImplemented"),
        ("BootNotification", {}, "NotImplemented"),
        ("ExtendedTriggerMessage", {}, "NotImplemented"),
        ("", {}, "NotImplemented"),
        ("x" * 5000, {}, "NotImplemented"),
        ("remote_trigger", {}, "NotImplemented"),
        ("RemoteStartTransaction", {}, "OccurenceConstraintViolation"),
        ("RemoteStartTransaction", {"idTag": "x" * 21}, "PropertyConstraintViolation"),
        ("RemoteStartTransaction", {"idTag": 17}, "TypeConstraintViolation"),
        (
            "RemoteStartTransaction",
            {"idTag": "T", "chargingProfile": []},
            "TypeConstraintViolation",
        ),
        ("RemoteStopTransaction", {"transactionId": "1"}, "TypeConstraintViolation"),
        ("Reset", {"type": "Warm"}, "PropertyConstraintViolation"),
        (
            "ChangeAvailability",
            {"connectorId": -1, "type": "Operative"},
            "PropertyConstraintViolation",
        ),
        ("TriggerMessage", {"requestedMessage": "Boot"}, "PropertyConstraintViolation"),
        ("GetConfiguration", {"key": "HeartbeatInterval"}, "TypeConstraintViolation"),
        ("GetConfiguration", {"key": ["x"] * 61}, "OccurenceConstraintViolation"),
        ("ChangeConfiguration", {"key": "HeartbeatInterval"}, "OccurenceConstraintViolation"),
        ("ChangeConfiguration", {"key": "K", "value": 10}, "TypeConstraintViolation"),
    ],
)
def test_wrong_requests_are_refused_and_nothing_is_done(keys, action, payload, code):
    station = Station()
    with pytest.raises(OcppError) as caught:
        answer_of(action, payload, station, keys)
    assert caught.value.code == code and len(str(caught.value)) <= 60
    assert (station.did, keys.dump()) == ([], {})


def test_all_keys_are_told_each_with_a_value_and_in_one_piece(keys):
    text = answer_of("GetConfiguration", {}, Station(), keys)
    payload = valid("GetConfigurationResponse", text)
    assert list(payload) == ["configurationKey"]
    entries = payload["configurationKey"]
    assert [entry["key"] for entry in entries] == [row[0] for row in rows() if "R" in row[1]]
    assert all(set(entry) == {"key", "readonly", "value"} for entry in entries)
    assert "AuthorizationKey" not in text
    assert ask("GetConfiguration", {"key": []}, None, keys) == payload
    assert len(text) < 3000


def test_asked_keys_are_told_and_unknown_ones_named(keys):
    keys.set("AuthorizationKey", "a-very-secret-password")
    keys.set("LocalPreAuthorize", "true")
    wanted = ["heartbeatinterval", "Testing", "LocalPreAuthorize", "NumberOfConnectors", "é\"",
              "AuthorizationKey"]  # fmt: skip
    text = answer_of("GetConfiguration", {"key": wanted}, Station(), keys)
    assert valid("GetConfigurationResponse", text) == {
        "configurationKey": [
            {"key": "HeartbeatInterval", "readonly": False, "value": "60"},
            {"key": "LocalPreAuthorize", "readonly": False, "value": "true"},
            {"key": "NumberOfConnectors", "readonly": True, "value": "1"},
        ],
        "unknownKey": ["Testing", 'é"'],
    }
    assert "secret" not in text


def test_every_known_key_can_be_asked_for_at_once(keys):
    wanted = [row[0] for row in rows() if "R" in row[1]]
    payload = ask("GetConfiguration", {"key": wanted}, None, keys)
    assert [entry["key"] for entry in payload["configurationKey"]] == wanted
    assert "unknownKey" not in payload


@pytest.mark.parametrize(
    "key, value, status",
    [
        ("MeterValueSampleInterval", "30", "Accepted"),
        ("MeterValueSampleInterval", "-1", "Rejected"),
        ("MeterValuesSampledData", "Voltage.L1," * 60, "Rejected"),
        ("NumberOfConnectors", "2", "Rejected"),
        ("Testing", "1", "NotSupported"),
    ],
)
def test_change_configuration(keys, key, value, status):
    assert ask("ChangeConfiguration", {"key": key, "value": value}, None, keys) == {
        "status": status
    }
    assert keys.dump() == ({key: value} if status == "Accepted" else {})


def test_modules_loaded_on_demand_do_not_stay(keys):
    for name in ("core", "get_configuration", "remote_trigger", "key_check"):
        sys.modules.pop("firmware.ocpp." + name, None)
    ask("GetConfiguration", {}, None, keys)
    ask("TriggerMessage", {"requestedMessage": "Heartbeat"})
    with pytest.raises(OcppError):
        ask("NoSuchAction", {})
    ask("ChangeConfiguration", {"key": "ResetRetries", "value": "2"}, None, keys)
    loaded = [name for name in sys.modules if name.startswith("firmware.ocpp.")]
    assert not {"core", "get_configuration", "remote_trigger", "key_check"} & {
        name.rsplit(".", 1)[1] for name in loaded
    }


def test_answers_are_compact_json(keys):
    for action, payload in (("Reset", {"type": "Soft"}), ("GetConfiguration", {})):
        text = answer_of(action, payload, Station(), keys)
        assert text == json.dumps(json.loads(text), separators=(",", ":"))
