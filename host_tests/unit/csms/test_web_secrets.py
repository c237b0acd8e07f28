"""tools.csms.web_secrets: no password of a conversation gets to the page."""

import json

import pytest

from tools.csms.web_secrets import HIDDEN, is_secret, shown, without_secrets

PASSWORD = "correct horse battery"
CHANGE = {"key": "AuthorizationKey", "value": PASSWORD}


def message(action, payload):
    return json.dumps([2, "1", action, payload])


@pytest.mark.parametrize(
    "raw",
    [
        message("ChangeConfiguration", CHANGE),
        message("ChangeConfiguration", {"value": PASSWORD, "key": "authorizationkey"}),
        json.dumps([3, "1", {"configurationKey": [{"readonly": False, **CHANGE}]}]),
        message("ChangeConfiguration", CHANGE).replace("A", "\\u0041"),
        message("DataTransfer", {"vendorId": "x", "password": PASSWORD}),
        message("UpdateFirmware", {"location": f"ftp://user:{PASSWORD[:7]}@host/f"}),
        message("ChangeConfiguration", {"key": "AuthorizationKey", "value": [PASSWORD]}),
        '[2,"1","x",{"key":"AuthorizationKey","value":"%s","value":""}]' % PASSWORD,
        message("ChangeConfiguration", CHANGE)[:-1],
        '{"location": "http://user:%s@host/' % PASSWORD[:7],
        '["AuthorizationKey","%s",' % PASSWORD + "[" * 100_000,
    ],
)
def test_a_password_is_not_shown(raw):
    text, problem = shown(raw, f"{PASSWORD!r} is too short")
    assert "correct" not in text and "correct" not in problem
    assert problem


def test_what_is_no_password_is_shown_as_it_came():
    for raw in (
        '[2, "1","Heartbeat" ,{}]',
        "{",
        '{"a": "http://host/x@y"}',
        "\ud800",
        "[" * 10**5,
    ):
        assert shown(raw, "as it is") == (raw, "as it is")


def test_beside_a_password_the_rest_stays():
    answer = {"configurationKey": [{"readonly": True, **CHANGE}, {"key": "A", "value": "1"}]}
    safe = without_secrets({"ok": True, "answer": answer})
    assert safe["answer"]["configurationKey"] == [
        {"key": "AuthorizationKey", "readonly": True, "value": HIDDEN},
        {"key": "A", "value": "1"},
    ]
    raw = json.dumps([3, "1", {"unknownKey": ["AuthorizationKey"]}])
    assert json.loads(shown(raw, "")[0]) == json.loads(raw)


def test_names_of_secrets():
    assert all(is_secret(key) for key in ("AuthorizationKey", "WebPassword", "clientSecret"))
    assert not any(is_secret(key) for key in ("AuthorizeRemoteTxRequests", "key", 7, None))
