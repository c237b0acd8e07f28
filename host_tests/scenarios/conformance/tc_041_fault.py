"""TC_041_CS: a faulted connector tells so, and nobody can start a session."""

import pytest

from host_tests.scenarios.conformance.states import (
    REJECTED,
    faulted,
    nothing,
    present,
    remote_start,
)
from host_tests.scenarios.steps import power_is_off


@pytest.mark.parametrize("charge_point", [False, True])
def test_no_start_while_faulted(bench, charge_point: bool) -> None:
    faulted(bench, charge_point)
    bench.command("plug")
    present(bench)
    bench.command("button")
    remote_start(bench, answer=REJECTED)
    nothing(bench, 70, ["StartTransaction"])
    assert power_is_off(bench)
    assert bench.state()["connector"] == "Faulted"
