"""TC_007_CS: a remote start of a cached tag asks nobody."""

from host_tests.scenarios.conformance.states import (
    TAG,
    cached,
    change,
    occupied,
    power_cycle,
    rebooted,
    remote_start,
    started,
)
from host_tests.scenarios.steps import calls


def prepared(bench) -> None:
    change(bench, AuthorizeRemoteTxRequests=True, LocalPreAuthorize=True)
    cached(bench, TAG)
    assert len(calls(bench, "Authorize")) == 1  # that is how it came into the cache


def test_a_cached_tag(bench) -> None:
    prepared(bench)
    occupied(bench)
    remote_start(bench, TAG)
    started(bench, TAG)  # nothing else may come in between
    assert len(calls(bench, "Authorize")) == 1


def test_the_cache_outlasts_a_power_cut(bench) -> None:
    prepared(bench)
    power_cycle(bench)
    rebooted(bench)
    occupied(bench)
    remote_start(bench, TAG.lower())
    started(bench, TAG.lower())
    assert len(calls(bench, "Authorize")) == 1
