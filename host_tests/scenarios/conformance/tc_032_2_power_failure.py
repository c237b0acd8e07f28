"""TC_032_2_CS: power fails while charging, without a back-up supply; both ways to go on."""

from host_tests.scenarios.conformance.states import (
    TAG,
    any_order,
    charging,
    present,
    rebooted,
    status,
    stopped,
    unplugged,
)
from host_tests.scenarios.conftest import booted
from host_tests.scenarios.steps import calls, current_flows, transaction_id
from tools.sim.bench import Bench

_RESUME = {"resume_after_power_cut": "true", "MinimumStatusDuration": 0}


def _power_fails(bench: Bench) -> None:
    charging(bench)
    current_flows(bench)
    bench.run(12)  # there is a sample
    bench.command("power")
    bench.run(5)
    bench.seen()
    bench.power_on()


def test_the_transaction_is_closed(bench: Bench) -> None:
    _power_fails(bench)
    rebooted(bench, "Preparing")  # the gun is still in: so that is its status, told once
    stop = bench.expect("StopTransaction", reason="PowerLoss", transactionId=transaction_id(bench))
    assert stop.payload["meterStop"] > 0
    bench.run(10)
    assert len(calls(bench, "StopTransaction")) == 1
    assert bench.hardware.plant_state()["amps"] == 0
    unplugged(bench)


def test_the_transaction_goes_on_and_its_tag_stops_it(start) -> None:
    bench = start(_RESUME)
    booted(bench)
    _power_fails(bench)
    rebooted(bench, "Preparing")
    any_order(bench, status("Charging"))
    current_flows(bench)
    assert calls(bench, "StopTransaction") == []
    present(bench, TAG)
    stopped(bench, reason="Local", idTag=TAG)
    assert len(calls(bench, "StartTransaction")) == 1
    unplugged(bench)


def test_another_vehicle_does_not_go_on_with_it(start) -> None:
    bench = start(_RESUME)
    booted(bench)
    charging(bench)
    bench.run(12)
    bench.command("power")
    bench.command("bms soc=40")
    bench.run(5)
    bench.seen()
    bench.power_on()
    rebooted(bench, "Preparing")
    bench.expect("StopTransaction", within_s=60, reason="PowerLoss")
    assert bench.hardware.plant_state()["amps"] == 0
    unplugged(bench)
