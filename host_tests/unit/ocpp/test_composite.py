"""Composite schedules against a model that looks at each second; their text; their bounds."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.ocpp.composite import composite, parts
from firmware.ocpp.profile_check import row_of
from firmware.ocpp.profile_rules import look
from host_tests.unit.ocpp.brute_force import allowed
from tools.sim.script import check_schema

NOW = 1_768_989_066
DAY_S = 86_400
MAX_MA = 100_000
MV = 76_380
SPAN_S = 60  # short schedules, so that a minute sees all of them

near = st.integers(-20, SPAN_S + 10)
deci = st.integers(0, 300).map(lambda tenths: tenths / 10)


def iso(unix_s):
    return datetime.fromtimestamp(unix_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@st.composite
def profiles(draw, number):
    purpose = draw(st.sampled_from(["ChargePointMaxProfile", "TxDefaultProfile", "TxProfile"]))
    kinds = ["Absolute", "Recurring"] + ["Relative"] * (purpose != "ChargePointMaxProfile")
    starts = [0, *sorted(draw(st.sets(st.integers(1, SPAN_S), max_size=4)))]
    unit = draw(st.sampled_from("AW"))
    scale = 1 if unit == "A" else 75
    schedule = {
        "chargingRateUnit": unit,
        "chargingSchedulePeriod": [
            {"startPeriod": start, "limit": round(draw(deci) * scale, 1)} for start in starts
        ],
    }
    profile = {
        "chargingProfileId": number,
        "stackLevel": draw(st.integers(0, 3)),
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": draw(st.sampled_from(kinds)),
        "chargingSchedule": schedule,
    }
    if profile["chargingProfileKind"] == "Recurring":
        profile["recurrencyKind"] = draw(st.sampled_from(["Daily", "Weekly"]))
        laps = DAY_S * draw(st.sampled_from([0, 1, 7, 14]))
        schedule["startSchedule"] = iso(NOW + draw(near) - laps)
    elif profile["chargingProfileKind"] == "Absolute":
        schedule["startSchedule"] = iso(NOW + draw(near))
    if draw(st.booleans()):
        schedule["duration"] = draw(st.integers(1, SPAN_S))
    if draw(st.booleans()):
        schedule["minChargingRate"] = round(draw(deci) * scale, 1)
    if draw(st.booleans()):
        profile["validFrom"] = iso(NOW + draw(st.integers(-20, 25)))
    if draw(st.booleans()):
        profile["validTo"] = iso(NOW + draw(st.integers(26, SPAN_S + 10)))
    connectors = {"ChargePointMaxProfile": [0], "TxProfile": [1], "TxDefaultProfile": [0, 1]}
    return draw(st.sampled_from(connectors[purpose])), profile


@st.composite
def installed(draw):
    """Profiles of which none replaces another one."""
    found = {}
    for number in range(draw(st.integers(0, 6))):
        connector, profile = draw(profiles(number))
        key = connector, profile["chargingProfilePurpose"], profile["stackLevel"]
        found[key] = connector, profile
    return list(found.values())


def rows_of(pairs):
    rows = [row_of(p, connector, NOW - 100) for connector, p in pairs]
    assert None not in rows
    return rows


@settings(max_examples=400, deadline=None)
@given(installed(), st.sampled_from("AW"), st.integers(-30, 0), st.integers(1, SPAN_S))
def test_each_second_is_what_the_plain_model_says(pairs, unit, begun, duration):
    begin_s = NOW + begun
    wanted = [allowed(pairs, NOW + at, begin_s, unit, MAX_MA, MV) for at in range(duration)]
    facts = rows_of(pairs), NOW, begin_s, MAX_MA, MV
    periods, covered_s = composite(facts, duration, unit)
    assert covered_s == duration
    assert periods[0][0] == 0
    got = []
    for (start, limit), (end, after) in zip(
        periods, [*periods[1:], (duration, None)], strict=True
    ):
        assert start < end and limit != after  # equal neighbours are one
        got += [limit] * (end - start)
    assert got == wanted


@settings(max_examples=200, deadline=None)
@given(installed(), st.integers(0, SPAN_S))
def test_a_look_holds_as_long_as_it_says(pairs, at):
    for row in rows_of(pairs):
        _, limit, until_s, begun = look(row, NOW + at, NOW)
        assert until_s > NOW + at
        for second in range(NOW + at, min(until_s, NOW + at + SPAN_S)):
            assert look(row, second, NOW)[1] == limit
            assert look(row, second, NOW)[3] == begun


def simple(periods, lap_s=0, start_s=NOW, level=0, number=1, unit="A", duration_s=0):
    return [number, 1, level, 1, 0, unit, 0, 0, 0, lap_s, start_s, duration_s, periods]


def test_without_profiles_it_is_the_rating():
    assert composite(([], NOW, NOW, MAX_MA, MV), 300, "A") == ([(0, 1000)], 300)
    assert composite(([], NOW, NOW, MAX_MA, MV), 300, "W") == ([(0, 76_380)], 300)


def test_no_profile_is_above_the_rating():
    facts = [simple([0, 4000])], NOW, NOW, MAX_MA, MV
    assert composite(facts, 300, "A")[0] == [(0, 1000)]


def test_a_schedule_is_at_most_seven_days():
    facts = [simple([0, 60, 3600, 70], DAY_S)], NOW, NOW, MAX_MA, MV
    periods, covered_s = composite(facts, 30 * DAY_S, "A")
    assert covered_s == 7 * DAY_S
    assert len(periods) == 14 and periods[-1] == (6 * DAY_S + 3600, 70)


def test_one_with_too_many_changes_ends_where_it_is_cut():
    many = [part for at in range(24) for part in (at * 60, 60 + at % 2)]
    facts = [simple(many, DAY_S)], NOW, NOW, MAX_MA, MV
    periods, covered_s = composite(facts, 7 * DAY_S, "A")
    assert len(periods) == 100
    assert covered_s == 4 * DAY_S + 4 * 60  # the 101st change


def test_one_that_never_changes_is_not_looked_at_for_ever():
    many = [part for at in range(24) for part in (at * 60, 60)]
    rows = [simple(many, DAY_S, NOW - number, number, number) for number in range(10)]
    periods, covered_s = composite((rows, NOW, NOW, MAX_MA, MV), 7 * DAY_S, "A")
    assert periods == [(0, 60)]
    assert 3600 < covered_s < 7 * DAY_S


@pytest.mark.parametrize("count", [1, 8, 9, 40])
def test_the_text(count):
    texts = parts(1, NOW, "A", [(at * 60, 60 + at) for at in range(count)], count * 60)
    assert max(map(len, texts)) < 500
    answer = json.loads("".join(texts), parse_float=Decimal)  # 9.7 is a multiple of 0.1 then
    check_schema("GetCompositeScheduleResponse", answer)
    schedule = answer["chargingSchedule"]
    assert answer["status"] == "Accepted" and answer["connectorId"] == 1
    assert answer["scheduleStart"] == schedule["startSchedule"] == "2026-01-21T09:51:06Z"
    assert schedule["duration"] == count * 60 and schedule["chargingRateUnit"] == "A"
    assert schedule["chargingSchedulePeriod"] == [
        {"startPeriod": at * 60, "limit": Decimal(60 + at) / 10} for at in range(count)
    ]


def test_without_the_time_a_profile_that_hangs_on_it_has_its_lowest_limit():
    row = simple([0, 160, 60, 60, 120, 320])
    assert look(row, 5, 5, known=False)[1] == 60
    row = simple([0, 160, 60, 60, 120, 320], -1, 0)
    row[7], row[8] = NOW, NOW + 10  # validity cannot be judged
    assert [look(row, 1000 + at, 1000, known=False)[1] for at in (0, 59, 60, 120)] == [
        160, 160, 60, 320,
    ]  # fmt: skip
