"""Which module answers which request of a central system. Loaded on demand, for one request.

One module a profile, so that only the one that is asked for is in memory. Each has a function
`answer(action, payload, station, keys)` like the one in core.py, whose docstring tells what the
*station* is.
"""

_MODULES = {
    "GetConfiguration": "get_configuration",
    "TriggerMessage": "remote_trigger",
}


def module_of(action: str) -> str:
    """Dotted name of the module that answers `action`; core.py answers, or refuses, the rest."""
    return "firmware.ocpp." + _MODULES.get(action, "core")
