"""TC_037_1_CS: a known tag starts offline; the start is delivered when the line is back."""

import pytest

from host_tests.scenarios.conformance.offline_start import known, line_up, start
from host_tests.scenarios.conformance.states import TAG, change, expect_status, offline, present
from host_tests.scenarios.steps import calls


@pytest.mark.parametrize("how", ["listed", "cached"])
def test_a_known_tag(bench, how: str) -> None:
    known(bench, how)
    change(bench, AllowOfflineTxForUnknownId=False)
    asked = len(calls(bench, "Authorize"))
    start(bench)
    bench.run(20)
    line_up(bench)
    bench.run(5)
    told = [c["status"] for c in calls(bench, "StatusNotification") if c["connectorId"] == 1]
    assert told[-1] == "Charging"
    assert bench.state()["connector"] == "Charging" and bench.state()["transaction"]
    assert len(calls(bench, "Authorize")) == asked


def test_an_unknown_tag_does_not(bench) -> None:
    change(bench, AllowOfflineTxForUnknownId=False)
    offline(bench)
    bench.command("plug")
    present(bench, TAG)
    bench.run(10)
    assert bench.state()["connector"] == "Preparing"
    bench.seen()
    bench.server.online(True)
    expect_status(bench, "Preparing", within_s=150)
    assert not calls(bench, "StartTransaction")
