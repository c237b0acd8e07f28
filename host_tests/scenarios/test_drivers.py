"""Every driver charges the virtual battery through a whole session, loses its device and recovers.

`DRIVERS` names the hardware options of each run; the virtual device is chosen by the same options.
"""

import pytest

from host_tests.scenarios.conftest import HEAP, booted
from host_tests.scenarios.steps import amps, expect_status, plug, remote_start
from tools.micropython import command
from tools.sim.bench import Bench

# name of the run -> hardware options
DRIVERS = {
    "rivot": {},
}
# what is lost in the middle of a session: the BMS by default, else this command
LOSES: dict[str, str] = {}


@pytest.fixture(params=("cpython", "micropython32"))
def interpreter(request: pytest.FixtureRequest) -> str:
    """As on the chip, and quick to debug."""
    assert command(request.param), f"{request.param} is missing: make setup"
    return str(request.param)


@pytest.fixture(params=DRIVERS)
def bench(start, request: pytest.FixtureRequest) -> Bench:
    """A charger with these parts, accepted and idle."""
    assert "micropython32" in HEAP
    bench = start(DRIVERS[request.param])
    bench.lost = LOSES.get(request.param, "bms")
    booted(bench)
    return bench


def at_current(bench: Bench) -> int:
    """Plug in, start, full current; the transaction id."""
    plug(bench)
    transaction = remote_start(bench)
    bench.run_until(lambda: amps(bench) > 20, 30, "current")
    return transaction


def test_a_session(bench) -> None:
    before_wh = bench.hardware.plant_state()["wh_delivered"]
    transaction = at_current(bench)
    bench.run(60)
    assert bench.call("RemoteStopTransaction", {"transactionId": transaction}) == {
        "status": "Accepted"
    }
    stop = bench.expect("StopTransaction", within_s=30).payload
    delivered_wh = bench.hardware.plant_state()["wh_delivered"] - before_wh
    assert delivered_wh > 100
    assert stop["meterStop"] == pytest.approx(delivered_wh, rel=0.03, abs=1)
    assert stop["reason"] == "Remote"
    bench.command("unplug")
    expect_status(bench, "Available")
    counters = bench.hardware.counters
    assert counters["opened_under_load"] == counters["closed_onto_difference"] == 0


def test_its_device_is_lost_and_comes_back(bench) -> None:
    at_current(bench)
    bench.command(f"{bench.lost} off")
    bench.run_until(lambda: not bench.hardware.plant_state()["contactor"], 6, "contactor open")
    assert bench.expect("StopTransaction", within_s=30).payload["reason"] == "Other"
    bench.run(5)
    bench.command(f"{bench.lost} on")
    bench.command("unplug")
    expect_status(bench, "Available", within_s=90)
    at_current(bench)
