"""The charging core with a plant that behaves: sessions, conditions for power, faults."""

import pytest

from firmware.charging import events
from firmware.charging.connector import STATES
from firmware.charging.faults import FAULTS
from firmware.charging.supervisor import ERROR_CODE, NAME
from host_tests.unit.charging.plant import Plant


def state_events(plant: Plant) -> list[str]:
    return [STATES[e - events.STATE] for e in plant.events if e >= events.STATE]


def fault_name(plant: Plant) -> str:
    index = plant.core.fault()
    return FAULTS[index][NAME] if index >= 0 else ""


def test_a_session_from_plug_to_unplug() -> None:
    plant = Plant().charge()
    assert plant.state == "Charging"
    assert plant.module.terminal_ma == 90_000
    assert plant.core.stop("Remote")
    plant.run(3000)
    assert plant.state == "Finishing"
    assert not plant.power and not plant.core.contactor_closed
    assert plant.core.session.reason == "Remote"
    plant.unplug()
    assert state_events(plant) == ["Preparing", "Charging", "Finishing", "Available"]
    assert plant.opened_at_ma == [0] and max(plant.closed_at_mv) <= 2_300


def test_vehicle_is_told_once_a_plug_and_before_the_start() -> None:
    plant = Plant().plug().run(2000)
    assert plant.events.count(events.VEHICLE_KNOWN) == 1
    plant.unplug().plug().run(2000)
    assert plant.events.count(events.VEHICLE_KNOWN) == 2
    plant.core.authorize("T")
    plant.run(200)
    told = max(i for i, e in enumerate(plant.events) if e == events.VEHICLE_KNOWN)
    assert plant.events.index(events.START_READY) > told


def test_plugged_at_power_up_is_preparing_without_vehicle_info() -> None:
    plant = Plant.__new__(Plant)
    original_run, Plant.run = Plant.run, lambda self, ms: self
    try:
        plant.__init__()
    finally:
        Plant.run = original_run
    plant.core.gun = True
    plant.run(5000)
    assert plant.state == "Preparing"
    assert events.VEHICLE_KNOWN not in plant.events


def test_permission_without_a_gun_expires() -> None:
    plant = Plant()
    plant.core.connection_timeout_ms = 5_000
    assert plant.core.authorize("T")
    plant.run(4_900)
    assert plant.state == "Preparing"
    plant.run(300)
    assert plant.state == "Available"
    assert events.AUTHORIZATION_EXPIRED in plant.events


def test_no_start_without_permission_vehicle_or_health() -> None:
    plant = Plant().plug().run(2000)
    assert not plant.core.start(1), "nobody was authorized"
    plant.bms_allowed = False
    plant.core.authorize("T")
    plant.run(5000)
    assert events.START_READY not in plant.events
    plant.bms_allowed = True
    plant.run(100)
    assert events.START_READY in plant.events
    plant.core.e_stop = True
    plant.run(50)
    assert not plant.core.start(1)
    assert plant.state == "Faulted"


def test_a_start_that_comes_too_late_opens_nothing() -> None:
    plant = Plant().plug().run(1000)
    plant.core.authorize("T")
    plant.run(100)
    plant.unplug()
    assert not plant.core.can_start() and not plant.core.start(1)
    assert not plant.core.session.open


def test_a_start_that_was_not_taken_is_asked_for_again_or_expires() -> None:
    plant = Plant().plug().run(1000)
    plant.core.connection_timeout_ms = 5_000
    plant.core.authorize("T")
    plant.run(100)
    plant.bms_allowed = False
    plant.run(100)
    assert not plant.core.can_start()
    plant.bms_allowed = True
    plant.run(100)
    assert plant.events.count(events.START_READY) == 2 and plant.core.can_start()
    plant.bms_allowed = False
    plant.run(6_000)
    assert events.AUTHORIZATION_EXPIRED in plant.events
    assert not plant.core.connector.authorized


@pytest.mark.parametrize(
    ("trouble", "name", "reason"),
    [
        (lambda p: setattr(p.core, "e_stop", True), "EmergencyStop", "EmergencyStop"),
        (lambda p: setattr(p, "module_fault", 1), "ModuleFault", "Other"),
        (lambda p: setattr(p.module, "temperature_c10", 710), "ModuleOverTemperature", "Other"),
        (lambda p: setattr(p, "stuck_open", True), "ContactorOpen", "Other"),
        (lambda p: setattr(p, "extra_ma", 40_000), "OverCurrentFar", "Other"),
        (lambda p: setattr(p, "extra_mv", 20_000), "OverVoltageFar", "Other"),
    ],
)
def test_faults_stop_power_at_once(trouble: object, name: str, reason: str) -> None:
    plant = Plant().charge()
    trouble(plant)
    plant.run(400)
    assert fault_name(plant) == name
    assert plant.state == "Faulted"
    assert not plant.core.sequence.module_on and not plant.core.sequence.contactor
    assert plant.core.session.reason == reason
    assert state_events(plant)[-1] == "Faulted"
    assert plant.events.count(events.STOPPED) == 1


