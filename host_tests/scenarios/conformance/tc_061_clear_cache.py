"""TC_061_CS: after ClearCache a tag that was cached is asked for again."""

from host_tests.scenarios.conformance.states import (
    ACCEPTED,
    REJECTED,
    TAG,
    authorized,
    change,
    expect_status,
    present,
)
from host_tests.scenarios.steps import calls


def test_clear_cache(bench) -> None:
    change(bench, AuthorizationCacheEnabled=True, LocalPreAuthorize=True)
    authorized(bench, TAG)
    present(bench, TAG)
    expect_status(bench, "Available")
    present(bench, TAG)  # it is cached: nobody is asked
    expect_status(bench, "Preparing")
    assert len(calls(bench, "Authorize")) == 1
    present(bench, TAG)
    expect_status(bench, "Available")
    assert bench.call("ClearCache") == ACCEPTED
    present(bench, TAG)
    bench.expect("Authorize", idTag=TAG)


def test_without_a_cache(bench) -> None:
    change(bench, AuthorizationCacheEnabled=False)
    assert bench.call("ClearCache") == REJECTED
