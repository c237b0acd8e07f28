"""idTags on flash, one a line: the local authorization list and the cache. Loaded on demand.

A line is the JSON list [idTag in capitals, status, expiry, parentIdTag], see ocpp/tag_records.py;
a tag has one line at most. The list begins with a line of its own, [listVersion]. A file is read
in blocks and replaced line by line, so it is never in memory as a whole, and a power cut leaves
the old or the new one. What changes them is in tag_changes.py and
tag_cache.py.
"""

import json

from micropython import const

LIST = "taglist"
CACHE = "tagcache"
_BLOCK = const(128)  # free memory has few long pieces
_LONGEST_KEY = const(256)
_NO_FILE = const(2)  # ENOENT


def key(id_tag: str) -> bytes:
    """How the tag's line begins; nothing else in a file looks like it."""
    return ("[" + json.dumps(id_tag.upper()).replace(",", "\\u002c") + ",").encode()


def find(path: str, id_tag: str) -> "list | None":
    """The tag's record; None when the file has none that can be read. Raises OSError."""
    start = key(id_tag)
    rest = b""
    content = blocks(path)
    for block in content:
        rest += block
        at = rest.find(start)
        end = rest.find(b"\n", at) if at >= 0 else -1
        if end >= 0:
            content.close()  # and the file
            return _record(rest[at:end])
        if at < 0:
            rest = rest[rest.rfind(b"\n") + 1 :][-_LONGEST_KEY:]
    return None


def blocks(path: str) -> "Generator":
    """The file's content; it closes at the end. None when there is no such file."""
    try:
        with open(path, "rb") as file:
            block = file.read(_BLOCK)
            while block:
                yield block
                block = file.read(_BLOCK)
    except OSError as error:
        if error.args[0] != _NO_FILE:
            raise


def _record(text: bytes) -> "list | None":
    try:
        _, status, expiry_s, parent = json.loads(text)
    except (ValueError, TypeError):
        return None
    sound = isinstance(expiry_s, int) and isinstance(parent, str)
    return [status, expiry_s, parent] if sound else None


def version() -> int:
    """Version of the local list, 0 when it is empty (OCPP 1.6 5.10). Raises OSError."""
    try:
        with open(LIST, "rb") as file:
            head, _, rest = file.read(_BLOCK).partition(b"\n")
        return int(head[1:-1]) if rest else 0
    except ValueError:  # damaged: a Full list repairs it
        return 0
    except OSError as error:
        if error.args[0] != _NO_FILE:
            raise
        return 0