def test_silent_bms_stops_after_its_time_and_clears_when_it_is_back() -> None:
    plant = Plant().charge()
    plant.bms_on = False
    plant.run(2_900)
    assert plant.power
    plant.run(300)
    assert fault_name(plant) == "BmsSilent" and not plant.power
    plant.run(5_000)
    assert plant.state == "Faulted"
    plant.bms_on = True
    plant.run(200)
    assert plant.state == "Finishing"


def test_silent_module_is_a_fault_even_at_rest() -> None:
    plant = Plant()
    plant.module_alive = False
    plant.run(3_200)
    assert fault_name(plant) == "ModuleSilent"
    assert FAULTS[plant.core.fault()][ERROR_CODE] == "InternalError"
    plant.module_alive = True
    plant.run(100)
    assert plant.state == "Available"


def test_bms_pause_suspends_and_a_long_one_ends_the_session() -> None:
    plant = Plant().charge()
    plant.bms_allowed = False
    plant.run(200)
    assert plant.state == "SuspendedEV" and not plant.core.contactor_closed
    plant.bms_allowed = True
    plant.run(3_000)
    assert plant.state == "Charging" and plant.power
    plant.bms_allowed = False
    plant.run(10_300)
    assert plant.state == "Finishing"
    assert plant.core.session.reason == "Other"


def test_central_system_limit_of_zero_suspends() -> None:
    plant = Plant().charge()
    plant.core.regulator.smart_ma = 0
    plant.run(300)
    assert plant.state == "SuspendedEVSE" and not plant.power
    plant.core.regulator.smart_ma = 16_000
    plant.run(5_000)
    assert plant.module.terminal_ma == 16_000


def test_unplug_ends_the_session_and_opens_in_the_same_tick() -> None:
    plant = Plant().charge()
    plant.unplug()
    assert not plant.core.sequence.contactor and not plant.core.sequence.module_on
    assert plant.core.session.reason == "EVDisconnected"
    assert state_events(plant)[-2:] == ["Finishing", "Available"]


def test_weld_latches_until_service_clears_it() -> None:
    plant = Plant().charge()
    plant.welded = True
    plant.core.stop("Remote")
    plant.run(3_000)
    assert fault_name(plant) == "ContactorWelded"
    assert not plant.core.sequence.module_on
    plant.welded = False
    plant.run(60_000)
    assert plant.state == "Faulted"
    assert not plant.core.authorize("T")
    plant.core.supervisor.clear_latched()
    plant.run(100)
    assert plant.state == "Finishing"


def test_first_reason_stays_and_a_second_stop_is_refused() -> None:
    plant = Plant().charge()
    assert plant.core.stop("Local", "TAG")
    assert not plant.core.stop("Remote")
    plant.core.e_stop = True
    plant.run(100)
    assert plant.core.session.reason == "Local"


def test_current_is_ramped_at_20_a_per_second() -> None:
    plant = Plant().start()
    seen = []
    for _ in range(200):
        plant.run(50)
        seen.append(plant.core.regulator.set_ma)
    steps = [b - a for a, b in zip(seen, seen[1:], strict=False)]
    assert max(steps) <= 1_000 and seen[-1] == 90_000


def test_a_loop_that_stood_still_makes_the_current_jump_by_a_tenth_of_a_second_at_most() -> None:
    plant = Plant().start()
    while not plant.power:
        plant.run(50)
    before_ma = plant.core.regulator.set_ma
    plant.core.tick(900)
    assert before_ma < plant.core.regulator.set_ma <= before_ma + 2_000


def test_one_bad_look_after_a_pause_is_not_a_condition_that_lasted() -> None:
    plant = Plant().charge()
    plant.core.contactor_closed = False  # a fault after 300 ms
    plant.core.tick(900)
    assert fault_name(plant) == ""
    plant.run(100)
    assert fault_name(plant) == "" and plant.power


def test_gun_without_battery_fails_precharge() -> None:
    plant = Plant(battery_mv=12_000)
    plant.start().run(21_000)
    assert fault_name(plant) == "PrechargeFailed"
    assert plant.closed_at_mv == []
    plant.unplug().run(100)
    assert plant.state == "Available"
