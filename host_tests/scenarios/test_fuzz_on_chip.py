"""Damaged and strange messages on the 32-bit MicroPython, in the heap of the chip, over a socket.

The large runs are host_tests/unit/ocpp/test_fuzz.py.
"""

import random
from collections import Counter

import pytest

from host_tests.scenarios.conftest import booted
from host_tests.scenarios.steps import power_is_off
from host_tests.unit.ocpp.fuzz_inputs import Input, inputs
from tools.sim.bench import Bench
from tools.sim.etiquette import CODES
from tools.sim.script import check_schema

SEED = 20260121
COUNT = 400
BATCH = 4
WAIT_S = 0.5
HEAP = "119k"  # 112k, and what the bench's stand-ins for the chip's modules take of it


@pytest.mark.parametrize("interpreter", ["micropython32"], indirect=True)
@pytest.mark.parametrize("count", [COUNT, pytest.param(10 * COUNT, marks=pytest.mark.slow)])
@pytest.mark.timeout(600)
def test_no_message_breaks_the_chip(start, count: int, record_property) -> None:
    bench = start(heap=HEAP)
    booted(bench)
    bench.server.validate = False  # it does not know what to think of these CALLs
    batch: list[Input] = []
    seen: Counter = Counter()
    for item in inputs(random.Random(SEED), count, longest=2000, resets=0):
        batch.append(item)
        if len(batch) == BATCH:
            seen.update(say(bench, batch))
            batch = []
    record_property("counts", f"fuzz, 32 bit {HEAP}: {count} inputs, {dict(seen)}")
    assert bench.charger.starts == 1
    assert "died" not in bench.output and "Traceback" not in bench.output
    assert bench.call("GetConfiguration", {"key": ["HeartbeatInterval"]})["configurationKey"]
    assert bench.state()["connector"] in ("Available", "Preparing", "Unavailable", "Reserved")
    assert seen["InternalError"] <= count // 100, seen  # no memory for some answer, and it lives


def say(bench: Bench, batch: list[Input]) -> Counter:
    """Send some; what came back, counted."""
    server = bench.server
    if not server.connected:  # a new password ends a connection
        bench.run_until(lambda: server.connected, 200, "a connection")
    for item in batch:
        server.send_raw(item.text)
    place = len(bench.log)
    bench.run(WAIT_S)
    alive = server.connected
    assert power_is_off(bench)
    replies = [e for e in bench.log[place:] if e.way == ">" and e.id in server.replies]
    actions = {item.id: item.action for item in batch if item.action}
    for entry in replies:
        if entry.kind == "CallError":
            assert entry.payload["code"] in CODES, entry
        else:
            check_schema(actions[entry.id] + "Response", entry.payload)
    missing = set(actions) - {entry.id for entry in replies}
    assert not alive or not missing, [item.text for item in batch if item.id in missing]
    return Counter(e.payload["code"] if e.kind == "CallError" else "answered" for e in replies)
