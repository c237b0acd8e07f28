"""The cases of the certification list, one file a case, on CPython and as on the chip.

`bench` is where each case starts: accepted, connected, connectors Available, nothing on flash,
MinimumStatusDuration 0. `start(settings)` is there for the cases that need another beginning.
"""

import pytest

from host_tests.scenarios.conftest import HEAP, booted
from tools.micropython import command
from tools.sim.bench import Bench

INTERPRETERS = ("cpython", "micropython32")  # the latter in the heap of the chip


@pytest.fixture(params=INTERPRETERS)
def interpreter(request: pytest.FixtureRequest) -> str:
    """The interpreter's name; where the MicroPython is missing the case is skipped."""
    if command(request.param) is None:
        pytest.skip(f"{request.param} is missing: make setup")
    return str(request.param)


@pytest.fixture
def bench(start) -> Bench:
    """A charger that is accepted, connected and idle."""
    assert "micropython32" in HEAP
    bench = start({"MinimumStatusDuration": 0})
    booted(bench)
    return bench
