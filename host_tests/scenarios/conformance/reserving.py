"""ReserveNow and CancelReservation, for the cases of the reservation profile."""

from typing import Any

from host_tests.scenarios.conformance.states import TAG, utc
from tools.sim.bench import Bench


def reserve(bench: Bench, connector: int = 1, **fields: Any) -> str:
    """ReserveNow for an hour; the status of its answer."""
    request = {
        "connectorId": connector,
        "expiryDate": utc(bench, 3600),
        "idTag": TAG,
        "reservationId": 7,
        **fields,
    }
    return str(bench.call("ReserveNow", request)["status"])


def cancel(bench: Bench, number: int) -> str:
    """CancelReservation; the status of its answer."""
    return str(bench.call("CancelReservation", {"reservationId": number})["status"])
