"""Reads one OCPP-J message and says what is wrong with it, by the JSON schemas in PyPI `ocpp`.

Never raises on anything a peer may send. Does not answer: `charger.py` does.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from jsonschema.exceptions import best_match
from ocpp.messages import MessageType, get_validator
from ocpp.v16.enums import Action

CALL, RESULT, ERROR = (
    int(MessageType.Call),
    int(MessageType.CallResult),
    int(MessageType.CallError),
)
ACTIONS = frozenset(str(action.value) for action in Action)
# Their schemas ask for multiples of 0.1, which binary floats cannot show. The validators are
# cached by name alone, so these must be the same three that the library reads with Decimal.
_DECIMAL = {
    (CALL, "SetChargingProfile"),
    (CALL, "RemoteStartTransaction"),
    (RESULT, "GetCompositeSchedule"),
}
_ELEMENTS = {CALL: (4,), RESULT: (3,), ERROR: (4, 5)}
_CODES = {  # OCPP-J 1.6 section 4.2.3, in its own spelling
    "type": "TypeConstraintViolation",
    "required": "OccurenceConstraintViolation",
    "enum": "PropertyConstraintViolation",
    "maxLength": "PropertyConstraintViolation",
    "multipleOf": "PropertyConstraintViolation",
}
_MAX_ID = 36  # OCPP-J 1.6 section 4.1.4
_MAX_PROBLEM = 255  # it goes out as an error description, OCPP-J 1.6 section 4.2.3
_MAX_DEPTH = 32


@dataclass
class Frame:
    """One message, taken apart as far as it could be. `type` is 0 when it is no OCPP-J message."""

    raw: str
    type: int = 0
    unique_id: str = ""
    action: str = ""
    payload: Any = None
    problem: str = ""
    code: str = ""  # the CALLERROR a CALL with this problem deserves


def read(raw: str | bytes, action_of: Callable[[str], str]) -> Frame:
    """Take `raw` apart and check it; `action_of(unique_id)` names the CALL it answers."""
    if isinstance(raw, bytes):
        return Frame(raw.decode("utf-8", "replace"), problem="a binary message: OCPP-J is text")
    frame = Frame(raw)
    try:
        message = json.loads(raw, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        frame.problem = f"not JSON: {error}"
        return frame
    if _deeper_than(_MAX_DEPTH, message):
        frame.problem = f"nested deeper than {_MAX_DEPTH} levels"
    else:
        frame.code, frame.problem = _take_apart(frame, message, action_of)
        frame.problem = frame.problem[:_MAX_PROBLEM]
    return frame


def _deeper_than(levels: int, value: Any) -> bool:
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list):
        return False
    return levels == 0 or any(_deeper_than(levels - 1, item) for item in value)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def _take_apart(frame: Frame, message: Any, action_of: Callable[[str], str]) -> tuple[str, str]:
    """Fill `frame` from the parsed message; the result is code and problem, both '' if right."""
    if not isinstance(message, list) or not message:
        return "", "not an OCPP-J message: no array"
    kind = message[0]
    if type(kind) is not int or kind not in _ELEMENTS:
        return "", f"message type {kind!r} is unknown"
    frame.type = kind
    if len(message) > 1 and isinstance(message[1], str) and message[1].isprintable():
        frame.unique_id = message[1]
    if len(message) not in _ELEMENTS[kind]:
        return "FormationViolation", f"{len(message)} elements in a message of type {kind}"
    if not frame.unique_id or len(frame.unique_id) > _MAX_ID:
        return (
            "FormationViolation",
            f"message id must be printable text of 1 to {_MAX_ID} characters",
        )
    if kind == CALL:
        if not isinstance(message[2], str) or not message[2].isprintable():
            return "FormationViolation", "the action is not text"
        frame.action, frame.payload = message[2], message[3]
        return check(kind, frame.action, frame.payload)
    frame.action = action_of(frame.unique_id)
    if kind == RESULT:
        frame.payload = message[2]
    else:
        details = message[4] if len(message) > 4 else None
        frame.payload = {"code": message[2], "description": message[3], "details": details}
    if not frame.action:
        return "", "an answer to a message that was not asked"
    if kind == RESULT:
        return check(kind, frame.action, frame.payload)
    right = all(isinstance(part, str) for part in message[2:4]) and isinstance(details, dict)
    return "", "" if right else "a CALLERROR has a code, a description and an object of details"


def check(kind: int, action: str, payload: Any) -> tuple[str, str]:
    """The CALLERROR code and what the schema says against this payload; both '' if it is valid."""
    if action not in ACTIONS:
        return "NotSupported", f"action {action[:40]!r} is not part of OCPP 1.6"
    parse_float: Any = float
    if (kind, action) in _DECIMAL:
        parse_float = Decimal
        payload = json.loads(json.dumps(payload), parse_float=Decimal)
    error = best_match(get_validator(kind, action, "1.6", parse_float).iter_errors(payload))
    if error is None:
        return "", ""
    where = "/".join(str(part) for part in error.absolute_path)
    code = _CODES.get(str(error.validator), "FormationViolation")
    return code, f"{where}: {error.message}" if where else str(error.message)
