"""TC_043_2_CS: a Differential update that is not newer than the list: VersionMismatch."""

from host_tests.scenarios.conformance.states import OTHER_TAG, TAG, change


def send(bench, version: int, kind: str, tag: str) -> str:
    rows = [{"idTag": tag, "idTagInfo": {"status": "Accepted"}}]
    request = {"listVersion": version, "updateType": kind, "localAuthorizationList": rows}
    return str(bench.call("SendLocalList", request)["status"])


def version(bench) -> int:
    return int(bench.call("GetLocalListVersion")["listVersion"])


def test_versions(bench) -> None:
    change(bench, LocalAuthListEnabled=True)
    assert send(bench, 2, "Full", TAG) == "Accepted"
    assert version(bench) == 2
    assert send(bench, 5, "Differential", OTHER_TAG) == "Accepted"
    assert version(bench) == 5
    for old in (4, 5):
        assert send(bench, old, "Differential", "00000000FF") == "VersionMismatch"
        assert version(bench) == 5
    assert send(bench, 3, "Full", TAG) == "Accepted"  # a whole list may have any version
    assert version(bench) == 3
