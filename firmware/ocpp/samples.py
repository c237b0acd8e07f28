"""Meter samples: packed into some 50 bytes for flash, rendered as MeterValues when they are sent.

A packed sample is text: a letter for the context, the time, then letter and integer of each
measurand in the configured order, `P 1768989150 E0 W142 S8707 V77150 I1850`.
"""

from .dates import iso8601
from .messages import fields, fixed, rounded

PERIODIC = "P"
CLOCK = "C"
BEGIN = "B"
END = "X"
TRIGGER = "T"
_CONTEXTS = {
    PERIODIC: "Sample.Periodic",
    CLOCK: "Sample.Clock",
    BEGIN: "Transaction.Begin",
    END: "Transaction.End",
    TRIGGER: "Trigger",
}
_UNKNOWN_TEMPERATURE = -32768  # charging/readings.py

# letter, measurand, unit; in the order of `pack`'s arguments
MEASURANDS = (
    ("E", "Energy.Active.Import.Register", "Wh"),
    ("W", "Power.Active.Import", "W"),
    ("S", "SoC", "Percent"),
    ("V", "Voltage", "V"),
    ("I", "Current.Import", "A"),
    ("O", "Current.Offered", "A"),
    ("T", "Temperature", "Celsius"),
)


def pack(
    measurands: str,
    unix_s: int,
    context: str,
    energy_wh: int,
    power_w: int,
    soc_c100: int,
    voltage_mv: int,
    current_ma: int,
    offered_ma: int,
    temperature_c10: int,
) -> str:
    """One sample of a configuration key's list of `measurands` ("" means the energy).

    A SoC of -1 and an unknown temperature are left out.
    """
    values = (
        energy_wh,
        power_w,
        soc_c100 if soc_c100 >= 0 else None,
        voltage_mv,
        current_ma,
        offered_ma,
        temperature_c10 if temperature_c10 != _UNKNOWN_TEMPERATURE else None,
    )
    parts = [context, str(unix_s)]
    for name in (measurands or MEASURANDS[0][1]).split(","):
        for row, value in zip(MEASURANDS, values):
            if row[1] == name and value is not None:
                parts.append(row[0] + str(value))
    if len(parts) == 2:  # a sample without a value is not allowed
        parts.append("E%d" % energy_wh)
    return " ".join(parts)


def render(packed: str, transaction_id: "int | str | None", connector_id: int = 1) -> str:
    """A MeterValues payload; `transaction_id` None outside a transaction."""
    return fields(
        ("connectorId", str(connector_id)),
        ("transactionId", "" if transaction_id is None else str(transaction_id)),
        ("meterValue", "[" + meter_value(packed) + "]"),
    )


def meter_value(packed: str) -> str:
    """A packed sample as one element of meterValue or transactionData."""
    parts = packed.split(" ")
    values = [_sampled_value(part, _CONTEXTS[parts[0]]) for part in parts[2:]]
    return '{"timestamp":"%s","sampledValue":[%s]}' % (iso8601(int(parts[1])), ",".join(values))


def _sampled_value(part: str, context: str) -> str:
    letter = part[0]
    for row in MEASURANDS:
        if row[0] == letter:
            break
    return '{"value":"%s","context":"%s","measurand":"%s","unit":"%s"}' % (
        _number(letter, int(part[1:])),
        context,
        row[1],
        row[2],
    )


def _number(letter: str, value: int) -> str:
    """The guide's formats: whole Wh, whole W with .00, two decimals, one for the temperature."""
    if letter == "E":
        return str(value)
    if letter == "W":
        return "%d.00" % value
    if letter == "T":
        return fixed(value, 1)
    return fixed(value if letter == "S" else rounded(value, 10), 2)
