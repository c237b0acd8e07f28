"""Takes passwords out of the conversation before a page gets to see it.

A message is shown as it came unless it names a key of a password, or an address with user and
password in it (UpdateFirmware, GetDiagnostics); then it is written anew without them.
"""

from __future__ import annotations

import json
import re
from typing import Any

HIDDEN = "***"
_KEY = re.compile("authorizationkey|password|secret", re.IGNORECASE)
_USER = re.compile(r"://[^/\s\"@]*@")
_WITHHELD = "(not shown: it names a password, and it cannot be taken apart)"
_PROBLEM = "against the schema (the text is not shown: the message names a password)"


def is_secret(key: Any) -> bool:
    """Whether the value of a configuration key of this name must not be shown."""
    return isinstance(key, str) and bool(_KEY.search(key))


def without_secrets(value: Any) -> Any:
    """The same JSON value with every password replaced by HIDDEN. Raises RecursionError."""
    if isinstance(value, list):
        return [without_secrets(item) for item in value]
    if isinstance(value, str):
        return _USER.sub(f"://{HIDDEN}@", value)
    if not isinstance(value, dict):
        return value
    named = any(is_secret(item) for key, item in value.items() if key.lower() == "key")
    return {
        key: HIDDEN
        if (is_secret(key) or (named and key.lower() != "key")) and _has_content(item)
        else without_secrets(item)
        for key, item in value.items()
    }


def _has_content(item: Any) -> bool:
    """`readonly` beside a key is no secret, nor is a value that is not there."""
    return item is not None and not isinstance(item, bool)


def shown(raw: str, problem: str) -> tuple[str, str]:
    """A message's text and its problem as a page may show them."""
    named = bool(_KEY.search(raw))
    try:
        message = json.loads(raw)
        safe = without_secrets(message)
    except (ValueError, RecursionError):
        if named or _USER.search(raw):
            return _WITHHELD, _PROBLEM if problem else ""
        return raw, problem
    if safe != message:
        problem = _PROBLEM if problem else ""
    elif not named:
        return raw, problem
    return json.dumps(safe, separators=(",", ":"), ensure_ascii=False), problem
