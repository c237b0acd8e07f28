"""TC_066_CS: the composite of all three purposes; after the TxProfile no TxDefaultProfile."""

from host_tests.scenarios.conformance.smart import UNITS, composite_is, profile, set_profile
from host_tests.scenarios.conformance.states import charging, value_of
from host_tests.scenarios.steps import transaction_id


@UNITS
def test_composite_of_three(bench, unit: str) -> None:
    assert int(value_of(bench, "MaxChargingProfilesInstalled")) >= 3
    assert int(value_of(bench, "ChargingScheduleMaxPeriods")) >= 5
    charging(bench)
    limits = profile(bench, 1, "ChargePointMaxProfile", unit, (0, 10), duration=86400)
    set_profile(bench, limits, connector=0)
    default = ((0, 6), (60, 10), (120, 8), (180, 15), (260, 8))
    set_profile(
        bench, profile(bench, 2, "TxDefaultProfile", unit, *default, duration=300, valid_s=401)
    )
    limits = profile(
        bench, 3, "TxProfile", unit, (0, 8), (50, 11), (140, 16), (200, 6), (240, 12),
        duration=260, valid_s=401, transactionId=transaction_id(bench),
    )  # fmt: skip
    set_profile(bench, limits)
    bench.run(4)
    composite_is(bench, 400, unit, limits, (0, 8), (50, 10), (200, 6), (240, 10))
