"""The OCPP 1.6 JSON schemas, as they lie in PyPI `ocpp`."""

import json
from pathlib import Path

import jsonschema
import ocpp

_FOLDER = Path(ocpp.__file__).parent / "v16" / "schemas"


def valid(name: str, text: str) -> dict:
    """The payload of `text`, which must keep to schema `name` (XResponse for answers)."""
    payload = json.loads(text)
    schema = json.loads((_FOLDER / f"{name}.json").read_text(encoding="utf-8-sig"))
    jsonschema.validate(payload, schema)
    return payload


def request_schema(action: str) -> dict:
    """The schema of a request."""
    return json.loads((_FOLDER / f"{action}.json").read_text(encoding="utf-8-sig"))
