"""tools.csms.schema: every message that may come in is read, and what is wrong with it is said."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.csms import schema


def read(message, asked=()):
    """Read a message, given as JSON text or as what becomes it, among the CALLs in `asked`."""
    raw = message if isinstance(message, (str, bytes)) else json.dumps(message)
    return schema.read(raw, lambda unique_id: dict(asked).get(unique_id, ""))


GOOD_CALL = [2, "id", "Heartbeat", {}]


def test_a_valid_call_is_taken_apart():
    frame = read(GOOD_CALL)
    assert (frame.type, frame.unique_id, frame.action, frame.payload) == (2, "id", "Heartbeat", {})
    assert (frame.problem, frame.code) == ("", "")


def test_an_answer_gets_the_action_of_its_call_and_that_schema():
    asked = [("id", "RemoteStartTransaction")]
    assert read([3, "id", {"status": "Accepted"}], asked).problem == ""
    assert "Maybe" in read([3, "id", {"status": "Maybe"}], asked).problem
    assert read([3, "other", {}], asked).problem == "an answer to a message that was not asked"


@pytest.mark.parametrize("details", [{}, {"why": "so"}])
def test_a_callerror_with_a_code_nobody_knows_is_right(details):
    frame = read([4, "id", "MyOwnCode", "text", details], [("id", "Reset")])
    assert frame.problem == ""
    assert frame.payload == {"code": "MyOwnCode", "description": "text", "details": details}


@pytest.mark.parametrize(
    ("message", "code", "problem"),
    [
        ("{", "", "not JSON"),
        ('[2,"a","Heartbeat",{"a":NaN}]', "", "NaN"),
        ("[" * 100_000, "", "not JSON"),
        (b"[]", "", "binary"),
        ({}, "", "no array"),
        ([], "", "no array"),
        ([True, "a", "Heartbeat", {}], "", "unknown"),
        ([[], "a", "Heartbeat", {}], "", "unknown"),
        ([5, "a", "Heartbeat", {}], "", "unknown"),
        ([2], "FormationViolation", "1 elements"),
        ([2, "a", "Heartbeat"], "FormationViolation", "3 elements"),
        ([2, 7, "Heartbeat", {}], "FormationViolation", "message id"),
        ([2, "", "Heartbeat", {}], "FormationViolation", "message id"),
        ([2, "x" * 37, "Heartbeat", {}], "FormationViolation", "message id"),
        ([2, "\ud800", "Heartbeat", {}], "FormationViolation", "message id"),
        ([2, "a", ["Heartbeat"], {}], "FormationViolation", "action"),
        ([2, "a", "Brew", {}], "NotSupported", "Brew"),
        ([2, "a", "../../../etc/passwd", {}], "NotSupported", "passwd"),
        ([2, "a", "Heartbeat", None], "TypeConstraintViolation", "object"),
        ([2, "a", "Heartbeat", {"x": 1}], "FormationViolation", "x"),
        ([2, "a", "Authorize", {}], "OccurenceConstraintViolation", "idTag"),
        ([2, "a", "Authorize", {"idTag": 1}], "TypeConstraintViolation", "idTag"),
        ([2, "a", "Authorize", {"idTag": "x" * 21}], "PropertyConstraintViolation", "idTag"),
        ([2, "a", "Reset", {"type": "Warm"}], "PropertyConstraintViolation", "type"),
        ([4, "a", "Code"], "FormationViolation", "3 elements"),
        ([4, "a", 1, "text", {}], "", "not asked"),
        (json.loads("[" * 40 + "]" * 40), "", "nested"),
    ],
)
def test_what_is_wrong_is_said_with_the_code_it_deserves(message, code, problem):
    frame = read(message)
    assert frame.code == code
    assert problem in frame.problem


def test_tenths_of_an_ampere_are_no_rounding_error():
    period = {"startPeriod": 0, "limit": 21.4}
    profile = {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": [period]},
    }
    call = [2, "a", "SetChargingProfile", {"connectorId": 1, "csChargingProfiles": profile}]
    assert read(call).problem == ""
    period["limit"] = 21.45
    assert read(call).code == "PropertyConstraintViolation"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=20), inner),
    max_leaves=10,
)
ACTION = st.sampled_from(sorted(schema.ACTIONS)) | st.text(max_size=10)
MESSAGE = st.lists(JSON, max_size=6) | st.tuples(
    st.integers(1, 5), st.text(max_size=40), ACTION, JSON
)


@given(st.text() | st.binary() | MESSAGE.map(json.dumps))
def test_nothing_makes_it_raise(raw):
    frame = schema.read(raw, lambda unique_id: "Reset" if len(unique_id) % 2 else "")
    assert isinstance(frame.problem, str)
    assert len(frame.problem) <= 255
    assert frame.type in (0, 2, 3, 4)
