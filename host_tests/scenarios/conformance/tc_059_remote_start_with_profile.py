"""TC_059_CS: a TxProfile that comes with a RemoteStartTransaction limits that transaction."""

import pytest

from host_tests.scenarios.conformance.smart import UNITS, composite, composite_is, profile
from host_tests.scenarios.conformance.states import (
    TAG,
    in_order,
    occupied,
    remote_start,
    started,
    status,
    stopped,
)
from host_tests.scenarios.steps import transaction_id


@UNITS
@pytest.mark.parametrize("plugged_first", [True, False])
def test_remote_start_with_a_profile(bench, unit: str, plugged_first: bool) -> None:
    limits = profile(bench, 1, "TxProfile", unit, (0, 6), (40, 9), (100, 8), duration=300)
    if plugged_first:
        occupied(bench)
        bench.run(2)
    remote_start(bench, chargingProfile=limits)
    if not plugged_first:
        in_order(bench, status("Preparing"))
        bench.run(5)
        bench.command("plug")
    started(bench)
    bench.run(2)
    composite_is(bench, 200, unit, limits, (0, 6), (40, 9), (100, 8))
    bench.call("RemoteStopTransaction", {"transactionId": transaction_id(bench)})
    stopped(bench, reason="Remote")
    assert composite(bench, 200, unit)[1][0][1] > 6  # it was that transaction's


def test_a_start_that_does_not_come_takes_the_profile_with_it(bench) -> None:
    limits = profile(bench, 1, "TxProfile", "A", (0, 6))
    bench.call("ChangeConfiguration", {"key": "ConnectionTimeOut", "value": "10"})
    remote_start(bench, TAG, chargingProfile=limits)
    in_order(bench, status("Preparing"), status("Available"))
    bench.run(3)
    occupied(bench)
    bench.run(2)
    remote_start(bench, TAG)
    started(bench)
    bench.run(2)
    assert composite(bench, 200, "A")[1][0][1] > 6
