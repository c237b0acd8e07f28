"""TC_072_CS: within one purpose the lower stack level comes back when the higher one ends."""

from host_tests.scenarios.conformance.smart import UNITS, composite_is, profile, set_profile


@UNITS
def test_stacking(bench, unit: str) -> None:
    lower = profile(bench, 1, "TxDefaultProfile", unit, (0, 6), (100, 8), (200, 10), duration=400)
    higher = profile(bench, 2, "TxDefaultProfile", unit, (0, 7), (100, 9), stack=1, duration=150)
    set_profile(bench, lower)
    set_profile(bench, higher)
    bench.run(3)
    composite_is(bench, 350, unit, lower, (0, 7), (100, 9), (150, 8), (200, 10))
