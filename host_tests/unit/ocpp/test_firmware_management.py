"""UpdateFirmware and GetDiagnostics: checked requests, and what the station is asked."""

import pytest

from firmware.ocpp.errors import OcppError
from host_tests.unit.ocpp.answers import answer_of
from host_tests.unit.ocpp.schemas import valid

DATE = "2026-01-21T09:51:06Z"
DATE_S = 1_768_989_066


class Station:
    """Remembers what it was asked."""

    def __init__(self, name="d.txt", keeps=True):
        self.name = name
        self.keeps = keeps
        self.asked = []

    def get_diagnostics(self, *what):
        self.asked.append(what)
        return self.name

    def update_firmware(self, *what):
        self.asked.append(what)
        return self.keeps


def ask(action, payload, station):
    return valid(action + "Response", answer_of(action, payload, station, None))


def test_diagnostics():
    station = Station()
    request = {"location": "ftp://a/b", "retries": 2, "retryInterval": 7, "startTime": DATE}
    assert ask("GetDiagnostics", request, station) == {"fileName": "d.txt"}
    assert station.asked == [("ftp://a/b", 2, 7, (DATE_S, None))]


def test_nothing_to_upload():
    assert ask("GetDiagnostics", {"location": "http://a/"}, Station("")) == {}


def test_update_with_what_the_server_leaves_open():
    station = Station()
    request = {"location": "HTTPS://a/b", "retrieveDate": DATE}
    assert ask("UpdateFirmware", request, station) == {}
    assert station.asked == [("HTTPS://a/b", DATE_S, 3, 60)]


def test_retries_are_bounded():
    station = Station()
    request = {"location": "http://a/", "retries": 10**9, "retryInterval": 10**9}
    ask("GetDiagnostics", request, station)
    assert station.asked == [("http://a/", 20, 86400, (None, None))]


def test_an_order_that_flash_does_not_keep():
    with pytest.raises(OcppError) as caught:
        ask(
            "UpdateFirmware", {"location": "http://a/", "retrieveDate": DATE}, Station(keeps=False)
        )
    assert caught.value.code == "InternalError"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"location": None}, "TypeConstraintViolation"),
        ({"location": "sftp://a/b"}, "PropertyConstraintViolation"),
        ({"location": "a/b"}, "PropertyConstraintViolation"),
        ({"location": "http://a/b c"}, "PropertyConstraintViolation"),
        ({"location": "http://a/\r\nX: y"}, "PropertyConstraintViolation"),
        ({"location": "http://a/ä"}, "PropertyConstraintViolation"),
        ({"location": "http://" + "a" * 255}, "PropertyConstraintViolation"),
        ({"retries": -1}, "PropertyConstraintViolation"),
        ({"retries": True}, "TypeConstraintViolation"),
        ({"retryInterval": "7"}, "TypeConstraintViolation"),
        ({"retrieveDate": "tomorrow"}, "PropertyConstraintViolation"),
    ],
)
def test_a_bad_request_changes_nothing(change, code):
    station = Station()
    with pytest.raises(OcppError) as caught:
        request = {"location": "http://a/", "retrieveDate": DATE, **change}
        ask("UpdateFirmware", request, station)
    assert caught.value.code == code
    assert not station.asked


@pytest.mark.parametrize("missing", ["location", "retrieveDate"])
def test_what_is_missing(missing):
    request = {"location": "http://a/", "retrieveDate": DATE}
    del request[missing]
    with pytest.raises(OcppError, match=missing) as caught:
        ask("UpdateFirmware", request, Station())
    assert caught.value.code == "OccurenceConstraintViolation"
