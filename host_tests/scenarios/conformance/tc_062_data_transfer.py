"""TC_062_CS: DataTransfer of an unknown vendor, or an unknown message of ours, says so."""

import pytest


@pytest.mark.parametrize(
    ("request_", "verdict"),
    [
        ({"vendorId": "com.example.unknown", "messageId": "x", "data": "y"}, "UnknownVendorId"),
        ({"vendorId": "com.example.unknown"}, "UnknownVendorId"),
        ({"vendorId": "RivotMotors", "messageId": "Nothing"}, "UnknownMessageId"),
    ],
)
def test_unknown(bench, request_: dict, verdict: str) -> None:
    assert bench.call("DataTransfer", request_) == {"status": verdict}
