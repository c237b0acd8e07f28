"""OCPP-J: CALL, CALLRESULT and CALLERROR as texts, one CALL of ours outstanding.

Sans-IO: texts in, events out, time is an argument. Knows no action and no payload; the
central-system link (services/central_system.py) sends, receives and keeps the time.

What is not an OCPP-J message is answered with FormationViolation when it is a CALL whose id can
be read, and ignored otherwise: an answer under an invented id is unsolicited, and servers drop
the line on those. Ids longer than the 36 characters OCPP-J allows are refused under that same id.
"""

import json
from binascii import hexlify

from micropython import const

from firmware.on_demand import load

from .messages import quote

CALL_TIMEOUT_S = const(30)
_MAX_ID = const(36)
_MAX_DESCRIPTION = const(255)
_CALL = const(2)
_CALL_RESULT = const(3)
_CALL_ERROR = const(4)


class Rpc:
    """One end of an OCPP-J conversation; make one per connection."""

    def __init__(self, random_bytes: "Callable", timeout_s: int = CALL_TIMEOUT_S) -> None:
        self._random_bytes = random_bytes
        self._timeout_s = timeout_s
        self._id = ""  # of our CALL that waits for its answer
        self._sent_s = 0

    def busy(self) -> bool:
        """Is a CALL of ours waiting for its answer."""
        return bool(self._id)

    def call(self, action: str, payload: "str | list[str]", now_s: int) -> "str | list[str]":
        """Text of a new CALL, which is outstanding from now on; `busy` must be False.

        It comes in parts where the payload does.
        """
        self._id = uuid4(self._random_bytes(16))
        self._sent_s = now_s
        return _joined('[2,"%s","%s",' % (self._id, action), payload)

    def timed_out(self, now_s: int) -> bool:
        """True, once, when the outstanding CALL has waited too long; an answer comes too late."""
        if not self._id or now_s - self._sent_s < self._timeout_s:
            return False
        self._id = ""
        return True

    def receive(self, text: str) -> "tuple | None":
        """What one message means, None when it is to be ignored.

        ("call", id, action, payload), ("answer", payload) and ("error", code, description) to
        our outstanding CALL, ("reply", text) for something malformed that must be answered.
        """
        try:
            # An answer is ours to wait for: what can be read of it is taken.
            strict = text[1:2] not in "34"
            parse = load("firmware.ocpp.strict_json").loads if strict else json.loads
            message = parse(text)
        except ValueError:
            call_id = _id_in(text)
            return ("reply", error(call_id, "FormationViolation", "no JSON")) if call_id else None
        if not isinstance(message, list) or len(message) < 2 or not isinstance(message[1], str):
            return None
        kind, call_id = message[:2]
        if type(kind) is int and kind == _CALL:
            return _read_call(message)
        if call_id != self._id or not call_id or kind not in (_CALL_RESULT, _CALL_ERROR):
            return None
        self._id = ""
        if kind == _CALL_RESULT and len(message) == 3 and isinstance(message[2], dict):
            return "answer", message[2]
        texts = [item for item in message[2:4] if isinstance(item, str)] + ["", ""]
        return "error", texts[0] or "GenericError", texts[1][:_MAX_DESCRIPTION]


def answer(call_id: str, payload: "str | list[str]") -> "str | list[str]":
    """Text of the CALLRESULT to the server's CALL `call_id`; in parts where the payload is."""
    return _joined("[3,%s," % quote(call_id), payload)


def _joined(head: str, payload: "str | list[str]") -> "str | list[str]":
    if isinstance(payload, list):
        return [head] + payload + ["]"]
    return head + payload + "]"


def error(call_id: str, code: str, description: str) -> str:
    """Text of the CALLERROR to the server's CALL `call_id`; the description is cut at 255."""
    return '[4,%s,"%s",%s,{}]' % (quote(call_id), code, quote(description[:_MAX_DESCRIPTION]))


def uuid4(data: bytes) -> str:
    """The RFC 4122 version 4 text made of 16 random bytes."""
    octets = bytearray(data)
    octets[6] = octets[6] & 0x0F | 0x40
    octets[8] = octets[8] & 0x3F | 0x80
    text = hexlify(octets).decode()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def _read_call(message: list) -> tuple:
    if len(message) != 4 or not isinstance(message[2], str):
        why = "a CALL is [2, id, action, payload]"
    elif len(message[1]) > _MAX_ID:
        why = "the id is too long"
    elif not isinstance(message[3], dict):
        why = "the payload is no object"
    else:
        return "call", message[1], message[2], message[3]
    return "reply", error(message[1], "FormationViolation", why)


def _id_in(text: str) -> str:
    """The id of a CALL that is no JSON, where `[2,"id",` can still be read; else ""."""
    parts = text.split('"', 2)
    if len(parts) < 3 or "".join(parts[0].split()) != "[2," or parts[2].lstrip()[:1] != ",":
        return ""
    return parts[1] if len(parts[1]) <= _MAX_ID and "\\" not in parts[1] else ""
