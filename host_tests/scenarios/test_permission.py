"""Who may start and stop, and what a plug-in tells: gun, tags, button, remote commands."""

import pytest

from host_tests.scenarios.conftest import booted
from host_tests.scenarios.steps import (
    TAG,
    amps,
    calls,
    charging,
    current_flows,
    expect_status,
    plug,
    power_is_off,
    remote_start,
    remote_stop,
    session_ends,
    status,
    transaction_id,
)
from tools.sim.bench import Refuse

START = {"connectorId": 1, "idTag": "TEST_TAG"}


def vehicle_infos(bench) -> int:
    return sum(c["messageId"] == "VehicleInfo" for c in calls(bench, "DataTransfer"))


def test_plugged_at_power_up_tells_no_vehicle_info(start) -> None:
    bench = start(options={"plugged": True})
    booted(bench, "Preparing")
    bench.run(15)
    assert calls(bench, "DataTransfer") == []
    remote_start(bench)
    current_flows(bench)
    bench.run(3)
    assert calls(bench, "DataTransfer") == []


def test_two_plug_ins_two_vehicle_infos(bench) -> None:
    for count in (1, 2):
        plug(bench)
        bench.run(5)
        assert vehicle_infos(bench) == count
        bench.command("unplug")
        expect_status(bench, "Available")


def test_a_second_session_on_one_plug_in_tells_no_vehicle_info_again(bench) -> None:
    charging(bench)
    remote_stop(bench)
    remote_start(bench)
    current_flows(bench)
    remote_stop(bench)
    assert vehicle_infos(bench) == 1
    assert len(calls(bench, "StopTransaction")) == 2


def test_vehicle_that_does_not_speak_tells_nothing_and_does_not_start(bench) -> None:
    bench.command("bms off")
    bench.command("plug")
    expect_status(bench, "Preparing")
    assert bench.call("RemoteStartTransaction", START) == {"status": "Accepted"}
    bench.run(20)
    assert calls(bench, "DataTransfer") == calls(bench, "StartTransaction") == []
    bench.command("bms on")  # still within ConnectionTimeOut
    bench.expect("StartTransaction")


def test_remote_start_without_gun_waits_for_the_connection_time_out(bench) -> None:
    answer = bench.call("ChangeConfiguration", {"key": "ConnectionTimeOut", "value": "20"})
    assert answer == {"status": "Accepted"}
    assert bench.call("RemoteStartTransaction", START) == {"status": "Accepted"}
    begun = expect_status(bench, "Preparing")
    over = expect_status(bench, "Available", within_s=30)
    assert 19_000 <= over.ms - begun.ms <= 22_000
    bench.command("plug")
    bench.run(5)
    assert calls(bench, "StartTransaction") == []


def test_remote_start_then_plug(bench) -> None:
    assert bench.call("RemoteStartTransaction", START) == {"status": "Accepted"}
    bench.run(5)
    bench.command("plug")
    bench.expect("DataTransfer", messageId="VehicleInfo")
    bench.expect_order(["StartTransaction", status("Charging")])


def test_remote_stop_idle_or_of_another_transaction_is_rejected(bench) -> None:
    rejected = {"status": "Rejected"}
    for number in (0, -1, 130):
        assert bench.call("RemoteStopTransaction", {"transactionId": number}) == rejected
    transaction = charging(bench)
    wrong = {"transactionId": transaction + 1}
    assert bench.call("RemoteStopTransaction", wrong) == rejected
    assert amps(bench) > 1
    remote_stop(bench, transaction)
    assert bench.call("RemoteStopTransaction", {"transactionId": transaction}) == rejected


@pytest.mark.parametrize("connector", [0, 2, -1])
def test_remote_start_of_another_connector_is_rejected(bench, connector: int) -> None:
    plug(bench)
    answer = bench.call("RemoteStartTransaction", {"connectorId": connector, "idTag": "A"})
    assert answer == {"status": "Rejected"}
    bench.run(3)
    assert calls(bench, "StartTransaction") == []


def test_remote_start_without_connector_id(bench) -> None:
    plug(bench)
    assert bench.call("RemoteStartTransaction", {"idTag": "A"}) == {"status": "Accepted"}
    bench.expect("StartTransaction", idTag="A", connectorId=1)


def test_tag_starts_and_the_same_tag_stops(bench) -> None:
    plug(bench)
    bench.command(f"tag {TAG}")
    bench.expect_order([("Authorize", {"idTag": TAG}), ("StartTransaction", {"idTag": TAG})])
    expect_status(bench, "Charging")
    current_flows(bench)
    bench.run(2)
    bench.command("tag 0000000001")
    bench.run(3)
    assert amps(bench) > 1
    bench.command(f"tag {TAG}")
    session_ends(bench, "Local", idTag=TAG)
    bench.run(3)
    assert power_is_off(bench)


def test_tag_before_plug(bench) -> None:
    bench.command(f"tag {TAG}")
    bench.expect("Authorize", idTag=TAG)
    expect_status(bench, "Preparing")
    bench.run(3)
    bench.command("plug")
    bench.expect("StartTransaction", idTag=TAG)


def test_refused_tag_does_not_start(start) -> None:
    bench = start(power=False)
    bench.server.answers["Authorize"] = Refuse("Blocked")
    bench.power_on()
    booted(bench)
    plug(bench)
    bench.command(f"tag {TAG}")
    bench.expect("Authorize", idTag=TAG)
    bench.run(5)
    assert calls(bench, "StartTransaction") == []
    assert power_is_off(bench)


def test_button_starts_and_stops(bench) -> None:
    plug(bench)
    bench.command("button")
    bench.expect_order([("Authorize", {"idTag": "BUTTON"}), "StartTransaction"])
    expect_status(bench, "Charging")
    current_flows(bench)
    bench.command("button")
    session_ends(bench, "Local")


def test_button_stops_a_remote_session(bench) -> None:
    charging(bench)
    bench.command("button")
    session_ends(bench, "Local", transactionId=transaction_id(bench))
