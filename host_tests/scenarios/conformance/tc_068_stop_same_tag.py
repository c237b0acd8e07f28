"""TC_068_CS: a different tag does nothing, nobody is asked about it; the same tag stops."""

from host_tests.scenarios.conformance.states import (
    OTHER_TAG,
    TAG,
    charging,
    nothing,
    present,
    stopped,
)


def test_a_different_tag_then_the_same(bench) -> None:
    charging(bench, TAG)
    present(bench, OTHER_TAG)
    nothing(bench, 10, ("Authorize", "StopTransaction", "StatusNotification"))
    present(bench, TAG)
    stopped(bench, reason="Local", idTag=TAG)
