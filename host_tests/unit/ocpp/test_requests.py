import pytest

from firmware.ocpp import core, get_configuration, remote_trigger
from firmware.ocpp.errors import OcppError
from firmware.ocpp.requests import check
from host_tests.unit.ocpp.schemas import request_schema

MISSING = "OccurenceConstraintViolation"
WRONG_TYPE = "TypeConstraintViolation"
NOT_ALLOWED = "PropertyConstraintViolation"

TABLE = {
    "R": "number! int; low int 0; tag! text 5; when date; what A|Bc; list [text 2];"
    " one {Inner}; many [{Inner}]; rate number; some object",
    "Inner": "id! int 1",
    "Empty": "",
}
GOOD = {"number": -3, "tag": "12345"}
ALL_REQUESTS = {
    **core.REQUESTS,
    "TriggerMessage": remote_trigger._REQUEST,
    "GetConfiguration": "key [text 50]",
}


def code_of(payload, name="R"):
    """Code of the error that `payload` gets, "" when there is none."""
    try:
        check(name, payload, TABLE)
    except OcppError as error:
        assert len(str(error)) < 80
        return error.code
    return ""


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"unknown": 1, "": 2},
        {"number": 2**40, "low": 0, "tag": "", "when": "2026-01-21T09:51:06.209+05:30"},
        {"what": "Bc", "list": [], "one": {"id": 1}, "many": [{"id": 1}, {"id": 2}]},
        {"list": ["", "ab"], "rate": 1.5, "some": {}, "tag": "äöüßé"},
        {"rate": 3, "some": {"x": []}},
    ],
)
def test_good_requests_pass(more):
    assert code_of({**GOOD, **more}) == ""


@pytest.mark.parametrize(
    "more, code",
    [
        ({"number": "1"}, WRONG_TYPE),
        ({"number": 1.0}, WRONG_TYPE),
        ({"number": True}, WRONG_TYPE),
        ({"number": None}, WRONG_TYPE),
        ({"number": []}, WRONG_TYPE),
        ({"low": -1}, NOT_ALLOWED),
        ({"tag": "123456"}, NOT_ALLOWED),
        ({"tag": 12345}, WRONG_TYPE),
        ({"tag": ["1"]}, WRONG_TYPE),
        ({"when": "yesterday"}, NOT_ALLOWED),
        ({"when": 0}, WRONG_TYPE),
        ({"what": "B"}, NOT_ALLOWED),
        ({"what": "A|Bc"}, NOT_ALLOWED),
        ({"what": 1}, WRONG_TYPE),
        ({"list": "ab"}, WRONG_TYPE),
        ({"list": ["abc"]}, NOT_ALLOWED),
        ({"list": [1]}, WRONG_TYPE),
        ({"one": {}}, MISSING),
        ({"one": {"id": 0}}, NOT_ALLOWED),
        ({"one": []}, WRONG_TYPE),
        ({"many": {"id": 1}}, WRONG_TYPE),
        ({"many": [{"id": 1}, {}]}, MISSING),
        ({"many": [[]]}, WRONG_TYPE),
        ({"rate": "1"}, WRONG_TYPE),
        ({"rate": float("inf")}, NOT_ALLOWED),
        ({"rate": float("nan")}, NOT_ALLOWED),
        ({"some": []}, WRONG_TYPE),
    ],
)
def test_bad_requests_are_named(more, code):
    assert code_of({**GOOD, **more}) == code


def test_what_is_missing_is_named():
    assert code_of({"number": 1}) == MISSING
    assert code_of({}) == MISSING
    assert code_of({"x": 1}, "Empty") == ""


@pytest.mark.parametrize("action", sorted(ALL_REQUESTS))
def test_the_tables_say_what_the_schemas_say(action):
    """Names, required fields, lengths and enumerations; what differs is documented in core.py."""
    schema = request_schema(action)
    required = set(schema.get("required", ()))
    ours = {}
    for field in filter(None, ALL_REQUESTS[action].split("; ")):
        key, kind = field.split(" ", 1)
        ours[key.rstrip("!")] = kind
        assert (key[-1] == "!") == (key.rstrip("!") in required)
    unchecked = {"data"}  # of DataTransfer: not used
    assert set(ours) | unchecked == set(schema.get("properties", ())) | unchecked
    for key, kind in ours.items():
        rule = schema["properties"][key]
        if kind.startswith("["):
            rule, kind = rule["items"], kind[1:-1]
        if "enum" in rule:
            assert sorted(kind.split("|")) == sorted(rule["enum"])
        elif "maxLength" in rule and (action, key) != ("ChangeConfiguration", "value"):
            assert kind == "text %d" % rule["maxLength"]
        else:
            assert kind.split()[0] in {"integer": "int", "string": "text"}.get(
                rule["type"], rule["type"]
            )


def test_get_configuration_is_checked_by_its_own_line():
    with pytest.raises(OcppError) as caught:
        get_configuration.answer("GetConfiguration", {"key": ["k" * 51]}, None, None)
    assert caught.value.code == NOT_ALLOWED
