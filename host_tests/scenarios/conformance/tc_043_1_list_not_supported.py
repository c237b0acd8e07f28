"""TC_043_1_CS: a local list that is not enabled is not taken."""

import pytest

from host_tests.scenarios.conformance.states import TAG, change


@pytest.mark.parametrize("kind", ["Full", "Differential"])
def test_not_enabled(bench, kind: str) -> None:
    change(bench, LocalAuthListEnabled=False)
    rows = [{"idTag": TAG, "idTagInfo": {"status": "Accepted"}}]
    request = {"listVersion": 1, "updateType": kind, "localAuthorizationList": rows}
    assert bench.call("SendLocalList", request) == {"status": "NotSupported"}
    change(bench, LocalAuthListEnabled=True)
    assert bench.call("GetLocalListVersion") == {"listVersion": 0}
