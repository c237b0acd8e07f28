"""TC_043_CS: a Full list and a Differential update are Accepted, and count."""

from typing import Any

from host_tests.scenarios.conformance.states import (
    ACCEPTED,
    OTHER_TAG,
    TAG,
    change,
    listed,
    occupied,
    power_cycle,
    present,
    rebooted,
    remote_start,
    started,
)
from host_tests.scenarios.steps import calls


def differential(bench, version: int, *rows: dict[str, Any]) -> None:
    request = {
        "listVersion": version,
        "updateType": "Differential",
        "localAuthorizationList": list(rows),
    }
    assert bench.call("SendLocalList", request) == ACCEPTED


def test_full_and_differential(bench) -> None:
    change(bench, LocalPreAuthorize=True)
    listed(bench, TAG, version=1)
    differential(
        bench, 2, {"idTag": OTHER_TAG, "idTagInfo": {"status": "Accepted"}}, {"idTag": TAG}
    )
    power_cycle(bench)  # on flash
    rebooted(bench)
    assert bench.call("GetLocalListVersion") == {"listVersion": 2}
    present(bench, OTHER_TAG)
    bench.expect("StatusNotification", connectorId=1, status="Preparing")
    assert not calls(bench, "Authorize")
    present(bench, OTHER_TAG)
    bench.expect("StatusNotification", connectorId=1, status="Available")
    present(bench, TAG)  # it is no longer listed
    bench.expect("Authorize", idTag=TAG)


def test_an_expired_tag_is_asked_for(bench) -> None:
    change(bench, LocalPreAuthorize=True)
    info = {"status": "Accepted", "expiryDate": "2026-01-01T00:00:00Z"}
    differential(bench, 1, {"idTag": TAG, "idTagInfo": info})
    present(bench, TAG)
    bench.expect("Authorize", idTag=TAG)


def test_the_longest_list_that_may_be_sent(bench) -> None:
    """As many rows as SendLocalListMaxLength, each as long as it can be, in the chip's memory."""
    change(bench, LocalPreAuthorize=True, AuthorizeRemoteTxRequests=True)
    rows = [
        {
            "idTag": f"{number:020d}",
            "idTagInfo": {
                "status": "Accepted",
                "expiryDate": "2030-01-01T00:00:00.000Z",
                "parentIdTag": "12345678901234567890",
            },
        }
        for number in range(5)
    ]
    request = {"listVersion": 1, "updateType": "Full", "localAuthorizationList": rows}
    assert bench.call("SendLocalList", request) == ACCEPTED
    differential(bench, 2, *rows)
    occupied(bench)
    remote_start(bench, f"{4:020d}")
    started(bench, f"{4:020d}")
    assert not calls(bench, "Authorize")
