"""Changes the authorization cache, a file of tag_file.py. Loaded on demand."""

import os

from micropython import const

from .tag_changes import line, without, write
from .tag_file import CACHE, find, key

_NO_FILE = const(2)  # ENOENT


def remember(id_tag: str, record: "list", most_bytes: int, brief: bool = False) -> None:
    """Put the tag's record in the cache; writes only what is new. Raises OSError.

    A cache that has grown to `most_bytes` loses the older half. `brief`: what cannot be appended,
    so that the file would have to be rewritten, is left for another time.
    """
    known = find(CACHE, id_tag)
    if known == record:
        return
    text = line(id_tag, record)
    try:
        size = os.stat(CACHE)[6]
    except OSError:
        size = 0
    full = size + len(text) > most_bytes
    if known is None and not full:
        with open(CACHE, "ab") as file:
            file.write(text)
    elif not brief:
        kept = without(CACHE, (key(id_tag),), size // 2 if full else 0)
        write(CACHE, b"", kept, (text,), most_bytes)


def clear() -> None:
    """Forget every tag of the cache. Raises OSError."""
    try:
        os.remove(CACHE)
    except OSError as error:
        if error.args[0] != _NO_FILE:
            raise
