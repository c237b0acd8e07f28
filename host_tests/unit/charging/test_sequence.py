"""The charge sequence: every state with every event, and what each state waits for."""

import itertools

import pytest

from firmware.charging.sequence import SEQUENCE, SEQUENCE_EVENTS, SEQUENCE_STATES, Sequence
from host_tests.unit.charging.plant import TICK_MS, Plant

CLOSED = ("Close", "Ramp", "Follow", "Taper", "Stop")
ON = ("Precharge", "Close", "Ramp", "Follow", "Taper")
# The way of a session, from permission to permission withdrawn.
UP = ["SelfTest", "Recognise", "Precharge", "Close", "Ramp", "Follow"]
DOWN = ["Stop", "Open", "WeldCheck", "Discharge", "Off"]


@pytest.mark.parametrize(
    ("state", "event"), list(itertools.product(SEQUENCE_STATES, SEQUENCE_EVENTS))
)
def test_every_pair(state: str, event: str) -> None:
    sequence = Sequence()
    sequence.state = state
    sequence.contactor = state in CLOSED
    sequence.module_on = state in ON
    target = SEQUENCE[state].get(event)
    assert sequence.fire(event) == (target is not None)
    now = target or state
    assert sequence.state == now
    assert sequence.contactor == (now in CLOSED)
    assert sequence.module_on == (now in ON)


def test_table_knows_all_states_and_only_known_events() -> None:
    assert set(SEQUENCE) == set(SEQUENCE_STATES)
    used = {event for row in SEQUENCE.values() for event in row}
    assert used == set(SEQUENCE_EVENTS)
    assert {target for row in SEQUENCE.values() for target in row.values()} == set(SEQUENCE_STATES)


def test_the_contactor_closes_only_after_a_match() -> None:
    into = {
        (state, event)
        for state, row in SEQUENCE.items()
        for event, target in row.items()
        if target in CLOSED and state not in CLOSED
    }
    assert into == {("Precharge", "passed")}


def test_the_module_comes_on_only_for_a_recognised_battery() -> None:
    into = {
        (state, event)
        for state, row in SEQUENCE.items()
        for event, target in row.items()
        if target in ON and state not in ON
    }
    assert into == {("Recognise", "passed")}


@pytest.mark.parametrize("state", SEQUENCE_STATES)
def test_an_emergency_switches_everything_off_in_one_step(state: str) -> None:
    sequence = Sequence()
    sequence.state = state
    sequence.fire("emergency")
    assert sequence.state not in CLOSED and sequence.state not in ON


@pytest.mark.parametrize("state", [s for s in SEQUENCE_STATES if s in CLOSED])
def test_whatever_was_closed_is_checked_for_a_weld_and_discharged(state: str) -> None:
    for first in ("emergency", "withdraw", "timeout"):
        if first not in SEQUENCE[state]:
            continue
        seen = []
        now = SEQUENCE[state][first]
        while now != "Off":
            seen.append(now)
            row = SEQUENCE[now]
            now = row.get("passed") or row["timeout"]
        assert seen[-3:] == ["Open", "WeldCheck", "Discharge"]


