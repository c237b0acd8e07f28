"""The connector's table: every state with every event, illegal ones included."""

import itertools

import pytest

from firmware.charging.connector import ACTIVE, EVENTS, REST, STATES, TRANSITIONS, Connector


def connector_in(state: str) -> Connector:
    connector = Connector()
    connector.state = state
    connector.plugged = state in ("Preparing", "Finishing", *ACTIVE)
    connector.ended = state == "Finishing"
    connector.reserved = state == "Reserved"
    connector.operative = state != "Unavailable"
    return connector


@pytest.mark.parametrize(("state", "event"), list(itertools.product(STATES, EVENTS)))
def test_every_pair(state: str, event: str) -> None:
    connector = connector_in(state)
    facts = {k: v for k, v in vars(connector).items() if k != "state"}
    target = TRANSITIONS[state].get(event)
    legal = connector.fire(event)
    assert legal == (target is not None)
    if not legal:
        assert connector.state == state
        assert {k: v for k, v in vars(connector).items() if k != "state"} == facts
    elif target == REST:
        assert connector.state == connector.resting_state()
    else:
        assert connector.state == target


def test_table_knows_all_states_and_only_known_events() -> None:
    assert set(TRANSITIONS) == set(STATES)
    for row in TRANSITIONS.values():
        assert set(row) <= set(EVENTS)
        assert set(row.values()) <= {*STATES, REST}


def test_power_needs_a_start_out_of_preparing() -> None:
    """Only `started` in Preparing leads into an active state from outside the active states."""
    into_active = {
        (state, event)
        for state, row in TRANSITIONS.items()
        for event, target in row.items()
        if target in ACTIVE and state not in ACTIVE
    }
    assert into_active == {("Preparing", "started")}


@pytest.mark.parametrize(
    ("events", "state"),
    [
        (["plugged"], "Preparing"),
        (["plugged", "unplugged"], "Available"),
        (["authorized"], "Preparing"),
        (["authorized", "deauthorized"], "Available"),
        (["plugged", "authorized", "deauthorized"], "Preparing"),
        (["plugged", "authorized", "started"], "Charging"),
        (["plugged", "authorized", "started", "stopped"], "Finishing"),
        (["plugged", "authorized", "started", "stopped", "unplugged"], "Available"),
        (["plugged", "authorized", "started", "stopped", "authorized"], "Preparing"),
        (["plugged", "authorized", "started", "stopped", "authorized", "deauthorized"],
         "Finishing"),
        (["plugged", "authorized", "started", "suspended_ev", "resumed"], "Charging"),
        (["plugged", "faulted", "cleared"], "Preparing"),
        (["plugged", "authorized", "started", "faulted", "stopped", "cleared"], "Finishing"),
        (["plugged", "faulted", "unplugged", "cleared"], "Available"),
        (["faulted", "inoperative", "cleared"], "Unavailable"),
        (["inoperative", "plugged", "operative"], "Preparing"),
        (["reserved", "plugged"], "Reserved"),
        (["reserved", "authorized", "plugged", "started"], "Charging"),
        (["reserved", "unreserved"], "Available"),
        (["reserved", "authorized", "deauthorized"], "Reserved"),
        (["reserved", "plugged", "authorized", "deauthorized", "unreserved"], "Preparing"),
        (["reserved", "authorized", "unreserved", "deauthorized"], "Available"),
        (["reserved", "authorized", "plugged", "started", "stopped", "unplugged"], "Available"),
        (["reserved", "faulted", "cleared"], "Available"),
        (["reserved", "inoperative", "operative"], "Available"),
        (["plugged", "authorized", "started", "unplugged"], "SuspendedEV"),
        (["plugged", "authorized", "started", "suspended_evse", "unplugged", "plugged", "resumed"],
         "Charging"),
        (["plugged", "authorized", "started", "unplugged", "stopped"], "Available"),
    ],
)  # fmt: skip
def test_journeys(events: list[str], state: str) -> None:
    connector = Connector()
    for event in events:
        assert connector.fire(event), f"{event} is illegal in {connector.state}"
    assert connector.state == state
