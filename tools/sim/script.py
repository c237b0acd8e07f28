"""What a conversation with the scripted central system is made of: its record, the answers that a
test can order, and the check against the OCPP 1.6 schemas.
"""

import json
import re
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema
import ocpp

_SCHEMAS = Path(ocpp.__file__).parent / "v16" / "schemas"


class Entry(NamedTuple):
    """One frame. `way` is ">" from the charge point, "<" to it; `kind` the action, for an answer
    the action + "Response", for a CALLERROR "CallError"."""

    ms: float
    way: str
    kind: str
    id: str
    payload: Any
    text: str = ""

    def line(self) -> str:
        """For people."""
        payload = json.dumps(self.payload, default=str)
        return f"{self.ms / 1000:10.3f} {self.way} {self.kind} {payload}"


class CallError(Exception):
    """A CALLERROR: raised by Bench.call, or given as an answer."""

    def __init__(self, code: str, description: str = "", details: dict | None = None) -> None:
        super().__init__(code, description)
        self.code = code
        self.description = description
        self.details = details or {}


class Silence:
    """Given as an answer: none comes."""


class Drop:
    """Given as an answer: the line is dropped instead."""


class Delay:
    """Given as an answer: `answer` (default: the usual one) after some seconds."""

    def __init__(self, seconds: float, answer: Any = None) -> None:
        self.seconds = seconds
        self.answer = answer


class Refuse:
    """Given as an answer: no, in the field that the action has for it."""

    def __init__(self, status: str = "") -> None:
        self.status = status


class SchemaError(AssertionError):
    """A frame does not fit the OCPP 1.6 schemas, or an id was used twice."""


@lru_cache
def _validator(kind: str) -> Any:
    path = _SCHEMAS / f"{kind}.json"
    if not path.exists():
        return None
    schema = json.loads(path.read_text(encoding="utf-8-sig"), parse_float=Decimal)
    return jsonschema.Draft4Validator(schema)


def check_schema(kind: str, payload: Any) -> None:
    """Raises SchemaError when a payload does not fit the schema of its action or answer."""
    validator = _validator(kind)
    if validator is None:
        raise SchemaError(f"OCPP 1.6 knows no {kind}")
    problem = next(validator.iter_errors(payload), None)
    if problem is not None:
        raise SchemaError(f"{kind}: {problem.message}: {json.dumps(payload, default=str)}")


def refused(action: str, usual: dict[str, Any], status: str) -> dict[str, Any]:
    """The usual answer of an action turned into a refusing one."""
    if "idTagInfo" in usual:
        return {**usual, "idTagInfo": {"status": status or "Invalid"}}
    return {**usual, "status": status or "Rejected"}


def same(got: Any, wanted: Any) -> bool:
    """Does a value match: a function says so, a pattern is found in it, or it is equal."""
    if callable(wanted):
        return bool(wanted(got))
    if isinstance(wanted, re.Pattern):
        return bool(wanted.search(str(got)))
    return bool(got == wanted)
