"""Payload text of StatusNotification. Loaded on demand; see messages.py."""

from .dates import iso8601
from .payloads import more


def status_notification(
    connector_id: int,
    error_code: str,
    state: str,
    unix_s: int,
    info: str = "",
    vendor_id: str = "",
    vendor_error_code: str = "",
) -> str:
    """The guide's four fields, then what is given (info and vendorErrorCode cut at 50)."""
    return '{"connectorId":%d,"errorCode":"%s","status":"%s","timestamp":"%s"%s%s%s}' % (
        connector_id,
        error_code,
        state,
        iso8601(unix_s),
        more("info", info[:50]),
        more("vendorId", vendor_id),
        more("vendorErrorCode", vendor_error_code[:50]),
    )
