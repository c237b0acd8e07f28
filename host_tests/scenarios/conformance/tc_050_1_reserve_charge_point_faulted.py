"""TC_050_1_CS: a faulted charge point cannot be reserved."""

from host_tests.scenarios.conformance.reserving import reserve
from host_tests.scenarios.conformance.states import any_order, status


def test_faulted(bench) -> None:
    bench.command("estop on")
    any_order(bench, status("Faulted", 0), status("Faulted"))
    assert reserve(bench, connector=0) == "Faulted"
    bench.command("estop off")
    any_order(bench, status("Available", 0), status("Available"))
