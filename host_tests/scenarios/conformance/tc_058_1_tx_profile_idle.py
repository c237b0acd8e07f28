"""TC_058_1_CS: without a transaction a TxProfile is rejected."""

from host_tests.scenarios.conformance.smart import UNITS, composite, profile, set_profile
from host_tests.scenarios.conformance.states import REJECTED, occupied


@UNITS
def test_tx_profile_without_a_transaction(bench, unit: str) -> None:
    before = composite(bench, 300, unit)[1]
    set_profile(bench, profile(bench, 1, "TxProfile", unit, (0, 6)), answer=REJECTED)
    occupied(bench)
    bench.run(2)
    set_profile(bench, profile(bench, 1, "TxProfile", unit, (0, 6)), answer=REJECTED)
    after = composite(bench, 300, unit)[1]
    # Watts of the rating go with the battery's voltage once it is plugged in.
    assert len(before) == len(after) == 1
    assert after[0][1] > 6 and (unit == "W" or before == after)
