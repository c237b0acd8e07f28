"""TC_023_CS: a tag that the server refuses starts nothing, be it known by now or not."""

import pytest

from host_tests.scenarios.conformance.states import change, expect_status, nothing, present
from tools.sim.bench import Refuse


@pytest.mark.parametrize("status", ["Invalid", "Blocked", "Expired"])
def test_the_server_refuses(bench, status: str) -> None:
    change(bench, MinimumStatusDuration=10, LocalPreAuthorize=True)
    bench.server.answers["Authorize"] = Refuse(status)
    bench.command("plug")
    expect_status(bench, "Preparing", within_s=20)
    for _ in range(2):  # the second time it is known to be refused: the server is asked again
        present(bench)
        bench.expect("Authorize")
        nothing(bench, 15, ("StartTransaction", "StatusNotification"))
    assert bench.state()["connector"] == "Preparing"
