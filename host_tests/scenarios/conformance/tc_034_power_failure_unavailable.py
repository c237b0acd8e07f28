"""TC_034_CS: a charge point out of service is so after a power failure."""

import pytest

from host_tests.scenarios.conformance.states import (
    OTHER_TAG,
    availability,
    available,
    charging,
    expect_statuses,
    power_cycle,
    unavailable,
)


def test_unavailable_outlasts_a_power_failure(bench) -> None:
    unavailable(bench, connector=0)
    power_cycle(bench)
    bench.expect("BootNotification", within_s=20)
    expect_statuses(bench, "Unavailable", charge_point="Unavailable")
    bench.run(5)
    assert bench.state()["connector"] == "Unavailable"
    available(bench, connector=0)


@pytest.mark.parametrize("connector", [0, 1])
def test_scheduled_takes_effect_when_the_power_fails_in_the_session(bench, connector: int) -> None:
    charging(bench, OTHER_TAG)
    bench.run(2)
    availability(bench, connector, "Inoperative", answer="Scheduled")
    power_cycle(bench)
    bench.expect("BootNotification", within_s=20)
    bench.expect("StopTransaction", within_s=60, reason="PowerLoss")
    bench.run(3)
    assert bench.state()["connector"] == "Unavailable"
