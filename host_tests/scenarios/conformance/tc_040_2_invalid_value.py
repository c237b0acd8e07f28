"""TC_040_2_CS: ChangeConfiguration with a value that cannot be is rejected, nothing changes."""

import pytest

from host_tests.scenarios.conformance.states import REJECTED, value_of

KEY = "MeterValueSampleInterval"


@pytest.mark.parametrize("value", ["-1", "", "ten", "1.5", "99999999999999999999"])
def test_no_such_interval(bench, value: str) -> None:
    before = value_of(bench, KEY)
    assert bench.call("ChangeConfiguration", {"key": KEY, "value": value}) == REJECTED
    assert value_of(bench, KEY) == before
