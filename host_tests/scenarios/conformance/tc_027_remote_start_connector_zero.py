"""TC_027_CS: a remote start of connector 0 is rejected."""

from host_tests.scenarios.conformance.states import REJECTED, TAG, nothing, occupied


def test_connector_zero(bench) -> None:
    request = {"connectorId": 0, "idTag": TAG}
    assert bench.call("RemoteStartTransaction", request) == REJECTED
    occupied(bench)
    assert bench.call("RemoteStartTransaction", request) == REJECTED
    nothing(bench, 5, ["StartTransaction", "Authorize"])
