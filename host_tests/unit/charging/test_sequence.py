"""The charge sequence's table: every state with every event."""

import itertools

import pytest

from firmware.charging.sequence import SEQUENCE, SEQUENCE_EVENTS, SEQUENCE_STATES, Sequence

CLOSED = ("Close", "Charge", "Stop")
ON = ("Precharge", "Close", "Charge")


@pytest.mark.parametrize(
    ("state", "event"), list(itertools.product(SEQUENCE_STATES, SEQUENCE_EVENTS))
)
def test_every_pair(state: str, event: str) -> None:
    sequence = Sequence()
    sequence.state = state
    sequence.contactor = state in CLOSED
    sequence.module_on = state in ON
    target = SEQUENCE[state].get(event)
    assert sequence.fire(event) == (target is not None)
    now = target or state
    assert sequence.state == now
    assert sequence.contactor == (now in CLOSED)
    assert sequence.module_on == (now in ON)


def test_the_contactor_closes_only_after_a_match() -> None:
    into = {
        (state, event)
        for state, row in SEQUENCE.items()
        for event, target in row.items()
        if target in CLOSED and state not in CLOSED
    }
    assert into == {("Precharge", "matched")}


@pytest.mark.parametrize("state", SEQUENCE_STATES)
def test_an_emergency_switches_everything_off_in_one_step(state: str) -> None:
    sequence = Sequence()
    sequence.state = state
    sequence.fire("emergency")
    assert sequence.state in ("Off", "Open") or not SEQUENCE[state].get("emergency")
    assert sequence.state not in CLOSED and sequence.state not in ON
