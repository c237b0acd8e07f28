"""Reads a file with a JSON object; loaded for one use, as few want that while the charger runs."""

import json
import os

from firmware.storage.files import read_bytes


def read_json(path: str) -> dict:
    """The object in the file; an empty one when there is none.

    A file that is no JSON object is set aside as `path.bad`, to be looked at, never lost.
    """
    data = read_bytes(path)
    if not data:
        return {}
    try:
        value = json.loads(data)
        if isinstance(value, dict):
            return value
    except ValueError:
        pass
    os.rename(path, path + ".bad")
    return {}
