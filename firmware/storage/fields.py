"""Rows of the tables of settings, hardware options and OCPP keys, read from flash line by line.

The tables themselves are too large to be loaded beside anything else; fields.txt, which
tools/fields.py makes of them, has the same rows. Loaded on demand.
"""

import json
import sys

_TYPES = {"int": int, "bool": bool, "str": str}


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
