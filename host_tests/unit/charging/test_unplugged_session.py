"""StopTransactionOnEVSideDisconnect=false: a session outlives the gun, power never does."""

from firmware.charging import events
from firmware.charging.connector import STATES
from firmware.charging.supervisor import NO_REACTION
from host_tests.unit.charging.plant import TICK_MS, Plant


def states(plant: Plant) -> list[str]:
    return [STATES[e - events.STATE] for e in plant.events if e >= events.STATE]


def charging() -> Plant:
    plant = Plant()
    plant.core.stop_on_unplug = False
    return plant.charge()


def test_power_is_off_in_the_tick_the_gun_goes_and_the_session_stays() -> None:
    plant = charging()
    plant.core.gun = False
    plant.bms.reset()
    plant.run(TICK_MS)
    assert not plant.core.sequence.contactor and not plant.core.sequence.module_on
    assert plant.core.session.open and plant.state == "SuspendedEV"
    assert plant.core.supervisor.reaction == NO_REACTION


def test_without_the_gun_nothing_flows_however_the_readings_look() -> None:
    plant = charging().unplug()
    for _ in range(200):
        plant.bms.age_ms = 0
        plant.bms.allowed = True
        plant.bms.current_limit_ma = 90_000
        plant.bms.voltage_limit_mv = 84_000
        plant.run(TICK_MS)
        assert not plant.core.sequence.contactor and not plant.core.sequence.module_on
        assert plant.core.regulator.set_ma == 0
    assert plant.state == "SuspendedEV"


def test_it_waits_as_long_as_it_takes() -> None:
    plant = charging().unplug().run(600_000)
    assert plant.core.session.open and plant.state == "SuspendedEV"
    assert plant.core.fault() < 0, "a vehicle that is away is not silent"
    assert plant.core.session.duration_ms > 600_000


def test_a_stop_without_the_gun_leads_to_available() -> None:
    plant = charging().unplug().run(5_000)
    assert plant.core.stop("Remote")
    plant.run(1_000)
    assert plant.state == "Available" and plant.core.session.reason == "Remote"
    assert states(plant)[-2:] == ["SuspendedEV", "Available"]
    plant.start(txn=2).run(10_000)
    assert plant.power


def test_the_gun_comes_back_and_the_vehicle_is_read_anew() -> None:
    plant = charging().unplug().run(5_000)
    plant.bms_on = False  # a vehicle takes its time to speak
    plant.plug().run(8_000)
    assert not plant.core.sequence.module_on and plant.core.session.open
    plant.bms_on = True
    plant.run(10_000)
    assert plant.power and plant.state == "Charging"
    assert max(plant.closed_at_mv) <= 2_300, "it closed onto a matched voltage again"
    assert plant.core.session.txn == 1


def test_what_the_vehicle_said_before_counts_no_more() -> None:
    plant = charging().unplug()
    plant.bms.age_ms = 0  # a last frame, decoded late
    plant.bms.allowed = True
    plant.bms.current_limit_ma = 90_000
    plant.bms.voltage_limit_mv = 84_000
    plant.bms_on = False
    plant.run(60_000).plug()
    for _ in range(180):
        plant.run(TICK_MS)
        assert not plant.core.sequence.module_on


def test_a_vehicle_that_never_speaks_ends_it() -> None:
    plant = charging().unplug().run(5_000)
    plant.bms_on = False
    plant.plug().run(12_000)
    assert not plant.core.session.open and not plant.core.sequence.module_on
    assert plant.core.session.reason == "Other"


def test_a_vehicle_that_does_not_allow_it_ends_it() -> None:
    plant = charging().unplug().run(60_000)
    plant.bms_allowed = False
    plant.plug().run(9_000)
    assert plant.core.session.open
    plant.run(2_000)
    assert plant.core.session.reason == "Other"


def test_what_was_suspended_already_is_told_again_for_its_new_cause() -> None:
    plant = charging()
    plant.bms_allowed = False
    plant.run(1_000)
    plant.unplug()
    assert states(plant)[-2:] == ["SuspendedEV", "SuspendedEV"]
    plant.bms_allowed = True
    plant.plug().run(5_000)
    plant.core.regulator.smart_ma = 0
    plant.run(1_000)
    assert plant.state == "SuspendedEVSE"
    plant.unplug()
    assert plant.state == "SuspendedEV"


def test_a_fault_ends_it_without_the_gun() -> None:
    plant = charging().unplug().run(1_000)
    plant.core.e_stop = True
    plant.run(100)
    assert plant.state == "Faulted" and plant.core.session.reason == "EmergencyStop"
    plant.core.e_stop = False
    plant.run(1_000)
    assert plant.state == "Available"


def test_unplugging_again_and_again_leaves_no_power_behind() -> None:
    plant = charging()
    for _ in range(20):
        plant.unplug()
        assert not plant.core.sequence.contactor and not plant.core.sequence.module_on
        plant.run(200).plug().run(6_000)
        assert plant.power
    assert plant.events.count(events.STOPPED) == 0


def test_by_default_unplugging_ends_it() -> None:
    plant = Plant().charge().unplug()
    assert plant.core.session.reason == "EVDisconnected"
