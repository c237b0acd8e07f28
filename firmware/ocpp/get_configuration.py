"""GetConfiguration, loaded on demand by core.py. Every entry carries its value."""

from .errors import OcppError
from .key_table import MAX_KEYS, find, rows
from .messages import quote
from .requests import check


def answer(action: str, payload: dict, station: "Station", keys: "Keys") -> "list[str]":
    """The wanted keys, all that can be read when none is named (OCPP 1.6 5.8).

    The answer is long and comes in parts, each with its comma.
    """
    check(action, payload, {action: "key [text 50]"})
    wanted = payload.get("key") or ()
    if len(wanted) > MAX_KEYS:
        raise OcppError("OccurenceConstraintViolation", "more keys than GetConfigurationMaxKeys")
    parts = ['{"configurationKey":[']
    for row in map(find, wanted) if wanted else rows():
        entry = _entry(row, keys) if row else ""
        if entry:
            parts.append(entry if len(parts) == 1 else "," + entry)
    unknown = [quote(key) for key in wanted if not find(key)]
    parts.append('],"unknownKey":[' + ",".join(unknown) + "]}" if unknown else "]}")
    return parts


def _entry(row: "list[str]", keys: "Keys") -> str:
    """One key; a write-only one is not told."""
    if "R" not in row[1]:
        return ""
    read_only = "false" if "W" in row[1] else "true"
    return '{"key":"%s","readonly":%s,"value":%s}' % (row[0], read_only, quote(keys.text(row)))
