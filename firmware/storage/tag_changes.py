"""Changes the files of tag_file.py: a new version of the local list. Loaded on demand."""

import json
import os

from .files import remove
from .tag_file import LIST, blocks, key


def update_list(number: int, full: bool, changes: dict, longest: int) -> bool:
    """Make it version `number`; False, nothing changed, when it has more tags than `longest`.

    `changes`: idTag -> record, or None for one that goes; `full`: all others go. Raises OSError.
    """
    going = {key(id_tag) for id_tag in changes}
    coming = (line(id_tag, changes[id_tag]) for id_tag in changes if changes[id_tag])
    kept = () if full else without(LIST, going)
    return write(LIST, ("[%d]\n" % number).encode(), kept, coming, longest)


def line(id_tag: str, record: "list") -> bytes:
    """The tag's line."""
    return key(id_tag) + json.dumps(record)[1:].encode() + b"\n"


def without(path: str, keys: "Any", skip: int = 0) -> "Iterator":
    """The lines behind the first `skip` bytes that do not begin with one of `keys`."""
    rest = b""
    for block in blocks(path):
        lines = (rest + block).split(b"\n")
        rest = lines.pop()
        for text in lines:
            skip -= len(text) + 1
            if skip < 0 and text[:2] == b'["' and text[: text.find(b",") + 1] not in keys:
                yield text + b"\n"


def write(path: str, head: bytes, kept: "Any", coming: "Any", longest: int) -> bool:
    """Replace the file by these lines; False where they are more than `longest`."""
    temporary = path + ".tmp"
    count = 0
    try:
        with open(temporary, "wb") as file:
            file.write(head)
            for lines in (kept, coming):
                for text in lines:
                    file.write(text)
                    count += 1
        if count <= longest:
            os.rename(temporary, path)
        return count <= longest
    finally:
        remove(temporary)  # where it did not become the file
