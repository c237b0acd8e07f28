"""Scenarios run the whole firmware on the virtual clock, each on every interpreter.

`make test` runs them as on the chip, on the 32-bit MicroPython in the chip's heap, and the guide's
session on the other two as well; `make test-all` runs every one on all of them.
RIVOT_HEAP32 is the heap of the 32-bit MicroPython, for experiments; the chip has 112k.
"""

import os

import pytest

from tools.micropython import command
from tools.sim.bench import Bench

INTERPRETERS = ("cpython", "micropython", "micropython32")
HEAP = {"micropython32": os.environ.get("RIVOT_HEAP32", "112k")}


_CHIP = "micropython32"
_ALWAYS = ("test_guide_session.py",)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave most of the runs on other interpreters to `make test-all`."""
    for item in items:
        parameters = getattr(getattr(item, "callspec", None), "params", {})
        elsewhere = parameters.get("interpreter", _CHIP) != _CHIP
        if elsewhere and item.path.name not in _ALWAYS:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(params=INTERPRETERS)
def interpreter(request: pytest.FixtureRequest) -> str:
    """The interpreter's name; a missing MicroPython is a failure in CI, a skip elsewhere."""
    if command(request.param) is None:
        message = f"{request.param} is missing: make setup"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return str(request.param)


@pytest.fixture
def start(interpreter: str):
    """Starts benches: `start(settings={...})`; all are closed at the end."""
    benches: list[Bench] = []

    def _start(settings: dict | None = None, power: bool = True, **options: object) -> Bench:
        options.setdefault("heap", HEAP.get(interpreter))
        bench = Bench(on=interpreter, settings=settings, **options)
        benches.append(bench)
        if power:
            bench.power_on()
        return bench

    yield _start
    for bench in benches:
        bench.close()


@pytest.fixture
def bench(start) -> Bench:
    """A charger that is accepted, connected and idle."""
    bench = start()
    booted(bench)
    return bench


def booted(bench: Bench, connector: str = "Available") -> None:
    """Wait for the boot sequence of the guide."""
    bench.expect("BootNotification", within_s=20)
    bench.expect("StatusNotification", connectorId=0, status="Available")
    bench.expect("StatusNotification", connectorId=1, status=connector)
