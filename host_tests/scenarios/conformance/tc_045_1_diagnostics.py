"""TC_045_1_CS: GetDiagnostics uploads a file, and says so."""

import json
import re

import pytest

_SECRETS = ("0123456789ABCDEF", "hidden-wifi-word")


@pytest.mark.parametrize("location", ["ftp://depot.test/up/", "http://depot.test/up/"])
def test_a_file_arrives(bench, location: str) -> None:
    bench.files_server.folders.add("/up/")
    answer = bench.call("GetDiagnostics", {"location": location, "retries": 0})
    bench.expect("DiagnosticsStatusNotification", status="Uploading")
    bench.expect("DiagnosticsStatusNotification", within_s=60, status="Uploaded")
    name = "/up/" + answer["fileName"]
    text = bench.files_server.files[name].decode()
    assert "firmware: " in text and "connector: Available" in text
    assert bench.call("TriggerMessage", {"requestedMessage": "DiagnosticsStatusNotification"}) == {
        "status": "Accepted"
    }
    bench.expect("DiagnosticsStatusNotification", status="Idle")
    assert "diagnostics.txt" not in bench.files.names()


def test_no_secret_is_in_it(start) -> None:
    bench = start(settings={"authorization_key": _SECRETS[0], "wifi_password": _SECRETS[1]})
    bench.expect("BootNotification", within_s=20)
    bench.call("ChangeConfiguration", {"key": "MeterValueSampleInterval", "value": "17"})
    bench.call("GetDiagnostics", {"location": "http://depot.test/", "retries": 0})
    bench.expect("DiagnosticsStatusNotification", within_s=60, status="Uploaded")
    (text,) = (data.decode() for data in bench.files_server.files.values())
    assert "authorization_key: (set)" in text and "MeterValueSampleInterval: 17" in text
    assert not any(secret in text for secret in _SECRETS)


def test_a_server_that_wants_post_and_a_password(bench) -> None:
    server = bench.files_server
    server.refused_methods.add("PUT")
    bench.call("GetDiagnostics", {"location": "http://depot.test/d?sig=1", "retries": 0})
    bench.expect("DiagnosticsStatusNotification", within_s=60, status="Uploaded")
    assert [line.split(" ")[:2] for line in server.commands] == [
        ["PUT", "/d?sig=1"], ["POST", "/d?sig=1"]
    ]  # fmt: skip
    server.user = ("op", "p@ss")
    server.refused_methods.add("EPSV")
    bench.call("GetDiagnostics", {"location": "ftp://op:p%40ss@depot.test", "retries": 0})
    bench.expect("DiagnosticsStatusNotification", within_s=60, status="Uploaded")
    assert json.dumps(server.commands).count("PASV") == 1


def uploaded(bench, **more) -> str:
    """The text of a diagnostics file."""
    bench.files_server.files.clear()
    bench.call("GetDiagnostics", {"location": "http://depot.test/", "retries": 0, **more})
    bench.expect("DiagnosticsStatusNotification", within_s=60, status="Uploaded")
    (content,) = bench.files_server.files.values()
    return content.decode()


def test_the_log_of_the_time_that_is_asked_for_is_in_it(bench) -> None:
    bench.run(5)
    bench.command("estop on")
    bench.run(20)
    bench.command("estop off")
    bench.run(20)
    kept, _, newest = uploaded(bench).partition("log on flash:")[2].partition("log in memory:")
    assert re.search(r"^2026-01-21T09:50:\d\dZ . fault: EmergencyStop", kept, re.M)
    assert re.search(r"^2026-01-21T09:50:\d\dZ . ocpp: registration: Accepted", newest, re.M)
    span = {"startTime": "2026-01-21T09:00:00Z", "stopTime": "2026-01-21T09:50:00Z"}
    for more in (span, {"startTime": "2026-01-21T10:00:00Z"}):
        kept = uploaded(bench, **more).partition("log on flash:")[2].partition("log in memory:")[0]
        assert "EmergencyStop" not in kept
    more = {"startTime": "2026-01-21T09:00:00Z", "stopTime": "2026-01-21T10:00:00Z"}
    assert "fault: EmergencyStop" in uploaded(bench, **more).partition("log in memory:")[0]


def test_no_secret_is_in_its_log(start) -> None:
    bench = start(
        {"wifi_password": "hidden1x", "ap_password": "hidden2x", "web_token": "hidden3x"}
    )
    bench.expect("StatusNotification", within_s=20, connectorId=1, status="Available")
    answer = bench.call(
        "ChangeConfiguration", {"key": "AuthorizationKey", "value": "hidden4x" * 2}
    )
    assert answer["status"] == "Accepted"
    bench.run(30)  # the line is renewed with the new password
    text = uploaded(bench)
    assert "log in memory:" in text and "hidden" not in text
