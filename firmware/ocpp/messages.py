"""Payload texts of what the charger sends, in the integration guide's key order.

Text, not dicts: a MicroPython dict keeps no order. Values come in as integers in the units of
their names. Rivot's own messages are in rivot.py; frames (rpc.py) and what servers send
(requests.py) are not known here.

A transaction's id may not be known yet when its messages are made: they carry `TID`, which the
outbox replaces when it sends them. Meter samples go to flash packed into some 50 bytes of text: a
letter for the context, the time, then letter and integer of each measurand in the configured
order, `P 1768989150 E0 W142 S8707 V77150 I1850`.
"""

from .dates import iso8601

TID = "@TID@"

# letter in a packed sample, measurand, unit; the values' units are Wh, W, 0.01 %, mV, mA, mA, 0.1 C
MEASURANDS = (
    ("E", "Energy.Active.Import.Register", "Wh"),
    ("W", "Power.Active.Import", "W"),
    ("S", "SoC", "Percent"),
    ("V", "Voltage", "V"),
    ("I", "Current.Import", "A"),
    ("O", "Current.Offered", "A"),
    ("T", "Temperature", "Celsius"),
)
CONTEXTS = {
    "P": "Sample.Periodic",
    "C": "Sample.Clock",
    "B": "Transaction.Begin",
    "X": "Transaction.End",
    "T": "Trigger",
}


def quote(text: str) -> str:
    """`text` as a JSON string that is sound UTF-8 and never holds the `TID` token."""
    parts = []
    for character in text:
        code = ord(character)
        if code < 32 or 0xD800 <= code < 0xE000:  # MicroPython keeps half of a surrogate pair
            character = "\\u%04x" % code
        elif character in '"\\':
            character = "\\" + character
        parts.append(character)
    return '"' + "".join(parts).replace(TID, "\\u0040TID@") + '"'


def fixed(value: int, decimals: int) -> str:
    """`value` in units of 10**-decimals as a decimal number: fixed(-5, 1) is -0.5."""
    digits = "%0*d" % (decimals + 1, abs(value))
    sign = "-" if value < 0 else ""
    return sign + digits[:-decimals] + "." + digits[-decimals:] if decimals else sign + digits


def rounded(value: int, step: int) -> int:
    """`value` in units of `step`, rounded half up."""
    return (value + step // 2) // step


def fields(*pairs: "tuple[str, str]") -> str:
    """A JSON object of (key, JSON text) pairs in this order, those without text left out."""
    return "{" + ",".join(['"%s":%s' % pair for pair in pairs if pair[1]]) + "}"


def text_field(key: str, value: str) -> "tuple[str, str]":
    """A pair for `fields` that is left out when `value` is empty."""
    return key, quote(value) if value else ""


def status(value: str) -> str:
    """{"status": value}: most answers, and the firmware and diagnostics notifications."""
    return '{"status":"%s"}' % value


def boot_notification(model: str, vendor: str, firmware: str = "", serial: str = "") -> str:
    """The guide's two fields, then what is set: firmwareVersion and chargePointSerialNumber."""
    return fields(
        ("chargePointModel", quote(model)),
        ("chargePointVendor", quote(vendor)),
        text_field("firmwareVersion", firmware),
        text_field("chargePointSerialNumber", serial),
    )


def heartbeat() -> str:
    """Nothing, as an object."""
    return "{}"


def authorize(id_tag: str) -> str:
    """May this tag charge."""
    return fields(("idTag", quote(id_tag)))


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
    return fields(
        ("connectorId", str(connector_id)),
        ("errorCode", quote(error_code)),
        ("status", quote(state)),
        ("timestamp", quote(iso8601(unix_s))),
        text_field("info", info[:50]),
        text_field("vendorId", vendor_id[:255]),
        text_field("vendorErrorCode", vendor_error_code[:50]),
    )


def start_transaction(
    connector_id: int, id_tag: str, meter_start_wh: int, unix_s: int, reservation_id: int = -1
) -> str:
    """A start; a reservation that it uses up is named when `reservation_id` is not -1."""
    return fields(
        ("connectorId", str(connector_id)),
        ("idTag", quote(id_tag)),
        ("meterStart", str(meter_start_wh)),
        ("timestamp", quote(iso8601(unix_s))),
        ("reservationId", str(reservation_id) if reservation_id != -1 else ""),
    )


def stop_transaction(
    meter_stop_wh: int,
    unix_s: int,
    transaction_id: "int | str",
    reason: str,
    id_tag: str = "",
    samples: "list[str]" = (),
) -> str:
    """A stop; `transaction_id` is an id or `TID`, `samples` are packed, for transactionData."""
    data = "[" + ",".join([meter_value(packed) for packed in samples]) + "]" if samples else ""
    return fields(
        ("meterStop", str(meter_stop_wh)),
        ("timestamp", quote(iso8601(unix_s))),
        ("transactionId", str(transaction_id)),
        ("reason", quote(reason)),
        text_field("idTag", id_tag),
        ("transactionData", data),
    )


def data_transfer(vendor_id: str, message_id: str, data: str) -> str:
    """A vendor's message; `data` is a string to OCPP, whatever it holds."""
    return fields(
        ("vendorId", quote(vendor_id)),
        text_field("messageId", message_id),
        text_field("data", data),
    )


def pack_sample(unix_s: int, context: str, measurands: str, values: tuple) -> str:
    """One meter sample as a short text; what is not known is left out.

    `context` is a letter of `CONTEXTS`, `measurands` a configuration key's list ("" means the
    energy), `values` one integer for each row of `MEASURANDS`, None where unknown.
    """
    parts = [context, str(unix_s)]
    for name in (measurands or MEASURANDS[0][1]).split(","):
        for row, value in zip(MEASURANDS, values):
            if row[1] == name and value is not None:
                parts.append(row[0] + str(value))
    if len(parts) == 2:  # OCPP allows no sample without a value
        parts.append("E" + str(values[0]))
    return " ".join(parts)


def meter_value(packed: str) -> str:
    """A packed sample as one element of meterValue or transactionData."""
    parts = packed.split(" ")
    values = [_sampled_value(part, CONTEXTS[parts[0]]) for part in parts[2:]]
    return '{"timestamp":"%s","sampledValue":[%s]}' % (iso8601(int(parts[1])), ",".join(values))


def meter_values(packed: str, transaction_id: "int | str" = "", connector_id: int = 1) -> str:
    """A packed sample as a MeterValues payload; outside a transaction `transaction_id` is ""."""
    return fields(
        ("connectorId", str(connector_id)),
        ("transactionId", str(transaction_id)),
        ("meterValue", "[" + meter_value(packed) + "]"),
    )


def _sampled_value(part: str, context: str) -> str:
    letter = part[0]
    for row in MEASURANDS:
        if row[0] == letter:
            break
    number = _number(letter, int(part[1:]))
    sample = '{"value":"%s","context":"%s","measurand":"%s","unit":"%s"}'
    return sample % (number, context, row[1], row[2])


def _number(letter: str, value: int) -> str:
    """The guide's formats: whole Wh, whole W with .00, two decimals; one for the temperature."""
    if letter == "E":
        return str(value)
    if letter == "W":
        return "%d.00" % value
    if letter == "T":
        return fixed(value, 1)
    return fixed(value if letter == "S" else rounded(value, 10), 2)
