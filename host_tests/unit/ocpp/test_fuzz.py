"""Damaged and strange messages: whatever comes, the charger answers as it should, stays alive and
switches nothing on. 40,000 inputs, the same ones each time; the slow run has 200,000 more."""

import asyncio
import gc
import random
import socket

import pytest

from firmware import on_demand
from host_tests.unit.ocpp.fuzz_charger import FuzzCharger
from host_tests.unit.ocpp.fuzz_inputs import inputs

BATCH = 40
SAMPLE = 5  # the quick run has one in so many
# How the charger stands, and how many inputs it gets in the whole run.
PLAYS = {
    "gun out": ({}, 120_000),
    "vehicle refuses": ({"plugged": True, "allowed": False}, 40_000),
    "charging": ({"plugged": True, "charging": True}, 40_000),
}


@pytest.fixture
def flash(tmp_path, monkeypatch):
    """An empty one; no network. For speed, what was loaded stays so and garbage lies about."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(on_demand, "_forget_all_but", lambda known: None)
    monkeypatch.setattr(gc, "collect", lambda: 0)

    async def unreachable(*_, **__):
        raise OSError(113)

    def unknown(*_, **__):
        raise OSError(-2)

    monkeypatch.setattr(asyncio, "open_connection", unreachable)
    monkeypatch.setattr(socket, "getaddrinfo", unknown)


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", PLAYS)
@pytest.mark.timeout(300)
def test_no_message_breaks_the_charger(flash, name: str, seed: int) -> None:
    standing, count = PLAYS[name]
    count = count // SAMPLE if seed == 1 else count
    charger = FuzzCharger(random.Random(seed), **standing)
    try:
        batch = []
        for item in inputs(charger.dice, count, halves=False):
            batch.append(item)
            if len(batch) == BATCH:
                charger.say(batch)
                batch = []
                assert not charger.station.unasked_power
                assert not charger.station.switched_on or name == "charging"
        charger.say(batch)
    finally:
        charger.close()
    seen = charger.seen
    assert min(seen["answered"], seen["refused"]) > count // 20, seen
    assert min(seen["malformed"], charger.boots) > count // 10_000, (seen, charger.boots)
