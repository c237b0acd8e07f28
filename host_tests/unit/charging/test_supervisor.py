"""Every row of the supervisor's table: how long it takes, what it does, how it ends."""

import ast
from pathlib import Path

import pytest

from firmware.charging import faults, sources, supervisor
from firmware.charging.fault_texts import TEXTS
from firmware.charging.faults import FAULTS
from firmware.charging.supervisor import (
    CLEAR_MS,
    DERATE,
    EMERGENCY,
    ERROR_CODE,
    HOLD_MS,
    LATCH,
    NAME,
    REACTION,
    REASON,
    SOURCE,
    STOP,
    UNPLUG,
)
from firmware.drivers.bms import alarms
from host_tests.unit.charging.plant import TICK_MS, Plant
from host_tests.unit.charging.troubles import (
    BEFORE,
    CHARGING,
    RESTING,
    STARTING,
    STOPPING,
    TROUBLES,
    UNPLUGGED,
    set_trouble,
)

ROWS = {row[NAME]: row for row in FAULTS}
STOPPING_ROWS = [row for row in FAULTS if row[REACTION] >= STOP]
# What has to happen before the condition itself can be seen, in ms.
DETECTION_MS = {
    "ModuleSilent": 3_000,
    "BmsSilent": 3_000,
    "WeldCheckFailed": 2_500 + 300,
    "SelfTestFailed": 3_000,
    "PrechargeFailed": 5_000 + 300,
    "DischargeFailed": 5_000,
    "ContactorWelded": 100,  # it has to be told to open first
}
ERROR_CODES = {
    *("ConnectorLockFailure", "EVCommunicationError", "GroundFailure", "HighTemperature"),
    *("InternalError", "LocalListConflict", "NoError", "OtherError", "OverCurrentFailure"),
    *("PowerMeterFailure", "PowerSwitchFailure", "ReaderFailure", "ResetFailure"),
    *("UnderVoltage", "OverVoltage", "WeakSignal"),
}


def plant_before(name: str) -> Plant:
    before = BEFORE.get(name, CHARGING)
    plant = Plant()
    plant.healthy = {}
    if before == UNPLUGGED:
        return plant
    if before == RESTING:
        return plant.plug().run(2_000)
    if before == STARTING:
        set_trouble(plant, name, True, plant.healthy)
        return plant.start()
    plant.charge()
    if before == STOPPING or name == "ContactorWelded":
        set_trouble(plant, name, True, plant.healthy)
        plant.core.stop("Remote")
    return plant


def strike(plant: Plant, name: str) -> None:
    if name not in plant.healthy:
        set_trouble(plant, name, True, plant.healthy)


def heal(plant: Plant, name: str) -> None:
    set_trouble(plant, name, False, plant.healthy)


def active(plant: Plant, name: str) -> bool:
    return plant.core.supervisor.active[list(ROWS).index(name)] != 0


def off(plant: Plant) -> bool:
    sequence = plant.core.sequence
    return not (sequence.module_on or sequence.contactor)


def after(plant: Plant, name: str, limit_ms: int) -> int:
    """Ticks until the row is active, in ms."""
    for ms in range(TICK_MS, limit_ms + TICK_MS, TICK_MS):
        plant.run(TICK_MS)
        if active(plant, name):
            return ms
    raise AssertionError(f"{name} is not active after {limit_ms} ms")


@pytest.mark.parametrize("row", FAULTS, ids=[row[NAME] for row in FAULTS])
def test_time_and_reaction(row: tuple) -> None:
    name = row[NAME]
    plant = plant_before(name)
    strike(plant, name)
    least_ms = row[HOLD_MS]
    ms = after(plant, name, least_ms + DETECTION_MS.get(name, 0) + 2 * TICK_MS)
    assert ms >= least_ms
    if row[REACTION] == DERATE:
        assert plant.core.fault() < 0 and plant.core.session.open
        plant.run(2_000)
        assert 0 < plant.core.regulator.set_ma < 90_000 and plant.core.contactor_closed
        return
    assert plant.core.fault() == list(ROWS).index(name), FAULTS[plant.core.fault()][NAME]
    assert plant.state == "Faulted" and not plant.core.session.open
    if row[REACTION] == EMERGENCY:
        assert off(plant)
    assert not plant.core.sequence.module_on
    plant.run(3 * TICK_MS)
    assert off(plant)
    if BEFORE.get(name, CHARGING) in (CHARGING, STARTING) and name != "ContactorWelded":
        assert plant.core.session.reason == row[REASON]


