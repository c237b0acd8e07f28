"""TC_042_2_CS: the version of an empty local list is 0, whatever version it was sent with."""

from host_tests.scenarios.conformance.states import ACCEPTED, change, listed


def version(bench) -> int:
    return int(bench.call("GetLocalListVersion")["listVersion"])


def test_an_empty_list(bench) -> None:
    change(bench, LocalAuthListEnabled=True)
    request = {"listVersion": 1, "updateType": "Full"}
    assert bench.call("SendLocalList", request) == ACCEPTED
    assert version(bench) == 0


def test_a_list_that_is_emptied(bench) -> None:
    listed(bench, version=4)
    assert version(bench) == 4
    request = {"listVersion": 5, "updateType": "Full", "localAuthorizationList": []}
    assert bench.call("SendLocalList", request) == ACCEPTED
    assert version(bench) == 0
