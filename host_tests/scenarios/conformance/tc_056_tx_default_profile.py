"""TC_056_CS: a TxDefaultProfile, set while idle, is in the composite schedule."""

from host_tests.scenarios.conformance.smart import UNITS, composite_is, profile, set_profile


@UNITS
def test_tx_default_profile(bench, unit: str) -> None:
    default = profile(bench, 1, "TxDefaultProfile", unit, (0, 6))
    set_profile(bench, default)
    bench.run(3)
    composite_is(bench, 300, unit, default, (0, 6))
