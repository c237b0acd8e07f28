"""Makes the row of profile_rules.py of a ChargingProfile (OCPP 1.6 7.8). Loaded on demand.

Where OCPP leaves it open:

* Absolute without startSchedule runs from the start of charging (7.13), a ChargePointMaxProfile,
  which has none, from the moment it is received. Recurring must have one.
* Decimals behind the first are cut off (6.5), so a limit is never raised.
* numberPhases has no meaning for direct current and is ignored, startSchedule of Relative too.
"""

from micropython import const

from firmware.on_demand import load

_PURPOSES = ("ChargePointMaxProfile", "TxDefaultProfile", "TxProfile")
_LAP_S = {"Daily": 86_400, "Weekly": 604_800}
_HIGHEST = const(100_000)  # A or W; far above any rating, and its tenths stay small
_MOST_PERIODS = const(16)  # ChargingScheduleMaxPeriods
_HIGHEST_LEVEL = const(9)  # ChargeProfileMaxStackLevel
_CHARGE_POINT_MAX = const(0)


def row_of(profile: dict, connector_id: int, now_s: int) -> "list | None":
    """The profile's row, without its transaction; None when it makes no sense or is too much.

    profile_fields.py has checked it.
    """
    schedule = profile["chargingSchedule"]
    purpose = _PURPOSES.index(profile["chargingProfilePurpose"])
    kind = profile["chargingProfileKind"]
    from_s = _date(profile, "validFrom")
    to_s = _date(profile, "validTo")
    start_s = _date(schedule, "startSchedule")
    duration_s = schedule.get("duration")
    lap_s = 0
    if kind == "Recurring":
        lap_s = _LAP_S.get(profile.get("recurrencyKind"), 0)
        if not lap_s or start_s < 0:
            return None
    elif kind == "Relative" or (start_s < 0 and purpose != _CHARGE_POINT_MAX):
        lap_s = -1
        start_s = 0
    elif start_s < 0:
        start_s = now_s
    level = profile["stackLevel"]
    least = _tenths(schedule.get("minChargingRate", 0))
    periods = _periods(schedule["chargingSchedulePeriod"])
    if (
        not periods
        or least < 0
        or level > _HIGHEST_LEVEL
        or (lap_s < 0 and purpose == _CHARGE_POINT_MAX)
        or (duration_s is not None and duration_s <= 0)
        or 0 <= to_s <= max(now_s, from_s)
    ):
        return None
    unit = schedule["chargingRateUnit"]
    return [
        profile["chargingProfileId"], purpose, level, connector_id, 0, unit, least,
        max(from_s, 0), max(to_s, 0), lap_s, start_s, duration_s or 0, periods,
    ]  # fmt: skip


def _date(holder: dict, key: str) -> int:
    """Seconds since 1970, -1 = not given."""
    if key not in holder:
        return -1
    return load("firmware.ocpp.date_parser").parse_iso8601(holder[key])


def _periods(periods: "list[dict]") -> "list[int] | None":
    if not 1 <= len(periods) <= _MOST_PERIODS:
        return None
    flat = []
    for period in periods:
        start_s = period["startPeriod"]
        limit = _tenths(period["limit"])
        if limit < 0 or (start_s <= flat[-2] if flat else start_s != 0):
            return None
        flat.append(start_s)
        flat.append(limit)
    return flat


def _tenths(value: "int | float") -> int:
    """Tenths, rounded down but for what a float cannot hold (16.3 is 16.2999992 on the chip)."""
    return int(min(value, _HIGHEST) * 10 + 0.01) if value >= 0 else -1
