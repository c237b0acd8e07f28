"""TC_043_3_CS: a list that cannot be stored: Failed, and the old one stays."""

from typing import Any

import pytest

from host_tests.scenarios.conformance.states import TAG, change, listed, present
from host_tests.scenarios.steps import calls

LISTED = {"status": "Accepted"}
WRONG = {
    "longer than SendLocalListMaxLength": [
        {"idTag": f"{number:010d}", "idTagInfo": LISTED} for number in range(6)
    ],
    "a tag twice": [{"idTag": "a", "idTagInfo": LISTED}, {"idTag": "A", "idTagInfo": LISTED}],
    "no idTagInfo in a Full list": [{"idTag": "A"}],
}


@pytest.mark.parametrize("rows", WRONG.values(), ids=WRONG.keys())
def test_it_cannot_be_stored(bench, rows: list[Any]) -> None:
    change(bench, LocalPreAuthorize=True)
    listed(bench, TAG, version=1)
    request = {"listVersion": 2, "updateType": "Full", "localAuthorizationList": rows}
    assert bench.call("SendLocalList", request) == {"status": "Failed"}
    assert bench.call("GetLocalListVersion") == {"listVersion": 1}
    present(bench, TAG)
    bench.expect("StatusNotification", connectorId=1, status="Preparing")
    assert not calls(bench, "Authorize")


def test_a_full_list_takes_no_more(bench) -> None:
    """LocalAuthListMaxLength tags fit, one more does not; the last of them is found."""
    change(bench, LocalPreAuthorize=True)
    for version in range(1, 101):
        rows = [
            {"idTag": f"{5 * version + number:010d}", "idTagInfo": LISTED} for number in range(5)
        ]
        request = {
            "listVersion": version,
            "updateType": "Differential",
            "localAuthorizationList": rows,
        }
        assert bench.call("SendLocalList", request) == {"status": "Accepted"}
    request = {
        "listVersion": 101,
        "updateType": "Differential",
        "localAuthorizationList": [{"idTag": TAG, "idTagInfo": LISTED}],
    }
    assert bench.call("SendLocalList", request) == {"status": "Failed"}
    assert bench.call("GetLocalListVersion") == {"listVersion": 100}
    present(bench, f"{5 * 100 + 4:010d}")
    bench.expect("StatusNotification", connectorId=1, status="Preparing")
    assert not calls(bench, "Authorize")
