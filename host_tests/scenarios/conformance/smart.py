"""Steps of the smart charging cases: profiles, composite schedules, x.

`x` is the time from the moment the profiles start to the composite's scheduleStart. Limits are
the list's numbers, in A, or for watts 500 W each: the list's 1,000 W are beyond this charger.
"""

from typing import Any

import pytest

from host_tests.scenarios.conformance.states import ACCEPTED, CONNECTOR, seconds, utc
from tools.sim.bench import Bench

UNITS = pytest.mark.parametrize("unit", ["A", "W"])
_SCALE = {"A": 1, "W": 500}
_DEVIATION_S = 2


def schedule(unit: str, *periods: tuple[int, float], **fields: Any) -> dict[str, Any]:
    """A schedule; limits in A, or in 500 W."""
    return {
        "chargingRateUnit": unit,
        "chargingSchedulePeriod": [
            {"startPeriod": start, "limit": limit * _SCALE[unit]} for start, limit in periods
        ],
        **fields,
    }


def profile(
    bench: Bench, number: int, purpose: str, unit: str, *periods: tuple[int, float],
    stack: int = 0, duration: int | None = None, valid_s: int | None = None, **fields: Any,
) -> dict[str, Any]:  # fmt: skip
    """An Absolute profile that starts now."""
    timing: dict[str, Any] = {"startSchedule": utc(bench)}
    if duration:
        timing["duration"] = duration
    if valid_s:
        fields.update(validFrom=utc(bench), validTo=utc(bench, valid_s))
    return {
        "chargingProfileId": number,
        "stackLevel": stack,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Absolute",
        "chargingSchedule": schedule(unit, *periods, **timing),
        **fields,
    }


def set_profile(
    bench: Bench, profile: dict[str, Any], connector: int = CONNECTOR,
    answer: dict[str, str] = ACCEPTED,
) -> None:  # fmt: skip
    """SetChargingProfile and its answer."""
    request = {"connectorId": connector, "csChargingProfiles": profile}
    assert bench.call("SetChargingProfile", request) == answer


def clear(bench: Bench, answer: str = "Accepted", **wanted: Any) -> None:
    """ClearChargingProfile and its answer."""
    assert bench.call("ClearChargingProfile", wanted) == {"status": answer}


def composite(
    bench: Bench, duration: int, unit: str, connector: int = CONNECTOR
) -> tuple[float, list[tuple[int, float]]]:
    """When the composite schedule starts, and its (startPeriod, limit in A or 500 W)."""
    now = seconds(utc(bench))
    request = {"connectorId": connector, "duration": duration, "chargingRateUnit": unit}
    answer = bench.call("GetCompositeSchedule", request)
    assert answer["status"] == "Accepted" and answer["connectorId"] == connector
    start = seconds(answer["scheduleStart"])
    assert abs(start - now) <= _DEVIATION_S
    found = answer["chargingSchedule"]
    assert found["duration"] == duration and found["chargingRateUnit"] == unit
    periods = found["chargingSchedulePeriod"]
    return start, [(p["startPeriod"], float(p["limit"]) / _SCALE[unit]) for p in periods]


def composite_is(
    bench: Bench, duration: int, unit: str, begun: dict[str, Any],
    *wanted: tuple[int, float], connector: int = CONNECTOR,
) -> None:  # fmt: skip
    """The composite is `wanted`, with starts counted from the start of profile `begun`."""
    start, periods = composite(bench, duration, unit, connector)
    x = start - seconds(begun["chargingSchedule"]["startSchedule"])
    assert x >= 0
    assert periods == [(max(0, at - int(x)), limit) for at, limit in wanted]