@pytest.mark.parametrize("row", FAULTS, ids=[row[NAME] for row in FAULTS])
def test_how_it_ends(row: tuple) -> None:
    name = row[NAME]
    plant = plant_before(name)
    strike(plant, name)
    after(plant, name, 9_000)
    if name in plant.healthy:
        heal(plant, name)
    if row[CLEAR_MS] in (LATCH, UNPLUG):
        plant.run(30_000)
        assert active(plant, name), "it ended by itself"
        plant.unplug().run(2_000)
        assert active(plant, name) == (row[CLEAR_MS] == LATCH)
        plant.core.supervisor.clear_latched()
    plant.run(row[CLEAR_MS] if row[CLEAR_MS] > 0 else 0).run(3_000)
    assert not active(plant, name) and plant.core.fault() < 0
    assert plant.core.sequence.state == "Off" or row[REACTION] == DERATE
    assert plant.state in ("Available", "Preparing", "Finishing", "Charging")


@pytest.mark.parametrize(
    "row", [r for r in FAULTS if r[HOLD_MS] > TICK_MS],
    ids=[r[NAME] for r in FAULTS if r[HOLD_MS] > TICK_MS],
)  # fmt: skip
def test_what_does_not_last_is_no_fault(row: tuple) -> None:
    name = row[NAME]
    plant = plant_before(name)
    if name == "ContactorWelded":  # it has been told to open just now, and does
        heal(plant, name)
    for _ in range(5):
        strike(plant, name)
        plant.run(row[HOLD_MS] - 2 * TICK_MS)
        heal(plant, name)
        plant.run(500)
        assert not active(plant, name)


@pytest.mark.parametrize(
    "row", [r for r in STOPPING_ROWS if r[CLEAR_MS] >= 0 and BEFORE.get(r[NAME]) is None],
    ids=lambda row: row[NAME],
)  # fmt: skip
def test_what_comes_a_fourth_time_stays_until_the_gun_is_pulled(row: tuple) -> None:
    name = row[NAME]
    plant = plant_before(name)
    for number in range(1, 5):
        if number > 1:
            plant.core.bms.age_ms = 0
            assert plant.core.authorize("T"), plant.state
            plant.run(100)
            assert plant.core.start(number)
            plant.run(10_000)
        strike(plant, name)
        after(plant, name, 9_000)
        heal(plant, name)
        plant.run(max(row[CLEAR_MS], 0) + 3_000)
        by_hand = name in ("EmergencyStop", "DoorOpen")
        assert active(plant, name) == (number > 3 and not by_hand)
    plant.run(4_000_000 if name == "GunSensor" else 60_000)
    assert active(plant, name) == (not by_hand)
    plant.unplug().run(6_000)
    assert not active(plant, name)


def test_an_hour_without_a_gun_forgets_three() -> None:
    plant = Plant()
    for hour in range(3):
        for _ in range(3):
            plant.module_fault = 1
            plant.run(200)
            plant.module_fault = 0
            plant.run(2_000)
            assert plant.core.fault() < 0, hour
        plant.run(3_600_000)
    for _ in range(4):
        plant.module_fault = 1
        plant.run(200)
        plant.module_fault = 0
        plant.run(2_000)
    assert plant.core.fault() >= 0
    plant.run(7_300_000)
    assert plant.core.fault() >= 0
    plant.core.supervisor.clear_latched()
    plant.run(100)
    assert plant.core.fault() < 0


def test_derating_is_straight_and_lags_while_it_cools() -> None:
    plant = Plant().charge()
    regulator = plant.core.regulator
    seen = {}
    for c10 in (250, 700, 715, 775, 835, 849):
        plant.core.gun_c10 = c10
        plant.run(100)
        seen[c10] = regulator.derated_ma
    assert seen == {250: 100_000, 700: 100_000, 715: 90_000, 775: 50_000, 835: 10_000, 849: 666}
    plant.core.gun_c10 = 775
    plant.run(100)
    assert regulator.derated_ma == 666, "less than 10 degC cooler"
    plant.core.gun_c10 = 700
    plant.run(100)
    assert regulator.derated_ma == 100_000 * 50 // 150
    plant.core.gun_c10 = 600
    plant.run(100)
    assert regulator.derated_ma == 100_000
    plant.module.temperature_c10 = 675
    plant.run(100)
    assert regulator.derated_ma == 25_000


def test_too_hot_for_any_current_is_a_pause_until_it_is_cooler() -> None:
    plant = Plant().charge()
    plant.core.gun_c10 = 860
    plant.run(500)
    assert plant.state == "SuspendedEVSE" and off(plant) and plant.core.fault() < 0
    plant.core.gun_c10 = 760
    plant.run(60_000)
    assert plant.state == "SuspendedEVSE"
    plant.core.gun_c10 = 740
    plant.run(10_000)
    assert plant.state == "Charging" and 0 < plant.module.terminal_ma < 10_000


def test_a_voltage_just_above_its_limit_never_pauses() -> None:
    plant = Plant().charge()
    plant.gun_mv = 85_000
    plant.run(60_000)
    assert plant.state == "Charging" and plant.module.terminal_ma == 1_000
    plant.gun_mv = None
    plant.run(60_000)
    assert plant.module.terminal_ma == 90_000


