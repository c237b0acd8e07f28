"""TC_021_CS: a changed key has its new value, also after the power failed."""

from host_tests.scenarios.conformance.states import change, power_cycle, rebooted, value_of

KEY = "MeterValueSampleInterval"


def test_changed(bench) -> None:
    wanted = str(int(value_of(bench, KEY)) + 13)
    change(bench, **{KEY: wanted})
    assert value_of(bench, KEY) == wanted
    power_cycle(bench)
    rebooted(bench)
    assert value_of(bench, KEY) == wanted
