"""Packed samples (samples.py) as MeterValues, in parts: memory may not come in one piece.

Loaded on demand.
"""

from .dates import iso8601
from .measurands import LETTERS, MEASURANDS, UNITS
from .messages import fixed

_CONTEXTS = {
    "P": "Sample.Periodic",
    "C": "Sample.Clock",
    "B": "Transaction.Begin",
    "X": "Transaction.End",
    "T": "Trigger",
}


def render(packed: str, transaction_id: "int | str | None", connector_id: int = 1) -> "list[str]":
    """A MeterValues payload, in parts; `transaction_id` None outside a transaction."""
    transaction = "" if transaction_id is None else ',"transactionId":%s' % transaction_id
    head = '{"connectorId":%d%s,"meterValue":[' % (connector_id, transaction)
    return [head] + list(meter_value(packed)) + ["]}"]


def meter_value(packed: str) -> "Iterator[str]":
    """A packed sample as one element of meterValue or transactionData, in parts."""
    parts = packed.split(" ")
    text = '{"timestamp":"%s","sampledValue":[' % iso8601(int(parts[1]))
    for part in parts[2:]:
        index = LETTERS.find(part[0])
        yield text
        text = '{"value":"%s","context":"%s","measurand":"%s","unit":"%s"},' % (
            _number(part[0], int(part[1:])),
            _CONTEXTS[parts[0]],
            MEASURANDS[index],
            UNITS[index],
        )
    yield text[:-1]
    yield "]}"


def _number(letter: str, value: int) -> str:
    """The guide's formats: whole Wh, whole W with .00, two decimals; one for the temperature."""
    if letter in "EW":
        return str(value) if letter == "E" else "%d.00" % value
    if letter in "ST":
        return fixed(value, 2 if letter == "S" else 1)
    return fixed(value, 2, 10)
