"""TC_060_CS: a RemoteStartTransaction with a profile that is no TxProfile is rejected."""

import pytest

from host_tests.scenarios.conformance.smart import profile
from host_tests.scenarios.conformance.states import REJECTED, nothing, occupied, remote_start


@pytest.mark.parametrize("purpose", ["TxDefaultProfile", "ChargePointMaxProfile"])
def test_remote_start_with_another_purpose(bench, purpose: str) -> None:
    occupied(bench)
    bench.run(2)
    limits = profile(bench, 1, purpose, "A", (0, 6))
    remote_start(bench, answer=REJECTED, chargingProfile=limits)
    nothing(bench, 5, ("StartTransaction", "StatusNotification"))
