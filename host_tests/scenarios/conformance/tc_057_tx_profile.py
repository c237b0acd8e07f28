"""TC_057_CS: a TxProfile for the running transaction is in its composite schedule."""

from host_tests.scenarios.conformance.smart import UNITS, composite_is, profile, set_profile
from host_tests.scenarios.conformance.states import charging
from host_tests.scenarios.steps import amps, transaction_id


@UNITS
def test_tx_profile(bench, unit: str) -> None:
    charging(bench)
    bench.run_until(lambda: amps(bench) > 20, 30, "current")
    number = transaction_id(bench)
    limits = profile(bench, 1, "TxProfile", unit, (0, 6), transactionId=number)
    set_profile(bench, limits)
    composite_is(bench, 300, unit, limits, (0, 6))
    if unit == "A":
        bench.run(1)
        assert 5 < amps(bench) <= 6
