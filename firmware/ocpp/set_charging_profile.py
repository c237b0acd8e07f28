"""SetChargingProfile (OCPP 1.6 5.16). Loaded on demand.

The request alone takes kilobytes, so what is needed for it is loaded piece by piece. The station:

    def unix_s(self) -> int
    def set_profile(self, row: list, transaction_id: int | None) -> bool   # False: Rejected
        # `row`: see profile_rules.py
"""

from micropython import const

from firmware.on_demand import load

from .messages import status

_CHARGE_POINT_MAX = const(0)
_TX = const(2)


def answer(action: str, payload: dict, station: "Station", keys: "Keys") -> str:
    """ChargePointMaxProfile is for connector 0, TxProfile for a connector, the third for both."""
    load("firmware.ocpp.profile_fields").check_fields(action, payload)
    connector_id = payload["connectorId"]
    profile = payload.pop("csChargingProfiles")  # below it is needed no more
    transaction_id = profile.get("transactionId")
    row = load("firmware.ocpp.profile_check").row_of(profile, connector_id, station.unix_s())
    profile = None
    if not row or connector_id > station.number_of_connectors:
        return status("Rejected")
    wrong = _TX if connector_id == 0 else _CHARGE_POINT_MAX
    done = row[1] != wrong and station.set_profile(row, transaction_id)
    return status("Accepted" if done else "Rejected")
