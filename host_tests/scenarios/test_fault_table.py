"""Every row of the supervisor's table, struck at the plant: off in time, told, latched, cleared.

The table is the list of parameters. All rows run on CPython and a few as on the chip; the others
on the chip only in `make test-all`.
"""

import pytest

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
    UNPLUG,
)
from host_tests.scenarios.conftest import HEAP
from host_tests.scenarios.injections import (
    CHARGING,
    INJECTIONS,
    RESTING,
    Injection,
    bring_about,
    do,
)
from host_tests.scenarios.steps import amps, calls, power_is_off
from tools.micropython import command
from tools.sim.bench import Bench

OFF_MS = {EMERGENCY: 100, 2: 100 + 120}  # a stop lets the current fall before the contacts part
ON_CHIP = ("EmergencyStop", "GunSensor", "OverCurrent", "CrashLoop")
TOLD_MS = 200  # from the tick to the server


def runs() -> list:
    """Every row on CPython, and on the 32-bit MicroPython."""
    found = []
    for row in FAULTS:
        for on in ("cpython", "micropython32"):
            slow = on != "cpython" and row[NAME] not in ON_CHIP
            marks = [pytest.mark.slow] if slow else []
            found.append(pytest.param(row, on, id=f"{on}-{row[NAME]}", marks=marks))
    return found


def test_every_row_has_an_injection() -> None:
    assert list(INJECTIONS) == [row[NAME] for row in FAULTS]


@pytest.mark.parametrize(("row", "on"), runs())
def test_row(row, on: str) -> None:
    assert command(on), f"{on} is missing: make setup"
    injection = INJECTIONS[row[NAME]]
    options = injection.vehicle or None
    with Bench(on, injection.settings, HEAP.get(on), options=options) as bench:
        edge_ms = bring_about(bench, injection)
        if row[REACTION] == DERATE:
            only_lowers_the_current(bench, injection)
            return
        goes_off_in_time(bench, row, injection, edge_ms)
        is_told(bench, row, injection, edge_ms)
        ends(bench, row, injection)
        assert power_is_off(bench)


@pytest.mark.slow
@pytest.mark.parametrize("phase_ms", range(0, 120, 13))
@pytest.mark.parametrize(
    "row",
    [
        row
        for row in FAULTS
        if row[REACTION] == EMERGENCY and INJECTIONS[row[NAME]].state == CHARGING
    ],
    ids=lambda row: row[NAME],
)
def test_emergencies_in_every_phase_of_tick_and_broadcast(row, phase_ms: int) -> None:
    injection = INJECTIONS[row[NAME]]
    with Bench("cpython", injection.settings, options=injection.vehicle or None) as bench:
        goes_off_in_time(bench, row, injection, bring_about(bench, injection, phase_ms))


def only_lowers_the_current(bench: Bench, injection: Injection) -> None:
    """A row that derates: less current, no stop, nothing told; then all of it again."""
    low, high = injection.derated_amps
    bench.run(injection.latency_ms / 1000 + 2)
    assert low < amps(bench) < high
    bench.run(3)
    assert low < amps(bench) < high, "it has settled"
    do(bench, injection.heal)
    before = amps(bench)
    bench.run(5)
    assert amps(bench) > min(before + 8, 85)
    assert bench.state()["transaction"] is not None
    assert not [s for s in calls(bench, "StatusNotification") if s["status"] == "Faulted"]


def goes_off_in_time(bench: Bench, row, injection: Injection, edge_ms: float) -> None:
    """From the edge to the plant's power being off, by the plant's own clock."""
    limit_ms = row[HOLD_MS] + injection.latency_ms + OFF_MS[row[REACTION]]
    if injection.state != CHARGING and injection.module_obeys:
        assert injection.state != RESTING or not bench.hardware.module.on
        return  # off it is already: what counts is how soon it is told
    if not injection.module_obeys:
        bench.run_until(lambda: not bench.hardware.contactor.closed, 10, "contactor open")
        assert bench.hardware.now_ms - edge_ms <= limit_ms
        return
    bench.run_until(
        lambda: bench.hardware.plant_state()["edge_to_off_ms"] is not None,
        limit_ms / 1000 + 1,
        "power off",
    )
    assert bench.hardware.plant_state()["edge_to_off_ms"] <= limit_ms
    assert amps(bench) == 0


def is_told(bench: Bench, row, injection: Injection, edge_ms: float) -> None:
    """Status, OCPP error code, the row's name, and the session's end with its reason."""
    told = bench.expect(
        "StatusNotification",
        within_s=15,
        connectorId=1,
        status="Faulted",
        errorCode=row[ERROR_CODE],
        vendorErrorCode=row[NAME],
    )
    if not callable(injection.strike):  # those take their own time
        limit_ms = row[HOLD_MS] + injection.latency_ms + TOLD_MS
        assert told.ms - edge_ms <= limit_ms
    assert told.payload["info"]
    if injection.state == CHARGING and not callable(injection.strike):
        bench.run_until(lambda: calls(bench, "StopTransaction"), 5, "StopTransaction")
        stop = calls(bench, "StopTransaction")[-1]
        assert stop["reason"] == row[REASON]


def ends(bench: Bench, row, injection: Injection) -> None:
    """What is latched stays without its cause, and what clears by itself takes its time."""
    clears_ms = row[CLEAR_MS]
    bench.run(0.5)
    healed_ms = bench.hardware.now_ms
    do(bench, injection.heal)
    if clears_ms in (LATCH, UNPLUG):
        bench.run(injection.heals_ms / 1000 + 2)
        assert bench.state()["connector"] == "Faulted"
        bench.command("unplug")
        bench.run(1)
        if clears_ms == LATCH:
            assert bench.state()["connector"] == "Faulted", "only service clears it"
            bench.command("service")
            bench.run(0.2)
        assert bench.state()["connector"] == "Available"
        return
    cleared = bench.expect(
        "StatusNotification",
        within_s=(clears_ms + injection.heals_ms) / 1000 + 1,
        connectorId=1,
        errorCode="NoError",
        status=lambda status: status != "Faulted",
    )
    took_ms = cleared.ms - healed_ms
    earliest_ms = clears_ms - (900 if injection.ends_with_power else 60)
    assert earliest_ms <= took_ms <= clears_ms + injection.heals_ms + TOLD_MS
