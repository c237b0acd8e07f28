"""What charging profiles allow in one second, straight from the text of OCPP 1.6 (3.13, 7.8 ff).

As slow and as plain as can be, on the profiles as a server sends them: the model that the
firmware's composite schedule is held against. Limits are tenths of the asked unit.
"""

from datetime import datetime

LAPS_S = {"Daily": 86_400, "Weekly": 604_800}


def unix(text):
    return int(datetime.fromisoformat(text).timestamp())


def begins(profile, second, begin_s):
    """Start of the schedule, or of its present recurrence."""
    schedule = profile["chargingSchedule"]
    if profile["chargingProfileKind"] == "Relative" or "startSchedule" not in schedule:
        return begin_s
    start = unix(schedule["startSchedule"])
    if profile["chargingProfileKind"] == "Recurring":
        while start + LAPS_S[profile["recurrencyKind"]] <= second:
            start += LAPS_S[profile["recurrencyKind"]]
    return start


def is_valid(profile, second):
    if "validFrom" in profile and second < unix(profile["validFrom"]):
        return False
    return not ("validTo" in profile and second >= unix(profile["validTo"]))


def limit_of(profile, second, begin_s):
    """The profile's own limit in its own unit, None when it has none in that second."""
    schedule = profile["chargingSchedule"]
    since = second - begins(profile, second, begin_s)
    if not is_valid(profile, second) or since < 0:
        return None
    if "duration" in schedule and since >= schedule["duration"]:
        return None
    started = [p for p in schedule["chargingSchedulePeriod"] if p["startPeriod"] <= since]
    return max(started, key=lambda p: p["startPeriod"])["limit"]


def tenths(value, have, want, mv):
    value = round(value * 10)
    if have == want:
        return value
    return value * 1000 // mv if want == "A" else value * mv // 1000


def allowed(installed, second, begin_s, unit, max_ma, mv):
    """`installed`: (connector, profile). The charger's limit in that second."""
    limits = [max_ma // 100 if unit == "A" else max_ma * mv // 100_000]
    least = [0]
    overruled = any(
        profile["chargingProfilePurpose"] == "TxProfile"
        and is_valid(profile, second)
        and second >= begins(profile, second, begin_s)
        for _, profile in installed
    )
    for purpose in ("ChargePointMaxProfile", "TxDefaultProfile", "TxProfile"):
        active = [
            (profile["stackLevel"], connector, profile)
            for connector, profile in installed
            if profile["chargingProfilePurpose"] == purpose
            and limit_of(profile, second, begin_s) is not None
        ]
        if active and not (overruled and purpose == "TxDefaultProfile"):
            profile = max(active, key=lambda row: row[:2])[2]
            schedule = profile["chargingSchedule"]
            has = schedule["chargingRateUnit"]
            limits.append(tenths(limit_of(profile, second, begin_s), has, unit, mv))
            least.append(tenths(schedule.get("minChargingRate", 0), has, unit, mv))
    return min(limits) if min(limits) >= max(least) else 0
