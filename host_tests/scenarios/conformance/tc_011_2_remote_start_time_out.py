"""TC_011_2_CS: a remote start that no gun follows ends after ConnectionTimeOut."""

import pytest

from host_tests.scenarios.conformance.states import (
    TAG,
    any_order,
    change,
    expect_status,
    nothing,
    remote_start,
    status,
)

TIME_OUT_S = 15


@pytest.mark.parametrize("asks", [False, True])
def test_no_gun_comes(bench, asks: bool) -> None:
    change(bench, AuthorizeRemoteTxRequests=asks, ConnectionTimeOut=TIME_OUT_S)
    remote_start(bench)
    wanted = [status("Preparing")] + [("Authorize", {"idTag": TAG})] * asks
    preparing = any_order(bench, *wanted)[0]
    free = expect_status(bench, "Available", within_s=TIME_OUT_S + 5)
    assert TIME_OUT_S * 1000 - 1000 <= free.ms - preparing.ms <= TIME_OUT_S * 1000 + 2000
    bench.command("plug")
    nothing(bench, 10, ["StartTransaction"])
