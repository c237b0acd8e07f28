"""Random histories: whatever happens in whatever order, the rules of power hold in every tick."""

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from firmware.charging.connector import STATES
from firmware.charging.faults import FAULTS
from firmware.charging.sequence import SEQUENCE_STATES
from firmware.charging.supervisor import NAME
from host_tests.unit.charging.histories import DURATIONS_MS, STARTS, TROUBLE, USUAL, play

QUICK, SLOW, PARTS = 300, 20_000, 8
_ACT = st.one_of(st.sampled_from(USUAL), st.sampled_from(USUAL), st.sampled_from(TROUBLE))
_STEPS = st.lists(st.tuples(_ACT, st.sampled_from(DURATIONS_MS)), min_size=8, max_size=30)


def histories(count: int, number: int) -> Counter:
    """Play so many; the same ones for the same number."""
    counts: Counter = Counter()

    @seed(number)
    @settings(
        max_examples=count, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(st.sampled_from(STARTS), _STEPS)
    def check(start: str, steps: list) -> None:
        counts["histories"] += 1
        play(start, steps, counts)

    check()
    return counts


def told(counts: Counter) -> str:
    names = ("histories", "ticks", "sessions", "closed", "opened", "opened under load")
    states = sum(counts[state] > 0 for state in SEQUENCE_STATES)
    faults = sum(counts[row[NAME]] > 0 for row in FAULTS)
    figures = ", ".join(f"{name} {counts[name]:,}" for name in names)
    return f"{figures}, sequence states {states}, faults {faults} of {len(FAULTS)}"


def test_some_histories(record_property) -> None:
    counts = histories(QUICK, 1)
    assert counts["histories"] >= QUICK and counts["sessions"] > QUICK // 2
    assert all(counts[state] for state in SEQUENCE_STATES)
    assert all(counts[state] for state in STATES)
    record_property("counts", told(counts))


@pytest.mark.slow
@pytest.mark.timeout(3_000)
@pytest.mark.parametrize("part", range(PARTS))
def test_many_histories(part: int, record_property) -> None:
    counts = histories(SLOW // PARTS, 100 + part)
    assert counts["histories"] >= SLOW // PARTS
    assert all(counts[state] for state in SEQUENCE_STATES)
    missing = {row[NAME] for row in FAULTS if not counts[row[NAME]]}
    assert missing <= {"SelfTestFailed"}, missing  # DischargeFailed comes before it here
    record_property("counts", told(counts))
