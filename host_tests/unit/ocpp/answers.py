"""The answer's payload text to a request, by the module that the link would load for it."""

from firmware.on_demand import load


def answer_of(action: str, payload: dict, station: object, keys: object) -> str:
    answer = load(load("firmware.ocpp.profiles").module_of(action)).answer
    text = answer(action, payload, station, keys)
    return text if isinstance(text, str) else "".join(map("".join, text))
