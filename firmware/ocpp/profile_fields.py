"""Are the fields of a charging profile those of the schema (OCPP 1.6 7.8). Loaded on demand."""

from .requests import check

_FIELDS = {
    "SetChargingProfile": "connectorId! int 0; csChargingProfiles! {Profile}",
    "Profile": "chargingProfileId! int; stackLevel! int 0; "
    "chargingProfilePurpose! ChargePointMaxProfile|TxDefaultProfile|TxProfile; "
    "chargingProfileKind! Absolute|Recurring|Relative; recurrencyKind Daily|Weekly; "
    "validFrom date; validTo date; transactionId int; chargingSchedule! {Schedule}",
    "Schedule": "duration int; startSchedule date; chargingRateUnit! A|W; minChargingRate number; "
    "chargingSchedulePeriod! [{Period}]",
    "Period": "startPeriod! int 0; limit! number; numberPhases int",
}


def check_fields(name: str, payload: dict) -> None:
    """Raise the OcppError that says what is wrong: "SetChargingProfile", or "Profile" alone."""
    check(name, payload, _FIELDS)
