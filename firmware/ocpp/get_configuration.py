"""GetConfiguration, loaded on demand by core.py. Every entry carries its value."""

from micropython import const

from firmware.on_demand import load

from .errors import OcppError
from .key_table import MAX_KEYS, find, rows
from .messages import quote

_PIECE = const(100)


def answer(action: str, payload: dict, station: "Station", keys: "Keys") -> "list[Any]":
    """The wanted keys, all that can be read when none is named (OCPP 1.6 5.8).

    The answer is long and comes in parts.
    """
    # What has checked it is not held while the answer goes out.
    load("firmware.ocpp.requests").check(action, payload, {action: "key [text 50]"})
    wanted = payload.get("key") or []
    if len(wanted) > MAX_KEYS:
        raise OcppError("OccurenceConstraintViolation", "too many keys")
    unknown = [quote(key) for key in wanted if not find(key)]
    tail = '],"unknownKey":[' + ",".join(unknown) + "]}" if unknown else "]}"
    return ['{"configurationKey":[', Entries(wanted, keys), tail]


class Entries:
    """The entries as texts, some at a time: all of them would take 5 kB."""

    def __init__(self, wanted: "list[str]", keys: "Keys") -> None:
        self._wanted = wanted
        self._keys = keys

    def __iter__(self) -> "Iterator":
        text = comma = ""
        for row in map(find, self._wanted) if self._wanted else rows():
            entry = _entry(row, self._keys) if row else ""
            if entry:
                text += comma + entry
                comma = ","
            if len(text) > _PIECE:
                yield text
                text = ""
        yield text


def _entry(row: "list[str]", keys: "Keys") -> str:
    """One key; a write-only one is not told."""
    if "R" not in row[1]:
        return ""
    read_only = "false" if "W" in row[1] else "true"
    return '{"key":"%s","readonly":%s,"value":%s}' % (row[0], read_only, quote(keys.text(row)))
