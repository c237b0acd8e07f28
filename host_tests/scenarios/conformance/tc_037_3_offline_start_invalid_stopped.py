"""TC_037_3_CS: a start that turns out invalid is stopped: DeAuthorized."""

import pytest

from host_tests.scenarios.conformance.offline_start import known, line_up, start
from host_tests.scenarios.conformance.states import change, stopped, unplugged
from host_tests.scenarios.steps import current_flows, power_is_off
from tools.sim.bench import Refuse


@pytest.mark.parametrize("status", ["Invalid", "Blocked", "ConcurrentTx"])
def test_it_is_stopped(bench, status: str) -> None:
    known(bench, "cached")
    change(bench, StopTransactionOnInvalidId=True, MaxEnergyOnInvalidId=0)
    start(bench)
    current_flows(bench)
    bench.server.answers["StartTransaction"] = Refuse(status)
    line_up(bench)
    stopped(bench, reason="DeAuthorized")
    bench.run(3)
    assert power_is_off(bench)
    unplugged(bench)
