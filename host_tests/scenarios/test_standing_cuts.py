"""Power fails at every flash operation of a reservation and of an availability: old or new."""

import pytest

from host_tests.scenarios.conftest import booted
from host_tests.scenarios.steps import TAG
from tools.sim.bench import Bench
from tools.sim.charger import PowerLost

LATER = "2026-01-21T18:00:00Z"
RESERVE = {"connectorId": 1, "expiryDate": LATER, "idTag": TAG, "reservationId": 7}
STEPS = (
    ("ReserveNow", RESERVE, "Reserved"),
    ("CancelReservation", {"reservationId": 7}, "Available"),
    ("ReserveNow", RESERVE, "Reserved"),
    ("ChangeAvailability", {"connectorId": 0, "type": "Inoperative"}, "Unavailable"),
    ("ChangeAvailability", {"connectorId": 1, "type": "Operative"}, "Available"),
)


def walk(bench: Bench) -> tuple[str, str]:
    """Do the steps; the state before and after the one that the power failed in."""
    before = "Available"
    for action, request, after in STEPS:
        try:
            assert bench.call(action, request) == {"status": "Accepted"}
        except PowerLost:
            return before, after
        before = after
        try:
            bench.run(1)
        except PowerLost:
            return after, after
    return before, before


@pytest.fixture
def interpreter() -> str:
    """One is enough: flash is the bench's."""
    return "cpython"


def test_old_or_new_and_what_was_accepted_stays(start) -> None:
    bench = start()
    booted(bench)
    first = bench.state()["flash_writes"]
    walk(bench)
    last = bench.state()["flash_writes"]
    assert last - first >= len(STEPS)
    for cut in range(1, last - first + 1):
        bench = start()
        booted(bench)
        bench.cut_at(cut)
        states = walk(bench)
        assert not bench.powered, f"no cut at {cut}"
        bench.cut_at(None)
        bench.power_on()
        booted_anew(bench, states)
        bench.run(2)
        assert bench.state()["connector"] in states, cut
        bench.close()


def booted_anew(bench: Bench, states: tuple[str, str]) -> None:
    """It comes up, and tells one of the states."""
    bench.expect("BootNotification", within_s=20)
    told = bench.expect("StatusNotification", connectorId=1)
    assert told.payload["status"] in states
