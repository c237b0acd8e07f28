"""TC_058_2_CS: a TxProfile for another transaction is rejected."""

from host_tests.scenarios.conformance.smart import UNITS, composite, profile, set_profile
from host_tests.scenarios.conformance.states import REJECTED, charging
from host_tests.scenarios.steps import transaction_id


@UNITS
def test_tx_profile_of_another_transaction(bench, unit: str) -> None:
    charging(bench)
    wrong = transaction_id(bench) + 1
    limits = profile(bench, 1, "TxProfile", unit, (0, 6), transactionId=wrong)
    set_profile(bench, limits, answer=REJECTED)
    assert composite(bench, 300, unit)[1][0][1] > 6
