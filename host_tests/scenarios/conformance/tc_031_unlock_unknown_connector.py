"""TC_031_CS: UnlockConnector of a connector that does not exist is NotSupported."""

import pytest


@pytest.mark.parametrize("connector", [2, 99])
def test_no_such_connector(bench, connector: int) -> None:
    answer = bench.call("UnlockConnector", {"connectorId": connector})
    assert answer == {"status": "NotSupported"}
