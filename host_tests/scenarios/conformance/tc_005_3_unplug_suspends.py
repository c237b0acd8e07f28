"""TC_005_3_CS: with StopTransactionOnEVSideDisconnect=false a session outlives the gun."""

import pytest

from host_tests.scenarios.conformance.states import (
    ACCEPTED,
    TAG,
    change,
    charging,
    in_order,
    nothing,
    power_cycle,
    present,
    status,
    stopped,
)
from host_tests.scenarios.steps import (
    calls,
    current_flows,
    off_in_time,
    power_is_off,
    transaction_id,
)

GONE = status("SuspendedEV", info="EV side disconnected", errorCode="NoError")


@pytest.fixture
def gone(bench):
    """Charging, then the gun is pulled under load."""
    change(bench, StopTransactionOnEVSideDisconnect=False)
    charging(bench, TAG)
    current_flows(bench)
    bench.run(2)
    bench.command("unplug")
    off_in_time(bench)
    in_order(bench, GONE)
    nothing(bench, 20, ("StopTransaction", "StatusNotification"))
    assert power_is_off(bench)
    return bench


def test_a_remote_stop_ends_it(gone) -> None:
    answer = gone.call("RemoteStopTransaction", {"transactionId": transaction_id(gone)})
    assert answer == ACCEPTED
    stopped(gone, state="Available", reason="Remote")


def test_the_tag_ends_it(gone) -> None:
    present(gone, TAG)
    stopped(gone, state="Available", reason="Local", idTag=TAG)


def test_the_button_ends_it(gone) -> None:
    gone.command("button")
    stopped(gone, state="Available", reason="Local")


def test_the_gun_comes_back_and_it_goes_on(gone) -> None:
    gone.command("plug")
    in_order(gone, status("Charging"))
    current_flows(gone)
    assert len(calls(gone, "StartTransaction")) == 1
    gone.command("unplug")
    off_in_time(gone)
    in_order(gone, GONE)


def test_a_vehicle_that_does_not_speak_gets_nothing(gone) -> None:
    gone.command("bms off")
    gone.command("plug")
    for _ in range(80):
        gone.run(0.1)
        assert power_is_off(gone)
    gone.expect("StopTransaction", within_s=10, reason="Other")


def test_a_power_cut_meanwhile_closes_it(gone) -> None:
    power_cycle(gone)
    gone.expect("StopTransaction", within_s=60, reason="PowerLoss")
    gone.run(3)
    assert gone.state()["connector"] == "Available"