def test_a_request_that_is_not_this_packs_starts_nothing() -> None:
    plant = Plant()
    plant.bms_limit_mv = 48_000
    plant.plug().run(3_000)
    assert plant.state == "Faulted" and active(plant, "BmsRequest")
    plant.bms_limit_mv = 84_000
    plant.run(3_000)
    assert plant.state == "Preparing"


def test_a_limit_lowered_below_the_battery_is_no_over_voltage() -> None:
    plant = Plant().charge()
    plant.bms_limit_mv = 72_000
    plant.run(30_000)
    assert plant.core.fault() < 0 and plant.core.regulator.set_mv == 72_000
    plant.gun_mv = 88_300
    plant.run(50)
    assert active(plant, "OverVoltageFar"), "the limit before still holds"


@pytest.mark.parametrize("mv", [1, 9, 10, 99])
def test_a_limit_of_next_to_nothing_is_a_number_too(mv: int) -> None:
    plant = Plant().charge()
    plant.bms_limit_mv = mv
    plant.run(3_000)
    assert off(plant) and active(plant, "BmsRequest")


def test_a_lowered_limit_holds_once_the_voltage_is_within_it() -> None:
    plant = Plant().charge()
    plant.bms_limit_mv = 77_000
    plant.run(100)
    plant.gun_mv = 81_000
    plant.run(50)
    assert active(plant, "OverVoltageFar")


def test_a_battery_above_its_own_limit_is_full_not_a_fault() -> None:
    plant = Plant()
    plant.bms_limit_mv = 75_000
    plant.takes_ma = 0
    plant.start().run(50_000)
    assert plant.state == "Charging"
    plant.run(20_000)
    assert plant.state == "Finishing" and plant.core.session.reason == "Other"


def test_a_bms_that_measures_behind_the_cable_is_believed() -> None:
    plant = Plant().charge()
    plant.bms.voltage_mv = 76_380 - 2_000 - 1_800  # 2 V in the cable at 90 A
    plant.run(20_000)
    assert plant.core.fault() < 0


def test_priority_is_the_order_of_the_table() -> None:
    plant = Plant().charge()
    plant.module_fault = 5
    plant.core.earth_fault = True
    plant.run(50)
    assert FAULTS[plant.core.fault()][NAME] == "EarthFault"
    plant.core.e_stop = True
    plant.run(50)
    assert FAULTS[plant.core.fault()][NAME] == "EmergencyStop"
    plant.core.e_stop = False
    plant.run(50)
    assert FAULTS[plant.core.fault()][NAME] == "EarthFault"


def test_the_table_is_whole() -> None:
    names = [row[NAME] for row in FAULTS]
    assert len(set(names)) == len(names) and set(names) == set(TEXTS) == set(TROUBLES)
    assert {row[SOURCE] for row in FAULTS} == set(range(sources.SOURCES))
    for row in FAULTS:
        assert row[ERROR_CODE] in ERROR_CODES and len(row[NAME]) <= 50
    cut = {name for name, text in TEXTS.items() if len(text) > 50}  # the server's limit
    assert cut == {"EmergencyStop", "ContactorWelded", "PrechargeFailed"}
    assert names[supervisor._NEAR] == "OverVoltageNear"
    assert names[: supervisor._BY_HAND] == ["EmergencyStop", "DoorOpen"]
    reasons = {row[REASON] for row in STOPPING_ROWS[1:]}
    assert FAULTS[0][REASON] == "EmergencyStop" and reasons == {"Other"}, "core.py knows these two"
    reactions = [row[REACTION] >= STOP for row in FAULTS]
    assert reactions == sorted(reactions, reverse=True)


def test_serious_alarms_are_those_of_the_drivers() -> None:
    assert sources._SERIOUS == alarms.SHORT | alarms.WELD | alarms.INSULATION


def test_the_source_names_its_conditions_where_the_table_says() -> None:
    """The table's second column is a name that sources.py defines and measures."""
    tree = ast.parse(Path(faults.__file__).read_text(encoding="utf-8"))
    (table,) = [n.value for n in tree.body if isinstance(n, ast.Assign)]
    code = Path(sources.__file__).read_text(encoding="utf-8")
    for row in table.elts:
        name = row.elts[1].id
        measured = f"values[{name}] =" in code or name in ("GUN_WARM", "MODULE_WARM")
        assert measured, f"{name} is measured nowhere"


@pytest.mark.parametrize(("apart_mv", "believed"), [(-4_000, True), (4_000, True), (6_000, False)])
def test_a_sense_at_the_gun_that_contradicts_the_module_is_no_sense(apart_mv, believed) -> None:
    plant = Plant().charge()
    plant.core.gun_mv = plant.module.terminal_mv + apart_mv
    plant.run(2_000)
    assert active(plant, "GunSensor") != believed
    assert plant.power == believed


def test_a_sense_at_the_gun_is_compared_only_while_the_contactor_joins_both() -> None:
    plant = Plant().plug()
    plant.core.gun_mv = 20_000
    plant.run(2_000)
    assert not active(plant, "GunSensor")
