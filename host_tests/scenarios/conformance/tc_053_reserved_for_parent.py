"""TC_053_CS: a reservation with a parent id is for every tag of that parent."""

import pytest

from host_tests.scenarios.conformance.states import (
    OTHER_TAG,
    TAG,
    authorized,
    nothing,
    present,
    remote_start,
    reserved,
    started,
)


def authorize_gives(bench, **info: str) -> None:
    """What the server says of every tag."""
    bench.server.answers["Authorize"] = {"idTagInfo": {"status": "Accepted", **info}}


def test_another_tag_of_the_parent_starts(bench) -> None:
    authorize_gives(bench, parentIdTag="FLEET")
    reserved(bench, TAG, number=7, parentIdTag="Fleet")  # tags are compared without case
    authorized(bench, OTHER_TAG)
    bench.command("plug")
    started(bench, OTHER_TAG, reservationId=7)


@pytest.mark.parametrize("info", [{"parentIdTag": "OTHERS"}, {}])
def test_a_tag_of_another_parent_does_not(bench, info: dict) -> None:
    authorize_gives(bench, **info)
    reserved(bench, TAG, parentIdTag="FLEET")
    bench.command("plug")
    present(bench, OTHER_TAG)
    bench.expect("Authorize", idTag=OTHER_TAG)
    nothing(bench, 10, ("StartTransaction", "StatusNotification"))


@pytest.mark.parametrize(("parent", "starts"), [("FLEET", True), ("OTHERS", False)])
def test_a_remote_start_asks_for_the_parent(bench, parent: str, starts: bool) -> None:
    authorize_gives(bench, parentIdTag=parent)
    reserved(bench, TAG, number=7, parentIdTag="FLEET")
    bench.command("plug")
    remote_start(bench, OTHER_TAG)
    bench.expect("Authorize", idTag=OTHER_TAG)
    if starts:
        bench.expect("StartTransaction", idTag=OTHER_TAG, reservationId=7)
    else:
        nothing(bench, 10, ("StartTransaction", "StatusNotification"))
