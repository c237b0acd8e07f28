"""What can be set, by the rows of its table: reads the rows, converts and checks one value.

The tables of settings, hardware options and OCPP keys are too large to be loaded beside anything
else; fields.txt, which tools/fields.py makes of them, has the same rows.
"""

import json
import sys

from firmware.errors import SettingError

_TYPES = {"int": int, "bool": bool, "str": str}
_TRUE = ("true", "1", "yes", "on")
_FALSE = ("false", "0", "no", "off")


def convert(field: tuple, value: object) -> object:
    """`value` (text or the right type) as the field's type; SettingError when it does not fit.

    `field` is key, type (or the words that are allowed), default, lowest, highest.
    """
    key, kind, _, low, high = field
    if isinstance(kind, tuple):
        if value in kind:
            return value
        raise SettingError("%s: one of %s wanted, not %r" % (key, ", ".join(kind), value))
    if kind is bool:
        if isinstance(value, bool):
            return value
        text = str(value).lower()
        if text in _TRUE or text in _FALSE:
            return text in _TRUE
        raise SettingError("%s: true or false wanted, not %r" % (key, value))
    if kind is int:
        if isinstance(value, str):
            try:
                value = int(value)
            except ValueError:
                raise SettingError("%s: a whole number wanted, not %r" % (key, value))
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise SettingError("%s: %d to %d wanted, not %r" % (key, low, high, value))
        return value
    if not isinstance(value, str) or not low <= len(value.encode()) <= high:
        raise SettingError("%s: text of %d to %d bytes wanted" % (key, low, high))
    return value


def rows(table: str) -> "Iterator[tuple]":
    """(key, type or allowed words, default, lowest, highest, is it secret) of `table`: S, H or K.

    Of keys (K) only key, default and secret are told, the default as text.
    """
    with open(sys.modules["firmware"].__file__.rpartition("/")[0] + "/fields.txt") as file:
        for line in file:
            if line[0] == table:
                key, kind, default, low, high, secret = json.loads(line[1:])
                kind = _TYPES.get(kind) or tuple(kind.split("/"))
                yield key, kind, default, low, high, secret


def row(table: str, key: str) -> "tuple | None":
    """That of one key, None when there is none."""
    for found in rows(table):
        if found[0] == key:
            return found
    return None
