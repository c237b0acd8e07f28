"""TC_046_2_CS: a remote start uses the reservation of its tag."""

import pytest

from host_tests.scenarios.conformance.states import (
    OTHER_TAG,
    REJECTED,
    TAG,
    change,
    charging,
    nothing,
    remote_start,
    reserved,
)


@pytest.mark.parametrize("asks", [False, True])
def test_a_remote_start_carries_the_reservation(bench, asks: bool) -> None:
    change(bench, AuthorizeRemoteTxRequests=asks)
    reserved(bench, number=7)
    start = charging(bench, TAG, reserved=True)
    assert start.payload["reservationId"] == 7


def test_a_remote_start_for_another_tag_is_rejected(bench) -> None:
    reserved(bench)
    remote_start(bench, OTHER_TAG, answer=REJECTED)
    bench.command("plug")
    nothing(bench, 5, ("StartTransaction", "StatusNotification"))
