"""TC_045_1_CS: GetDiagnostics uploads a file, and says so."""

import json

import pytest

_SECRETS = ("0123456789ABCDEF", "hidden-wifi-word")


@pytest.mark.parametrize("location", ["ftp://files.test/up/", "http://files.test/up/"])
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
    bench.call("GetDiagnostics", {"location": "http://files.test/", "retries": 0})
    bench.expect("DiagnosticsStatusNotification", within_s=60, status="Uploaded")
    (text,) = (data.decode() for data in bench.files_server.files.values())
    assert "authorization_key: (set)" in text and "MeterValueSampleInterval: 17" in text
    assert not any(secret in text for secret in _SECRETS)


def test_a_server_that_wants_post_and_a_password(bench) -> None:
    server = bench.files_server
    server.refused_methods.add("PUT")
    bench.call("GetDiagnostics", {"location": "http://files.test/d?sig=1", "retries": 0})
    bench.expect("DiagnosticsStatusNotification", within_s=60, status="Uploaded")
    assert [line.split(" ")[:2] for line in server.commands] == [
        ["PUT", "/d?sig=1"], ["POST", "/d?sig=1"]
    ]  # fmt: skip
    server.user = ("op", "p@ss")
    server.refused_methods.add("EPSV")
    bench.call("GetDiagnostics", {"location": "ftp://op:p%40ss@files.test", "retries": 0})
    bench.expect("DiagnosticsStatusNotification", within_s=60, status="Uploaded")
    assert json.dumps(server.commands).count("PASV") == 1
