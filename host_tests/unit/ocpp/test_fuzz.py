"""Damaged and strange messages: whatever comes, the answer is a valid one or none."""

import json
import random

from firmware.ocpp import rpc
from firmware.ocpp.errors import OcppError
from firmware.ocpp.keys import Keys
from host_tests.unit.ocpp.answers import answer_of
from host_tests.unit.ocpp.engine_cases import CALLS, Station
from host_tests.unit.ocpp.schemas import valid

COUNT = 20_000
VALUES = (
    *(None, True, False, 0, -1, 1, 2**40, 1.5, 1e308, "", "x" * 30, "x" * 600, [], {}, [[]]),
    *({"": 0}, "é", "Soft", "T"),
)
CODES = {
    *("NotImplemented", "NotSupported", "FormationViolation", "PropertyConstraintViolation"),
    *("OccurenceConstraintViolation", "TypeConstraintViolation"),
}


def mutate(value, dice):
    """A copy of `value` in which something may be gone, another or too long."""
    if dice.random() < 0.15:
        return dice.choice(VALUES)
    if isinstance(value, list):
        return [mutate(item, dice) for item in value if dice.random() > 0.03]
    if isinstance(value, dict):
        return {
            key if dice.random() > 0.05 else dice.choice(["", "idTag", "k" * 60]): mutate(
                item, dice
            )
            for key, item in value.items()
            if dice.random() > 0.05
        }
    return value


def damage(text, dice):
    """`text` with up to two places broken."""
    for _ in range(dice.choice([0, 0, 0, 1, 2])):
        at = dice.randrange(len(text) + 1)
        piece = dice.choice(["", '"', "{", "]", ",", "\\", "\x00", "é", "0", "-"])
        text = text[:at] + piece + text[at + dice.randrange(3) :]
    return text


def test_no_message_breaks_the_engine():
    dice = random.Random(20260121)
    keys = Keys(lambda values: None)
    seen = dict.fromkeys(["answered", "refused", "malformed", "ignored"], 0)
    for _ in range(COUNT):
        action, payload = dice.choice(CALLS)
        frame = dice.choice([[2, "id", action, payload]] * 8 + [[3, "id", {}], [4, "id", "X", ""]])
        peer = rpc.Rpc(lambda size: bytes(size))
        peer.call("Heartbeat", "{}", 0)
        event = peer.receive(damage(json.dumps(mutate(frame, dice)), dice))
        if event is None or event[0] in ("answer", "error"):
            seen["ignored"] += 1
        elif event[0] == "reply":
            seen["malformed"] += 1
            assert json.loads(event[1])[0] == 4
        else:
            _, call_id, action, payload = event
            try:
                answer = answer_of(action, payload, Station(), keys)
                seen["answered"] += 1
                if len(answer) < 100:
                    valid(action + "Response", answer)
                assert json.loads(rpc.answer(call_id, answer))[:2] == [3, call_id]
            except OcppError as error:
                seen["refused"] += 1
                assert error.code in CODES
                assert json.loads(rpc.error(call_id, error.code, str(error)))[1] == call_id
    assert min(seen.values()) > COUNT // 50, seen
