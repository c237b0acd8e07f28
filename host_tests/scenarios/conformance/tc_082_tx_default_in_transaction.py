"""TC_082_CS: a TxDefaultProfile that is set in a transaction limits it."""

from host_tests.scenarios.conformance.smart import UNITS, composite_is, profile, set_profile
from host_tests.scenarios.conformance.states import charging
from host_tests.scenarios.steps import amps


@UNITS
def test_tx_default_profile_in_a_transaction(bench, unit: str) -> None:
    charging(bench)
    bench.run_until(lambda: amps(bench) > 20, 30, "current")
    default = profile(bench, 1, "TxDefaultProfile", unit, (0, 6))
    set_profile(bench, default)
    composite_is(bench, 300, unit, default, (0, 6))
    if unit == "A":
        bench.run(1)
        assert 5 < amps(bench) <= 6
