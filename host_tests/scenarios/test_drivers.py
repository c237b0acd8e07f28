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
    "gbt27930": {"bms": "gbt27930"},
    "elcon": {"bms": "elcon"},
    "daly_can": {"bms": "daly_can", "pack_max_ma": 90_000},
    "jk_can": {"bms": "jk_can", "pack_max_ma": 90_000},
    "pylontech_can": {"bms": "pylontech_can"},
    "table_can": {"bms": "table_can"},
    "jbd_uart": {"bms": "jbd_uart", "pack_max_ma": 90_000},
    "daly_uart": {"bms": "daly_uart", "pack_max_ma": 90_000},
    "jk_uart": {"bms": "jk_uart", "pack_max_ma": 90_000},
    "huawei_r48": {
        "power": "huawei_r48",
        "bms": "jbd_uart",
        "pack_max_ma": 90_000,
        "pack_max_mv": 57_000,
        "max_voltage_mv": 58_000,
        "battery_min_mv": 40_000,
    },
    "elcon_bricks": {
        "power": "elcon",
        "power_units": 2,
        "power_max_ma": 50_000,
        "bms": "jbd_uart",
        "pack_max_ma": 90_000,
    },
    "meanwell": {"power": "meanwell", "bms": "jbd_uart", "pack_max_ma": 90_000},
    "infypower": {"power": "infypower", "bms": "jbd_uart", "pack_max_ma": 90_000},
    "maxwell": {"power": "maxwell", "bms": "jbd_uart", "pack_max_ma": 90_000},
    "analog": {"power": "analog", "bms": "jbd_uart", "pack_max_ma": 90_000},
}
# what is lost in the middle of a session: the BMS by default, else this command
LOSES = dict.fromkeys(
    ("huawei_r48", "elcon_bricks", "meanwell", "infypower", "maxwell", "analog"), "module"
)
# another vehicle than the usual one, and what it takes in half a minute at least
VEHICLES = {"huawei_r48": {"voltage": 52.0, "voltage_limit": 57.0}}
LEAST_WH = {"huawei_r48": 20}


@pytest.fixture(params=("cpython", "micropython32"))
def interpreter(request: pytest.FixtureRequest) -> str:
    """As on the chip, and quick to debug."""
    assert command(request.param), f"{request.param} is missing: make setup"
    return str(request.param)


@pytest.fixture(params=DRIVERS)
def bench(start, request: pytest.FixtureRequest) -> Bench:
    """A charger with these parts, accepted and idle."""
    assert "micropython32" in HEAP
    vehicle = VEHICLES.get(request.param)
    bench = start(DRIVERS[request.param], options=vehicle)
    bench.lost = LOSES.get(request.param, "bms")
    bench.least_wh = LEAST_WH.get(request.param, 50)
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
    bench.run(30)
    assert bench.call("RemoteStopTransaction", {"transactionId": transaction}) == {
        "status": "Accepted"
    }
    stop = bench.expect("StopTransaction", within_s=30).payload
    delivered_wh = bench.hardware.plant_state()["wh_delivered"] - before_wh
    assert delivered_wh > bench.least_wh
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


@pytest.mark.parametrize("limits", [{"power_max_mv": 60_000}, {"power_min_mv": 80_000}])
def test_a_module_that_cannot_reach_the_battery_is_never_switched_on(start, limits) -> None:
    bench = start({"power": "maxwell", "bms": "jbd_uart", **limits})
    booted(bench)
    plug(bench)
    remote_start(bench)
    stop = bench.expect("StopTransaction", within_s=10).payload
    assert stop["reason"] == "Other"
    assert "power: cannot deliver 7" in bench.output
    assert not bench.hardware.contactor.operations
