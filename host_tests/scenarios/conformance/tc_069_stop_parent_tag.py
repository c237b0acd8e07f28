"""TC_069_CS: a different tag of the same parent stops; the server is asked about it."""

import pytest

from host_tests.scenarios.conformance.states import (
    ACCEPTED,
    OTHER_TAG,
    TAG,
    any_order,
    change,
    charging,
    nothing,
    present,
    status,
)
from host_tests.scenarios.steps import transaction_id


def charging_of_parent(bench, parent: str = "FLEET") -> None:
    info = {"idTagInfo": {"status": "Accepted", "parentIdTag": parent}}
    bench.server.answers["StartTransaction"] = {"transactionId": 77, **info}
    charging(bench, TAG)


def other(bench, **info: str) -> None:
    bench.server.answers["Authorize"] = {"idTagInfo": {"status": "Accepted", **info}}


def expect_stop(bench, asked: bool = True) -> None:
    stop = {"idTag": OTHER_TAG, "reason": "Local", "transactionId": transaction_id(bench)}
    wanted = [("Authorize", {"idTag": OTHER_TAG})] * asked
    any_order(bench, *wanted, ("StopTransaction", stop), status("Finishing"))


def test_another_tag_of_the_parent_stops(bench) -> None:
    charging_of_parent(bench)
    other(bench, parentIdTag="fleet")  # compared without case
    present(bench, OTHER_TAG)
    expect_stop(bench)


@pytest.mark.parametrize(
    "info",
    [{"parentIdTag": "OTHERS"}, {}, {"status": "Blocked", "parentIdTag": "FLEET"}],
)
def test_others_do_not(bench, info: dict) -> None:
    charging_of_parent(bench)
    other(bench, **info)
    present(bench, OTHER_TAG)
    bench.expect("Authorize", idTag=OTHER_TAG)
    nothing(bench, 10, ("StopTransaction", "StatusNotification"))


def test_a_listed_tag_of_the_parent_needs_no_answer(bench) -> None:
    change(bench, LocalPreAuthorize=False)
    info = {"status": "Accepted", "parentIdTag": "FLEET"}
    rows = [{"idTag": tag, "idTagInfo": info} for tag in (TAG, OTHER_TAG)]
    request = {"listVersion": 1, "updateType": "Full", "localAuthorizationList": rows}
    assert bench.call("SendLocalList", request) == ACCEPTED
    charging(bench, TAG)
    present(bench, OTHER_TAG)
    expect_stop(bench, asked=False)
