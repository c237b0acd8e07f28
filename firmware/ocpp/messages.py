"""Payload texts of what the charger sends, in the integration guide's key order.

Text, not dicts: a MicroPython dict keeps no order. Values come in as integers in the units of
their names. Meter samples are in samples.py, Rivot's own messages in rivot.py.

A transaction's id may not be known yet when its messages are made: they carry `TID`, which the
outbox replaces when it sends them.
"""

from .dates import iso8601

TID = "@TID@"


def quote(text: str) -> str:
    """`text` as a JSON string that is sound UTF-8 and never holds the `TID` token."""
    for byte in text.encode():
        if byte < 32 or byte >= 0xED or byte in b'"\\@':
            return _escaped(text)
    return '"%s"' % text


def _escaped(text: str) -> str:
    parts = []
    for character in text:
        code = ord(character)
        if code < 32 or 0xD800 <= code < 0xE000:  # MicroPython keeps half of a surrogate pair
            character = "\\u%04x" % code
        elif character in '"\\':
            character = "\\" + character
        parts.append(character)
    return '"' + "".join(parts).replace(TID, "\\u0040TID@") + '"'


def fixed(value: int, decimals: int, step: int = 1) -> str:
    """`value` / `step`, rounded half up, as a number with `decimals` digits behind the point."""
    value = (value + step // 2) // step
    digits = "%0*d" % (decimals + 1, abs(value))
    return ("-" if value < 0 else "") + digits[:-decimals] + "." + digits[-decimals:]


def _more(key: str, value: str) -> str:
    """One more field, none when it is empty."""
    return ',"%s":%s' % (key, quote(value)) if value else ""


def status(value: str) -> str:
    """{"status": value}: what most answers are."""
    return '{"status":"%s"}' % value


def boot_notification(model: str, vendor: str, firmware: str = "", serial: str = "") -> str:
    """The guide's two fields, then what is set: firmwareVersion and chargePointSerialNumber."""
    return '{"chargePointModel":%s,"chargePointVendor":%s%s%s}' % (
        quote(model),
        quote(vendor),
        _more("firmwareVersion", firmware),
        _more("chargePointSerialNumber", serial),
    )


def authorize(id_tag: str) -> str:
    """May this tag charge."""
    return '{"idTag":%s}' % quote(id_tag)


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
        _more("info", info[:50]),
        _more("vendorId", vendor_id),
        _more("vendorErrorCode", vendor_error_code[:50]),
    )


def start_transaction(
    connector_id: int, id_tag: str, meter_start_wh: int, unix_s: int, reservation_id: int = -1
) -> str:
    """A start; a reservation that it uses up is named when `reservation_id` is not -1."""
    return '{"connectorId":%d,"idTag":%s,"meterStart":%d,"timestamp":"%s"%s}' % (
        connector_id,
        quote(id_tag),
        meter_start_wh,
        iso8601(unix_s),
        ',"reservationId":%d' % reservation_id if reservation_id != -1 else "",
    )


def stop_transaction(
    meter_stop_wh: int,
    unix_s: int,
    transaction_id: "int | str",
    reason: str,
    id_tag: str = "",
    transaction_data: str = "",
) -> str:
    """A stop; `transaction_id` is an id or `TID`, `transaction_data` "" or a JSON array."""
    return '{"meterStop":%d,"timestamp":"%s","transactionId":%s,"reason":"%s"%s%s}' % (
        meter_stop_wh,
        iso8601(unix_s),
        transaction_id,
        reason,
        _more("idTag", id_tag),
        ',"transactionData":' + transaction_data if transaction_data else "",
    )
