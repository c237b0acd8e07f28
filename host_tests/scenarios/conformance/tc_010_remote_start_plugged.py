"""TC_010_CS: remote start with the gun in, with and without a question about the tag."""

import pytest

from host_tests.scenarios.conformance.states import TAG, change, charging
from host_tests.scenarios.steps import calls


@pytest.mark.parametrize("asks", [False, True])
def test_gun_first(bench, asks: bool) -> None:
    change(bench, AuthorizeRemoteTxRequests=asks)
    start = charging(bench, TAG)
    assert start.payload["connectorId"] == 1
    assert [call["idTag"] for call in calls(bench, "Authorize")] == [TAG] * asks
