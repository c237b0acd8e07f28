"""What a configuration key may be set to. Loaded on demand by keys.py, whose rows these are."""

from .measurands import MEASURANDS

_PHASES = ("NotApplicable", "Unknown", "RST", "RTS", "SRT", "STR", "TRS", "TSR")
_BOOLS = ("false", "true")
_MAX_TEXT = 500  # OCPP 1.6 6.8


def checked(row: "list[str]", text: str) -> str:
    """`text` as it is kept; ValueError when the row does not allow it."""
    if "W" not in row[1]:
        raise ValueError("read-only")
    if len(text) > _MAX_TEXT:
        raise ValueError("too long")
    kind = row[2]
    if kind == "bool":
        if text.lower() not in _BOOLS:
            raise ValueError("true or false wanted")
        return text.lower()
    lowest, highest = int(row[4]), int(row[5])
    if kind == "int":
        size = whole_number(text)
        text = str(size)
    elif kind == "text":
        size = len(text)
    else:
        items = [item.strip() for item in text.split(",")] if text.strip() else []
        size = len(items)
        for index, item in enumerate(items):
            if item in items[:index] or not _listed(kind, item):
                raise ValueError("not allowed")
        text = ",".join(items)
    if not lowest <= size <= highest:
        raise ValueError("out of range")
    return text


def whole_number(text: str) -> int:
    """A number of digits only; ValueError for a sign, a blank, nothing or too many."""
    for digit in text or "-":
        if digit not in "0123456789" or len(text) > 12:
            raise ValueError("a whole number wanted")
    return int(text)


def _listed(kind: str, item: str) -> bool:
    if kind == "phases":
        return item[:2] in ("0.", "1.") and item[2:] in _PHASES
    return item in MEASURANDS
