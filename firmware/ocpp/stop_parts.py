"""StopTransaction with its transactionData, rendered while it is sent. Loaded on demand.

The record is the payload, a tab, and packed samples (samples.py) with `|` between them: some 60
bytes a sample on flash and in RAM, where a rendered one takes up to 800.
"""

from .meter_values import meter_value


def parts(text: str) -> list:
    """The payload of a record, in parts; one of them gives more of them."""
    payload, _, packed = text.partition("\t")
    return [payload[:-1] + ',"transactionData":[', _Samples(packed), "]}"]


class _Samples:
    def __init__(self, packed: str) -> None:
        self._packed = packed

    def __iter__(self) -> "Iterator[str]":
        comma = ""
        for packed in self._packed.split("|"):
            for text in meter_value(packed):
                yield comma + text
                comma = ""
            comma = ","