def way(plant: Plant, until: str, limit_ms: int = 60_000) -> list[str]:
    """The states it goes through from now on, `until` included."""
    seen = []
    for _ in range(limit_ms // TICK_MS):
        plant.run(TICK_MS)
        state = plant.core.sequence.state
        if not seen or seen[-1] != state:
            seen.append(state)
        if state == until:
            return seen
    raise AssertionError(f"{until} not reached: {seen}")


def started() -> Plant:
    plant = Plant().plug().run(1_000)
    assert plant.core.authorize("T")
    plant.run(100)
    assert plant.core.start(1)
    return plant


def test_the_way_up_and_down() -> None:
    plant = started()
    assert way(plant, "Follow") == UP
    plant.core.stop("Remote")
    assert way(plant, "Off") == DOWN


@pytest.mark.parametrize("state", UP)
@pytest.mark.parametrize("how", ["gun", "e_stop", "stop"])
def test_any_end_from_anywhere_leads_to_off(state: str, how: str) -> None:
    plant = started()
    way(plant, state)
    if how == "gun":
        plant.core.gun = False
        plant.bms.reset()
    elif how == "e_stop":
        plant.core.e_stop = True
    else:
        plant.core.stop("Remote")
    plant.run(TICK_MS)
    assert not plant.core.sequence.module_on
    if how != "stop":
        assert not plant.core.sequence.contactor
    plant.run(10_000)
    assert plant.core.sequence.state == "Off" and not plant.core.contactor_closed


def test_self_test_waits_for_an_empty_output() -> None:
    plant = started()
    plant.output_mv = 76_000
    plant.run(100)
    assert plant.core.sequence.state == "SelfTest"
    assert way(plant, "Recognise", 1_000)


def test_self_test_waits_for_an_open_contactor() -> None:
    plant = started()
    plant.core.contactor_closed = plant.welded = True
    plant.run(250)
    assert plant.core.sequence.state == "SelfTest"
    plant.run(300)
    assert plant.state == "Faulted" and not plant.module.on


def test_what_was_read_before_the_module_was_on_matches_nothing() -> None:
    plant = started()
    plant.silent_off = True
    way(plant, "Precharge")
    plant.module.output_mv = plant.battery_mv
    plant.module.output_age_ms = 1_000
    for _ in range(100):
        plant.module.on = False  # it does not come on, and says nothing
        plant.run(TICK_MS)
        assert plant.core.sequence.state == "Precharge"


def test_what_was_read_before_it_opened_says_nothing_of_a_weld() -> None:
    plant = Plant().charge()
    plant.silent_off = True
    plant.core.stop("Remote")
    way(plant, "WeldCheck")
    plant.module.output_mv = 0
    plant.run(2_000)
    assert plant.core.sequence.state == "WeldCheck"


def test_a_module_that_is_silent_while_off_is_no_fault() -> None:
    plant = Plant()
    plant.silent_off = True
    plant.module.output_age_ms = 1 << 29
    plant.start().run(20_000)
    assert plant.power
    plant.core.stop("Remote")
    assert way(plant, "Off", 12_000) == DOWN
    assert plant.core.fault() < 0


@pytest.mark.parametrize("battery_mv", [55_900, 46_000, 89_800, 0])
def test_a_battery_outside_the_window_is_not_recognised(battery_mv: int) -> None:
    plant = Plant(battery_mv=battery_mv)
    plant.start().run(6_000)
    assert plant.state == "Faulted" and plant.closed_at_mv == []
    assert not plant.module.on and plant.output_mv == 0, "the module has never been on"


@pytest.mark.parametrize("battery_mv", [56_000, 60_000, 84_000, 86_000])
def test_a_battery_inside_the_window_is_charged(battery_mv: int) -> None:
    plant = Plant(battery_mv=battery_mv)
    plant.core.limits.max_mv = 85_500
    plant.start().run(10_000)
    assert max(plant.closed_at_mv) <= 2_600 and plant.core.fault() < 0


def test_a_large_difference_never_closes() -> None:
    plant = started()
    way(plant, "Precharge")
    plant.core.regulator.max_mv = 76_380 - 2_300  # as far as the module gets
    for _ in range(400):
        plant.run(TICK_MS)
        assert not plant.core.sequence.contactor
    plant.run(1_000)
    assert plant.state == "Faulted"


def test_a_stop_waits_for_the_current_to_fall() -> None:
    plant = Plant().charge()
    plant.fall_ma = 4_000
    plant.core.stop("Remote")
    plant.run(3_000)
    assert len(plant.opened_at_ma) == 1 and plant.opened_at_ma[0] < 5_000


def test_a_hard_stop_breaks_a_current_only_after_120_ms() -> None:
    plant = Plant().charge()
    plant.fall_ma = 100
    plant.module_fault = 1
    plant.run(100)
    assert plant.core.contactor_closed and plant.core.sequence.state == "Stop"
    plant.run(100)
    assert not plant.core.sequence.contactor and plant.opened_at_ma[0] > 5_000


def test_a_welded_contactor_shows_in_the_output_too() -> None:
    plant = Plant().charge()
    plant.core.stop("Remote")
    way(plant, "WeldCheck")
    plant.output_mv = plant.battery_mv
    plant.bleeds = False
    plant.run(2_700)
    assert plant.core.fault() >= 0 and plant.state == "Faulted"


def test_slow_capacitors_are_a_setting() -> None:
    plant = Plant()
    plant.core.limits.discharge_ms = 60_000
    plant.charge()
    plant.bleeds = False
    plant.core.stop("Remote")
    plant.run(20_000)
    assert plant.core.sequence.state == "WeldCheck" and plant.core.fault() < 0
    plant.output_mv = 71_000
    plant.run(200)
    assert plant.core.sequence.state == "Discharge"
    plant.run(20_000)
    plant.output_mv = 59_000
    plant.run(200)
    assert plant.core.sequence.state == "Off" and plant.core.fault() < 0


def full(plant: Plant, takes_ma: int, seconds: int) -> Plant:
    """At its voltage limit it takes so much for so long."""
    plant.battery_mv = 83_900
    plant.takes_ma = takes_ma
    return plant.run(seconds * 1000)


def test_a_full_battery_ends_the_session() -> None:
    plant = full(Plant().charge(), 2_900, 59)
    assert plant.state == "Charging" and plant.core.sequence.state == "Taper"
    plant.run(2_000)
    assert plant.state == "Finishing" and plant.core.session.reason == "Other"
    assert plant.opened_at_ma == [0]


def test_the_next_session_begins_anew() -> None:
    plant = full(Plant().charge(), 2_900, 62)
    plant.unplug().run(5_000)
    plant.takes_ma = 1_000_000
    plant.start(txn=2).run(10_000)
    assert plant.power and plant.state == "Charging"


def test_little_current_away_from_the_voltage_limit_is_no_end() -> None:
    plant = Plant()
    plant.bms_limit_ma = 1_850  # the guide's session
    plant.charge().run(600_000)
    assert plant.state == "Charging" and plant.power


def test_current_that_comes_back_starts_the_minute_again() -> None:
    plant = full(Plant().charge(), 2_900, 50)
    full(plant, 10_000, 1)
    full(plant, 2_900, 55)
    assert plant.state == "Charging"


def test_a_low_limit_of_the_central_system_is_no_end() -> None:
    plant = Plant().charge()
    plant.core.regulator.smart_ma = 2_500
    full(plant, 100_000, 200)
    assert plant.state == "Charging" and plant.power


def test_full_by_the_bms_counts_more() -> None:
    plant = Plant().charge()
    plant.soc_c100 = 10_000
    plant.takes_ma = 4_500
    plant.run(58_000)
    assert plant.state == "Charging"
    plant.run(3_000)
    assert plant.state == "Finishing"


def test_end_of_charge_can_be_left_to_the_bms() -> None:
    plant = Plant()
    plant.core.limits.end_of_charge_ma = 0
    full(plant.charge(), 0, 600)
    assert plant.state == "Charging"
