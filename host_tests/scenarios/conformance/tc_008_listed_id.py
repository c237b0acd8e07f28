"""TC_008_CS: a remote start of a listed tag asks nobody."""

from host_tests.scenarios.conformance.states import (
    TAG,
    change,
    listed,
    occupied,
    remote_start,
    started,
)
from host_tests.scenarios.steps import calls


def test_a_listed_tag(bench) -> None:
    change(
        bench,
        LocalPreAuthorize=True,
        LocalAuthListEnabled=True,
        AuthorizeRemoteTxRequests=True,
        AuthorizationCacheEnabled=False,
    )
    version = bench.call("GetLocalListVersion")["listVersion"]
    listed(bench, TAG, version=version + 1)
    occupied(bench)
    remote_start(bench, TAG)
    started(bench, TAG)
    assert not calls(bench, "Authorize")
