"""TC_026_CS: a remote start on a connector that is charging is Rejected."""

import pytest

from host_tests.scenarios.conformance.states import (
    OTHER_TAG,
    REJECTED,
    TAG,
    change,
    charging,
    nothing,
    remote_start,
)
from host_tests.scenarios.steps import transaction_id


@pytest.mark.parametrize("tag", [TAG, OTHER_TAG])
def test_charging(bench, tag: str) -> None:
    change(bench, LocalPreAuthorize=False)
    charging(bench, TAG)
    remote_start(bench, tag, REJECTED)
    nothing(bench, 10, ("Authorize", "StartTransaction", "StopTransaction", "StatusNotification"))
    assert bench.state()["transaction"] == transaction_id(bench)
