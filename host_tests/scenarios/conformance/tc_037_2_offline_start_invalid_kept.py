"""TC_037_2_CS: a start that turns out invalid is kept, without energy, until it is stopped."""

import pytest

from host_tests.scenarios.conformance.offline_start import known, line_up, start
from host_tests.scenarios.conformance.states import (
    ACCEPTED,
    TAG,
    change,
    expect_status,
    nothing,
    present,
    stopped,
    unplugged,
)
from host_tests.scenarios.steps import amps, calls, current_flows, power_is_off, transaction_id
from tools.sim.bench import Refuse


def held(bench, how: str = "cached", energy_wh: int = 0) -> None:
    known(bench, how)
    change(bench, StopTransactionOnInvalidId=False, MaxEnergyOnInvalidId=energy_wh)
    start(bench)
    current_flows(bench)
    bench.server.answers["StartTransaction"] = Refuse("Invalid")
    line_up(bench)


def statuses(bench, since: int) -> list[str]:
    entries = [e for e in bench.log[since:] if e.way == ">" and e.kind == "StatusNotification"]
    return [e.payload["status"] for e in entries if e.payload["connectorId"] == 1]


@pytest.mark.parametrize("how", ["cached", "listed"])
def test_it_is_held(bench, how: str) -> None:
    since = len(bench.log)
    held(bench, how)
    expect_status(bench, "SuspendedEVSE")
    assert statuses(bench, since)[-2:] == ["Charging", "SuspendedEVSE"]
    bench.run(3)
    assert power_is_off(bench)
    before_wh = bench.state()["energy_wh"]
    nothing(bench, 40, ("StopTransaction", "StatusNotification"))
    assert bench.state()["energy_wh"] == before_wh
    assert bench.state()["transaction"] == transaction_id(bench)
    conflicts = [
        call["connectorId"]
        for call in calls(bench, "StatusNotification")
        if call["errorCode"] == "LocalListConflict"
    ]
    assert conflicts == [0] * (how == "listed")  # the list says otherwise: it must be told
    present(bench, TAG)
    stopped(bench, reason="Local", idTag=TAG)
    unplugged(bench)


def test_remote_stop_ends_it(bench) -> None:
    held(bench)
    expect_status(bench, "SuspendedEVSE")
    request = {"transactionId": transaction_id(bench)}
    assert bench.call("RemoteStopTransaction", request) == ACCEPTED
    stopped(bench, reason="Remote")


def test_some_energy_is_left(bench) -> None:
    held(bench, energy_wh=100)
    before_wh = bench.state()["energy_wh"]
    assert amps(bench) > 1
    expect_status(bench, "SuspendedEVSE", within_s=120)
    bench.run(3)
    assert power_is_off(bench)
    assert 99 <= bench.state()["energy_wh"] - before_wh <= 102
