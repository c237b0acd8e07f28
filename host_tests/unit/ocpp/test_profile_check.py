"""What of a ChargingProfile is taken, and what is refused."""

import pytest

from firmware.ocpp.errors import OcppError
from firmware.ocpp.key_table import find
from firmware.ocpp.profile_check import row_of
from firmware.ocpp.profile_fields import check_fields

NOW = 1_768_989_066  # 2026-01-21T09:51:06Z
PERIODS = [{"startPeriod": 0, "limit": 6}, {"startPeriod": 60, "limit": 16.3}]


def profile(periods=None, schedule=None, **fields):
    return {
        "chargingProfileId": 5,
        "stackLevel": 2,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": {
            "chargingRateUnit": "A",
            "startSchedule": "2026-01-21T09:51:06Z",
            "chargingSchedulePeriod": PERIODS if periods is None else periods,
            **(schedule or {}),
        },
        **fields,
    }


def made_of(made, connector):
    check_fields("Profile", made)
    return row_of(made, connector, NOW)


def row(*args, connector=1, **fields):
    return made_of(profile(*args, **fields), connector)


def without(name, **fields):
    made = profile(**fields)
    del made["chargingSchedule"][name]
    return made_of(made, 0)


def limits(*values):
    return row([{"startPeriod": i, "limit": v} for i, v in enumerate(values)])[-1][1::2]


def test_all_of_it_comes_into_the_row():
    schedule = {"duration": 400, "minChargingRate": 6.5, "chargingRateUnit": "W"}
    made = row(
        schedule=schedule,
        chargingProfileKind="Recurring",
        recurrencyKind="Weekly",
        validFrom="2026-01-21T09:51:00Z",
        validTo="2027-01-21T09:51:06+01:00",
    )
    assert made == [
        5, 1, 2, 1, 0, "W", 65, NOW - 6, 1_800_521_466, 604_800, NOW, 400, [0, 60, 60, 163],
    ]  # fmt: skip


def test_decimals_are_cut_off_never_rounded_up():
    assert limits(6, 6.0, 6.1, 6.55, 6.09, 0, 0.1, 32.7) == [60, 60, 61, 65, 60, 0, 1, 327]
    for tenths in range(2000):
        assert limits(tenths / 10) == [tenths]
    assert limits(1e9 - 1) == [1_000_000]


@pytest.mark.parametrize("purpose", ["TxDefaultProfile", "TxProfile"])
def test_absolute_without_start_is_relative_to_the_start_of_charging(purpose):
    made = without("startSchedule", chargingProfilePurpose=purpose)
    assert made[9:11] == [-1, 0]


def test_for_the_charge_point_it_starts_when_it_is_received():
    made = without("startSchedule", chargingProfilePurpose="ChargePointMaxProfile")
    assert made[9:11] == [0, NOW]


def test_relative_ignores_a_start():
    assert row(chargingProfileKind="Relative")[9:11] == [-1, 0]


def test_the_epoch_is_a_start_like_any_other():
    schedule = {"startSchedule": "1970-01-01T00:00:00Z"}
    made = row(schedule=schedule, chargingProfileKind="Recurring", recurrencyKind="Daily")
    assert made[9:11] == [86_400, 0]


@pytest.mark.parametrize(
    "fields",
    [
        {"periods": []},
        {"periods": [{"startPeriod": 1, "limit": 6}]},
        {"periods": [*PERIODS, {"startPeriod": 60, "limit": 6}]},
        {"periods": [*PERIODS, {"startPeriod": 59, "limit": 6}]},
        {"periods": [{"startPeriod": 0, "limit": -0.1}]},
        {"periods": [{"startPeriod": at, "limit": 6} for at in range(25)]},
        {"schedule": {"duration": 0}},
        {"schedule": {"duration": -5}},
        {"schedule": {"minChargingRate": -1}},
        {"stackLevel": 10},
        {"chargingProfileKind": "Recurring"},
        {"chargingProfileKind": "Relative", "chargingProfilePurpose": "ChargePointMaxProfile"},
        {"validTo": "2026-01-21T09:51:06Z"},
        {"validTo": "1970-01-01T00:00:00Z"},
        {"validFrom": "2026-02-01T00:00:00Z", "validTo": "2026-02-01T00:00:00Z"},
    ],
)
def test_nonsense_and_too_much_is_refused(fields):
    assert row(**fields) is None


def test_recurring_needs_a_start():
    fields = {"chargingProfileKind": "Recurring", "recurrencyKind": "Daily"}
    assert row(**fields)
    assert without("startSchedule", **fields) is None


def test_the_limits_are_those_of_the_configuration_keys():
    most = int(find("ChargingScheduleMaxPeriods")[3])
    assert row([{"startPeriod": at, "limit": 6} for at in range(most)])
    assert row([{"startPeriod": at, "limit": 6} for at in range(most + 1)]) is None
    highest = int(find("ChargeProfileMaxStackLevel")[3])
    assert row(stackLevel=highest)
    assert row(stackLevel=highest + 1) is None


@pytest.mark.parametrize(
    "fields",
    [
        {"chargingProfileId": "5"},
        {"chargingProfileId": None},
        {"stackLevel": -1},
        {"chargingProfilePurpose": "MaxProfile"},
        {"chargingProfileKind": "absolute"},
        {"recurrencyKind": "Monthly"},
        {"validFrom": "soon"},
        {"validTo": 17},
        {"transactionId": "7"},
        {"chargingSchedule": []},
        {"schedule": {"duration": 1.5}},
        {"schedule": {"startSchedule": "now"}},
        {"schedule": {"chargingRateUnit": "kW"}},
        {"schedule": {"minChargingRate": "6"}},
        {"schedule": {"chargingSchedulePeriod": {}}},
        {"periods": [[]]},
        {"periods": [{"startPeriod": 0}]},
        {"periods": [{"limit": 6}]},
        {"periods": [{"startPeriod": 0, "limit": True}]},
        {"periods": [{"startPeriod": 0, "limit": "6"}]},
        {"periods": [{"startPeriod": 0, "limit": 1e300}]},
        {"periods": [{"startPeriod": 0, "limit": 6, "numberPhases": "3"}]},
    ],
)
def test_what_does_not_fit_the_schema_is_an_error(fields):
    with pytest.raises(OcppError):
        row(**fields)


@pytest.mark.parametrize("name", ["chargingRateUnit", "chargingSchedulePeriod"])
def test_what_must_be_there(name):
    with pytest.raises(OcppError) as refused:
        without(name)
    assert refused.value.code == "OccurenceConstraintViolation"
