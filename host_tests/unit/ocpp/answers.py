"""The answer's payload text to a request, by the module that the link would load for it."""

from firmware.on_demand import load

MODULES = {"GetConfiguration": "get_configuration", "TriggerMessage": "remote_trigger"}


def answer_of(action: str, payload: dict, station: object, keys: object) -> str:
    answer = load("firmware.ocpp." + MODULES.get(action, "core")).answer
    text = answer(action, payload, station, keys)
    return text if isinstance(text, str) else "".join(text)
