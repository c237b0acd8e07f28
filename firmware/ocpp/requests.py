"""Checks what a server asks for before any of it is used.

A request is described by one line of text (a table of tuples would take three times the RAM):
fields separated by "; ", each a name, "!" when it must be there, and what it must be:

    int [LOWEST]   number   text LONGEST   date   object   A|B|C (one of these texts)
    [TYPE] (a list of it)   {Name} (an object, described under that name)

Fields that are not named are ignored: servers add their own. A request that is no object never
gets here (rpc.py).
"""

from firmware.on_demand import load

from .errors import OcppError


def check(name: str, payload: dict, table: dict) -> None:
    """Raise the OcppError that says what is wrong with `payload`, described as `table[name]`."""
    for field in table[name].split("; "):
        key, _, kind = field.partition(" ")
        required = key[-1:] == "!"
        key = key[:-1] if required else key
        if kind and key in payload:
            _check_value(key, payload[key], kind, table)
        elif required:
            raise OcppError("OccurenceConstraintViolation", key + " is missing")


def _check_value(key: str, value: "Any", kind: str, table: dict) -> None:
    first = kind[0]
    if first == "[" or kind[:3] == "int" or kind == "number":
        kinds = (list,) if first == "[" else (int,) if first == "i" else (int, float)
    else:
        kinds = (dict,) if first == "{" or kind == "object" else (str,)
    wrong = not isinstance(value, kinds) or isinstance(value, bool)
    if wrong:
        raise OcppError("TypeConstraintViolation", key + " has the wrong type")
    if first == "[":
        for item in value:
            _check_value(key, item, kind[1:-1], table)
    elif first == "{":
        check(kind[1:-1], value, table)
    elif not _allowed(value, kind):
        raise OcppError("PropertyConstraintViolation", key + " has a value that is not allowed")


def _allowed(value: "Any", kind: str) -> bool:
    name, _, limit = kind.partition(" ")
    if name == "int":
        return not limit or value >= int(limit)
    if name == "text":
        return len(value) <= int(limit)
    if name == "number":
        return -1e9 < value < 1e9
    if name == "date":
        try:
            load("firmware.ocpp.date_parser").parse_iso8601(value)
        except ValueError:
            return False
        return True
    return name == "object" or value in kind.split("|")
