"""TC_011_1_CS: remote start, then the gun; Authorize only if AuthorizeRemoteTxRequests says so."""

import pytest

from host_tests.scenarios.conformance.states import (
    TAG,
    any_order,
    change,
    nothing,
    remote_start,
    started,
    status,
    value_of,
)


@pytest.mark.parametrize("asks", [False, True])
def test_gun_after_it(bench, asks: bool) -> None:
    change(bench, AuthorizeRemoteTxRequests=asks)
    assert value_of(bench, "AuthorizeRemoteTxRequests") == str(asks).lower()
    remote_start(bench)
    any_order(bench, *[("Authorize", {"idTag": TAG})] * asks, status("Preparing"))
    nothing(bench, 5, ["Authorize", "StartTransaction", "StatusNotification"])
    bench.command("plug")
    started(bench, TAG)
