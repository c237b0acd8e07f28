"""Payload texts of what the charger sends, in the integration guide's key order. On demand.

Values come in as integers in the units of their names.
"""

from .dates import iso8601
from .messages import quote


def more(key: str, value: str) -> str:
    """One more field, none when it is empty."""
    return ',"%s":%s' % (key, quote(value)) if value else ""


def boot_notification(model: str, vendor: str, firmware: str = "", serial: str = "") -> str:
    """The guide's two fields, then what is set: firmwareVersion and chargePointSerialNumber."""
    return '{"chargePointModel":%s,"chargePointVendor":%s%s%s}' % (
        quote(model),
        quote(vendor),
        more("firmwareVersion", firmware),
        more("chargePointSerialNumber", serial),
    )


def authorize(id_tag: str) -> str:
    """May this tag charge."""
    return '{"idTag":%s}' % quote(id_tag)


def start_transaction(
    connector_id: int,
    id_tag: str,
    meter_start_wh: int,
    unix_s: int,
    reservation_id: "int | None" = None,
) -> str:
    """A start, and the reservation that it uses up."""
    return '{"connectorId":%d,"idTag":%s,"meterStart":%d,"timestamp":"%s"%s}' % (
        connector_id,
        quote(id_tag),
        meter_start_wh,
        iso8601(unix_s),
        "" if reservation_id is None else ',"reservationId":%d' % reservation_id,
    )


def stop_transaction(
    meter_stop_wh: int,
    unix_s: int,
    transaction_id: "int | str",
    reason: str,
    id_tag: str = "",
) -> str:
    """A stop; `transaction_id` is an id or `TID`. Samples: see stop_parts.py."""
    return '{"meterStop":%d,"timestamp":"%s","transactionId":%s,"reason":"%s"%s}' % (
        meter_stop_wh,
        iso8601(unix_s),
        transaction_id,
        reason,
        more("idTag", id_tag),
    )
