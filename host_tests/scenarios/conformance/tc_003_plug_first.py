"""TC_003_CS: gun in, then the tag: Authorize, StartTransaction, Charging."""

from host_tests.scenarios.conformance.states import TAG, authorized, occupied, started


def test_gun_first(bench) -> None:
    occupied(bench)
    authorized(bench, preparing=False)
    start = started(bench, TAG)
    assert start.payload["connectorId"] == 1
    assert "reservationId" not in start.payload
