"""The parts that payload texts are made of: strings, numbers, the token of an unknown id.

Payloads are text, not dicts: a MicroPython dict keeps no order. Those of the charger's own
messages are in payloads.py, meter samples in samples.py, Rivot's own messages in rivot.py.

A transaction's id may not be known yet when its messages are made: they carry `TID`, which the
outbox replaces when it sends them.
"""

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


def status(value: str) -> str:
    """{"status": value}: what most answers are."""
    return '{"status":"%s"}' % value
