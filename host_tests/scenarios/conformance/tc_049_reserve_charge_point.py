"""TC_049_CS: a reservation of connector 0 is kept on the one connector there is."""

from host_tests.scenarios.conformance.states import TAG, charging, reserved, value_of


def test_connector_zero(bench) -> None:
    assert value_of(bench, "ReserveConnectorZeroSupported") == "true"
    reserved(bench, TAG, number=7, connector=0)
    start = charging(bench, TAG, reserved=True)
    assert start.payload["reservationId"] == 7
