"""A transfer makes room: whatever else is to be done while it lasts is done."""

import pytest

from host_tests.scenarios.conftest import booted
from host_tests.scenarios.steps import transaction_id


@pytest.fixture(params=["http", "ftp"])
def slow(bench, request: pytest.FixtureRequest):
    """A charger whose upload has stalled for a few seconds; its order has retries left."""
    bench.files_server.hang = True
    location = f"{request.param}://depot.test/"
    bench.call("GetDiagnostics", {"location": location, "retries": 1, "retryInterval": 5})
    bench.expect("DiagnosticsStatusNotification", status="Uploading")
    bench.run(5)
    return bench


def _arrives(bench) -> None:
    bench.files_server.hang = False
    bench.expect("DiagnosticsStatusNotification", within_s=90, status="Uploaded")
    assert bench.files_server.files


def test_requests_are_answered(slow) -> None:
    assert len(slow.call("GetConfiguration", {})["configurationKey"]) > 30
    accepted = {"status": "Accepted"}
    assert slow.call("TriggerMessage", {"requestedMessage": "MeterValues"}) == accepted
    slow.expect("MeterValues")
    _arrives(slow)


def test_a_tag_starts_a_session(slow) -> None:
    slow.command("tag 0A1B2C3D4E")
    slow.run(2)
    slow.command("plug")
    slow.expect("StartTransaction", within_s=30, idTag="0A1B2C3D4E")


def test_a_remote_start(slow) -> None:
    request = {"connectorId": 1, "idTag": "TEST_TAG"}
    assert slow.call("RemoteStartTransaction", request) == {"status": "Accepted"}
    slow.command("plug")
    slow.expect("StartTransaction", within_s=30, idTag="TEST_TAG")
    slow.run(5)
    slow.call("RemoteStopTransaction", {"transactionId": transaction_id(slow)})
    slow.expect("StopTransaction", within_s=30)
    _arrives(slow)


def test_the_line_comes_back(slow) -> None:
    slow.server.drop()
    booted(slow)
    _arrives(slow)
