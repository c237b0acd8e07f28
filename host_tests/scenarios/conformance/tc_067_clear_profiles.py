"""TC_067_CS: profiles are cleared by id, by purpose and level, and all at once."""

from host_tests.scenarios.conformance.smart import (
    UNITS,
    clear,
    composite,
    composite_is,
    profile,
    set_profile,
)


@UNITS
def test_clear(bench, unit: str) -> None:
    first = profile(
        bench, 1, "TxDefaultProfile", unit, (0, 6), (60, 8), (200, 10), stack=1, duration=400
    )
    second = profile(
        bench, 2, "TxDefaultProfile", unit, (0, 7), (100, 9), duration=400, valid_s=401
    )
    third = profile(bench, 3, "ChargePointMaxProfile", unit, (0, 11), (200, 12))
    set_profile(bench, first)
    set_profile(bench, second)
    set_profile(bench, third, connector=0)
    bench.run(2)
    composite_is(bench, 350, unit, first, (0, 6), (60, 8), (200, 10))
    clear(bench, id=1)
    composite_is(bench, 350, unit, second, (0, 7), (100, 9))
    clear(bench, chargingProfilePurpose="TxDefaultProfile", stackLevel=0)
    composite_is(bench, 350, unit, third, (0, 11), (200, 12))
    clear(bench)
    ((at, limit),) = composite(bench, 350, unit)[1]
    assert at == 0 and limit > 0
    clear(bench, "Unknown")
