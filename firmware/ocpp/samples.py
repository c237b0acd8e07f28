"""Meter samples: packed into some 50 bytes for flash, rendered as MeterValues when they are sent.

A packed sample is text: a letter for the context, the time, then letter and integer of each
measurand in the configured order, `P 1768989150 E0 W142 S8707 V77150 I1850`.
"""

from .dates import iso8601
from .messages import fixed

PERIODIC = "P"
TRIGGER = "T"
_CONTEXTS = {
    "P": "Sample.Periodic",
    "C": "Sample.Clock",
    "B": "Transaction.Begin",
    "X": "Transaction.End",
    "T": "Trigger",
}
_UNKNOWN_TEMPERATURE = -32768  # charging/readings.py

# What can be measured: letter and unit by name, both in the order of `pack`'s arguments.
_LETTERS = "EWSVIOT"
_UNITS = ("Wh", "W", "Percent", "V", "A", "A", "Celsius")
MEASURANDS = (
    "Energy.Active.Import.Register",
    "Power.Active.Import",
    "SoC",
    "Voltage",
    "Current.Import",
    "Current.Offered",
    "Temperature",
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

    `context` is a letter of `_CONTEXTS`. A SoC of -1 and an unknown temperature are left out.
    """
    values = (energy_wh, power_w, soc_c100, voltage_mv, current_ma, offered_ma, temperature_c10)
    parts = [context, str(unix_s)]
    for name in measurands.split(","):
        for letter, measurand, value in zip(_LETTERS, MEASURANDS, values):
            known = value >= 0 if letter == "S" else value != _UNKNOWN_TEMPERATURE
            if measurand == name and known:
                parts.append(letter + str(value))
    if len(parts) == 2:  # OCPP allows no sample without a value
        parts.append("E%d" % energy_wh)
    return " ".join(parts)


def render(packed: str, transaction_id: "int | str | None", connector_id: int = 1) -> str:
    """A MeterValues payload; `transaction_id` None outside a transaction."""
    transaction = "" if transaction_id is None else ',"transactionId":%s' % transaction_id
    return '{"connectorId":%d%s,"meterValue":[%s]}' % (
        connector_id,
        transaction,
        meter_value(packed),
    )


def meter_value(packed: str) -> str:
    """A packed sample as one element of meterValue or transactionData."""
    parts = packed.split(" ")
    values = []
    for part in parts[2:]:
        index = _LETTERS.find(part[0])
        values.append(
            '{"value":"%s","context":"%s","measurand":"%s","unit":"%s"}'
            % (
                _number(part[0], int(part[1:])),
                _CONTEXTS[parts[0]],
                MEASURANDS[index],
                _UNITS[index],
            )
        )
    return '{"timestamp":"%s","sampledValue":[%s]}' % (iso8601(int(parts[1])), ",".join(values))


def _number(letter: str, value: int) -> str:
    """The guide's formats: whole Wh, whole W with .00, two decimals; one for the temperature."""
    if letter in "EW":
        return str(value) if letter == "E" else "%d.00" % value
    if letter in "ST":
        return fixed(value, 2 if letter == "S" else 1)
    return fixed(value, 2, 10)
