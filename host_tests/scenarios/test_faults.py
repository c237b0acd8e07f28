"""Stories of faults: what comes before, after and together with them.

That each row of the table acts, is told and ends as it says is test_fault_table.py's business.
"""

import pytest

from host_tests.scenarios.conftest import booted
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
from tools.sim.hardware import COIL, HardwareError


def test_a_fault_ends_the_session_in_the_guide_s_order_and_forbids_the_next(bench) -> None:
    transaction = charging(bench)
    bench.run(2)
    bench.command("module fault=1")
    off_in_time(bench, OFF_MS)
    bench.expect_order(
        [
            status("Faulted", errorCode="InternalError", vendorErrorCode="ModuleFault"),
            ("DataTransfer", {"messageId": "SessionSummary"}),
            ("StopTransaction", {"reason": "Other", "transactionId": transaction}),
        ]
    )
    answer = bench.call("RemoteStartTransaction", {"connectorId": 1, "idTag": "A"})
    assert answer == {"status": "Rejected"}
    bench.command("module fault=0")
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


FITTED = {"door_pin": 15, "earth_fault_pin": 12, "gun_temperature_pin": 36, "gun_sense_pin": 39}


def test_everything_fitted_charges_and_each_input_is_alive(start) -> None:
    bench = start(FITTED)
    booted(bench)
    charging(bench)
    bench.run(10)
    assert amps(bench) > 85
    assert not [s for s in calls(bench, "StatusNotification") if s["status"] == "Faulted"]
    for strike, heal, name in (
        ("door open", "door closed", "DoorOpen"),
        ("gun sense=open", "gun sense=ok", "GunSensor"),
        ("gun temperature=short", "gun temperature=auto", "GunSensor"),
    ):
        bench.command(strike)
        expect_status(bench, "Faulted", vendorErrorCode=name)
        bench.command(heal)
        expect_status(bench, "Finishing", within_s=15)
    one_session(bench)


def test_a_module_that_knows_its_own_output_only_uses_the_board_s_sense_at_the_gun(start) -> None:
    """The rivot BMS tells no voltage either: without the divider no battery would be found."""
    options = {"power": "maxwell", "gun_sense_pin": 39}
    bench = start(options)
    booted(bench)
    charging(bench)
    bench.run(3)
    counters = bench.hardware.counters
    assert counters["operations"] == 1 and counters["closed_onto_difference"] == 0


def test_the_wrong_pin_is_named_and_nothing_starts(start) -> None:
    bench = start({"gun_temperature_pin": 14})
    bench.run(3)
    assert "hardware.json: gun_temperature_pin: GPIO 14 has no ADC, 32 to 39 have" in bench.output
    assert power_is_off(bench)


def test_a_pin_that_two_want_is_named_before_either_drives_it(start) -> None:
    """A reader's chip select is high at rest, and so would be what switches the module on."""
    bench = start({"power": "analog", "bms": "jk_uart", "reader": "rc522"})  # both want GPIO 15
    hardware, high = bench.hardware, []
    write = hardware.pin_write

    def watched(pin: int, value: int) -> None:
        if value:
            high.append(pin)
        write(pin, value)

    hardware.pin_write = watched
    starts = bench.charger.starts
    bench.run(5)
    assert bench.charger.starts > starts
    assert "hardware.json: reader_cs: GPIO 15 is power_enable_pin's already" in bench.output
    assert 15 not in high and power_is_off(bench)


def faulted(bench, name: str) -> None:
    """The boot sequence of a charger that is held."""
    bench.expect("BootNotification", within_s=20)
    bench.expect("StatusNotification", connectorId=1, status="Faulted", vendorErrorCode=name)
    assert power_is_off(bench)


def dies(bench) -> None:
    """The field bus's task dies; the chip restarts."""
    hardware = bench.hardware
    starts = bench.charger.starts

    def fail(*_: object) -> None:
        del hardware.spi_transfer  # the next time it works again
        raise HardwareError("broken by the test")

    hardware.spi_transfer = fail
    bench.run_until(lambda: bench.charger.starts > starts, 5, "a restart")
    assert power_is_off(bench)


def test_a_task_that_dies_three_times_holds_the_charger(bench) -> None:
    charging(bench)
    for _ in range(2):
        dies(bench)
        booted(bench, "Preparing")
        bench.run(3)
    dies(bench)
    faulted(bench, "CrashLoop")
    assert bench.call("Reset", {"type": "Hard"}) == {"status": "Accepted"}
    faulted(bench, "CrashLoop")  # an ordered restart repairs nothing
    bench.command("service")
    expect_status(bench, "Preparing")
    for _ in range(3):  # and counts for nothing
        assert bench.call("Reset", {"type": "Soft"}) == {"status": "Accepted"}
        booted(bench, "Preparing")


@pytest.mark.slow
def test_a_charger_in_a_crash_loop_is_let_go_after_ten_minutes(bench) -> None:
    for _ in range(2):
        dies(bench)
        booted(bench)
    dies(bench)
    faulted(bench, "CrashLoop")
    bench.expect_none("StatusNotification", 590, status="Available", connectorId=1)
    expect_status(bench, "Available", within_s=20, errorCode="NoError")
    dies(bench)
    booted(bench)  # it counts from the beginning


def test_a_supply_that_dips_three_times_holds_the_charger(bench) -> None:
    for _ in range(2):
        bench.command("brownout")
        booted(bench)
    bench.command("brownout")
    faulted(bench, "BrownOut")
    bench.command("power")  # the plug is pulled: a technician's way
    bench.power_on()
    booted(bench)


def test_the_charge_pump_holds_the_contactor_and_a_stopped_tick_drops_it(start) -> None:
    bench = start(options={"charge_pump": True})
    booted(bench)
    charging(bench)
    bench.run(5)
    plant = bench.hardware.plant_state()
    assert plant["contactor"] and plant["amps"] > 50
    hardware = bench.hardware
    hardware.advance(hardware.now_ms + 200)  # the firmware does not know of this time
    assert hardware.contactor.closed
    hardware.advance(hardware.now_ms + 200)
    assert not hardware.contactor.closed and hardware.pins.level(COIL) == 1
