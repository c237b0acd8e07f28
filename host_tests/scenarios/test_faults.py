"""What must stop the charger: the plant is off in time, the server hears code and reason, and the
fault clears as the design says."""

import pytest

from host_tests.scenarios.steps import (
    OFF_MS,
    amps,
    calls,
    charging,
    current_flows,
    expect_status,
    off_in_time,
    one_session,
    power_is_off,
    remote_start,
    remote_stop,
    session_ends,
    status,
    transaction_id,
)

BMS_LIMIT_MS = MODULE_LIMIT_MS = 3_000  # settings bms_timeout_ms and module_timeout_ms
# command, limit for "off" in ms, error code, vendor error code, stop reason, command that ends it
FAULTS = [
    ("estop on", OFF_MS, "OtherError", "EmergencyStop", "EmergencyStop", "estop off"),
    ("module fault=1", OFF_MS, "InternalError", "ModuleFault", "Other", "module fault=0"),
    ("module temperature=75", 3_000, "HighTemperature", "ModuleOverTemperature", "Other",
     "module temperature=50"),
    ("module off", MODULE_LIMIT_MS + 1_000, "InternalError", "ModuleSilent", "Other", "module on"),
    ("bms off", BMS_LIMIT_MS + 1_000, "EVCommunicationError", "BmsSilent", "Other", "bms on"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("strike", "limit_ms", "code", "vendor_code", "reason", "heal"),
    FAULTS,
    ids=[row[3] for row in FAULTS],
)
def test_fault_in_a_session(bench, strike, limit_ms, code, vendor_code, reason, heal) -> None:
    transaction = charging(bench)
    bench.run(2)
    bench.command(strike)
    off_in_time(bench, limit_ms)
    bench.expect_order(
        [
            status("Faulted", errorCode=code, vendorErrorCode=vendor_code),
            ("DataTransfer", {"messageId": "SessionSummary"}),
            ("StopTransaction", {"reason": reason, "transactionId": transaction}),
        ]
    )
    answer = bench.call("RemoteStartTransaction", {"connectorId": 1, "idTag": "A"})
    assert answer == {"status": "Rejected"}
    bench.run(2)
    assert power_is_off(bench)
    bench.command(heal)
    expect_status(bench, "Finishing", errorCode="NoError")
    bench.run(2)
    assert power_is_off(bench)  # it never goes on by itself
    one_session(bench)
    remote_start(bench)
    current_flows(bench)


def test_e_stop_while_idle(bench) -> None:
    bench.command("estop on")
    expect_status(bench, "Faulted", errorCode="OtherError")
    bench.command("plug")
    bench.run(2)
    bench.command("estop off")
    expect_status(bench, "Preparing", errorCode="NoError")
    bench.expect("DataTransfer", messageId="VehicleInfo")
    assert calls(bench, "StartTransaction") == []


def test_unplugged_under_load(bench) -> None:
    charging(bench)
    bench.run(2)
    bench.command("unplug")
    off_in_time(bench)
    session_ends(bench, "EVDisconnected")
    expect_status(bench, "Available", errorCode="NoError")


def test_bms_forbids_and_allows_again(bench) -> None:
    transaction = charging(bench)
    bench.command("bms allowed=0")
    off_in_time(bench)
    expect_status(bench, "SuspendedEV", errorCode="NoError")
    bench.run(3)
    bench.command("bms allowed=1")
    expect_status(bench, "Charging")
    current_flows(bench)
    remote_stop(bench, transaction)
    bench.run(1)
    one_session(bench)


def test_bms_forbids_for_long_ends_the_session(bench) -> None:
    charging(bench)
    bench.command("bms allowed=0")
    expect_status(bench, "SuspendedEV")
    session_ends(bench, "Other")


def test_bms_asks_for_no_current_as_a_full_pack_does(bench) -> None:
    charging(bench)
    bench.command("bms current_limit=0")
    expect_status(bench, "SuspendedEV")
    bench.run(1)
    assert power_is_off(bench)
    session_ends(bench, "Other")


def test_a_short_silence_of_the_bms_is_no_fault(bench) -> None:
    charging(bench)
    bench.command("bms off")
    bench.run(2)
    bench.command("bms on")
    bench.run(3)
    assert amps(bench) > 1
    assert not [s for s in calls(bench, "StatusNotification") if s["status"] == "Faulted"]


def test_contactor_welds_and_stays_faulted(bench) -> None:
    charging(bench)
    bench.command("weld on")  # nothing to see yet: it is commanded closed
    bench.run(1)
    remote_stop(bench)
    bench.run(1)
    plant = bench.hardware.plant_state()
    assert plant["contactor"] and not plant["module_on"] and plant["amps"] == 0
    expect_status(bench, "Faulted", errorCode="PowerSwitchFailure")
    bench.command("weld off")
    bench.command("unplug")
    bench.run(12)
    assert bench.state()["connector"] == "Faulted"  # only service clears it
    assert one_session(bench) is None


def test_contactor_closes_by_itself(bench) -> None:
    bench.command("plug")
    expect_status(bench, "Preparing")
    bench.command("weld on")
    fault = expect_status(bench, "Faulted", within_s=2, errorCode="PowerSwitchFailure")
    assert fault.payload["vendorErrorCode"] == "ContactorWelded"
    assert not bench.hardware.plant_state()["module_on"]


def test_e_stop_with_welded_contactor_takes_the_module_off(bench) -> None:
    charging(bench)
    bench.command("weld on")
    bench.command("estop on")
    off_in_time(bench)
    stop = bench.expect("StopTransaction", transactionId=transaction_id(bench))
    assert stop.payload["reason"] == "EmergencyStop"


def test_faults_without_server_reach_it_later(bench) -> None:
    charging(bench)
    bench.server.online(False)
    bench.run(1)
    bench.command("estop on")
    off_in_time(bench)
    bench.server.online(True)
    expect_status(bench, "Faulted", within_s=30, errorCode="OtherError")
    bench.expect("StopTransaction", reason="EmergencyStop")
    one_session(bench)
