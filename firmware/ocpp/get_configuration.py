"""GetConfiguration, loaded on demand by core.py. Every entry carries its value."""

from .errors import OcppError
from .keys import MAX_KEYS, names
from .messages import quote
from .requests import check


def answer(action: str, payload: dict, station: "Station", keys: "Keys") -> str:
    """The wanted keys, all of them when none is named (OCPP 1.6 5.8)."""
    check(action, payload, {action: "key [text 50]"})
    wanted = payload.get("key") or ()
    if len(wanted) > MAX_KEYS:
        raise OcppError("OccurenceConstraintViolation", "more keys than GetConfigurationMaxKeys")
    parts = ['{"configurationKey":[', '],"unknownKey":[', "]}"]
    unknown = []
    for name in wanted or names():
        entry = keys.entry(name)
        if entry:
            text = '{"key":"%s","readonly":%s,"value":%s}'
            text %= (entry[0], "true" if entry[1] else "false", quote(entry[2]))
            parts.insert(-2, text if len(parts) == 3 else "," + text)
        else:
            unknown.append(quote(name))
    parts.insert(-1, ",".join(unknown))
    if not unknown:
        del parts[-3:-1]
        parts[-1] = "]}"
    return "".join(parts)
