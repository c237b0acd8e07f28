"""TC_042_1_CS: the version of a local list that is not enabled is -1."""

from host_tests.scenarios.conformance.states import change


def test_not_enabled(bench) -> None:
    change(bench, LocalAuthListEnabled=False)
    assert bench.call("GetLocalListVersion") == {"listVersion": -1}
