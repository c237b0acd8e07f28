"""Strict JSON for what a server sends.

MicroPython's `json.loads` takes missing brackets, commas and colons, so a message that was cut or
mangled would be acted on. `loads` checks the grammar of RFC 8259 first, the same on every
interpreter, and bounds the depth. Numbers are checked as far as `float` does.
"""

import json

from micropython import const

_DEPTH = const(16)
_NUMBER_LENGTH = const(32)
_END = {91: 93, 123: 125}  # [ ] { }
_LITERALS = (b"true", b"false", b"null")


def loads(text: str) -> object:
    """The value that `text` holds; ValueError when it is not JSON or nested too deep."""
    _check(text.encode())
    return json.loads(text)


def _check(data: bytes) -> None:
    """Walk over the tokens: `want` says what may come next, `ends` which brackets are open."""
    ends = []
    want = "value"
    at = 0
    while at < len(data):
        byte = data[at]
        if byte in b" \t\r\n":
            at += 1
        elif ends and byte == ends[-1] and want in ("comma", "first"):
            ends.pop()
            want = "comma"
            at += 1
        elif want == "comma":
            if not ends or byte != 44:
                raise ValueError("no comma at %d" % at)
            want = "key" if ends[-1] == 125 else "value"
            at += 1
        elif want == "colon":
            if byte != 58:
                raise ValueError("no colon at %d" % at)
            want = "value"
            at += 1
        elif want == "key" or (want == "first" and ends[-1] == 125):
            if byte != 34:
                raise ValueError("no key at %d" % at)
            at = _string(data, at + 1)
            want = "colon"
        elif byte in _END:
            if len(ends) >= _DEPTH:
                raise ValueError("too deep")
            ends.append(_END[byte])
            want = "first"  # a closing bracket, or what `key` and `value` stand for
            at += 1
        else:
            at = _string(data, at + 1) if byte == 34 else _scalar(data, at)
            want = "comma"
    if ends or want != "comma":
        raise ValueError("cut off")


def _string(data: bytes, at: int) -> int:
    """Index behind the string whose first character is at `at`."""
    while True:
        end = data.find(b'"', at)
        if end < 0:
            raise ValueError("string not closed")
        slash = data.find(b"\\", at, end)
        stop = end if slash < 0 else slash
        if stop > at and min(data[at:stop]) < 32:
            raise ValueError("control character in a string")
        if slash < 0:
            return end + 1
        at = slash + 2
        if data[slash + 1] == 117:  # \u and four hex digits
            for byte in data[at : at + 4]:
                if byte not in b"0123456789abcdefABCDEF":
                    raise ValueError("wrong escape")
            at += 4
        elif data[slash + 1] not in b'"\\/bfnrt':
            raise ValueError("wrong escape")


def _scalar(data: bytes, at: int) -> int:
    """Index behind the number, true, false or null at `at`."""
    for literal in _LITERALS:
        if data[at : at + len(literal)] == literal:
            return at + len(literal)
    end = at
    while end < len(data) and data[end] in b"0123456789+-.eE":
        end += 1
    digits = data[at + 1 : end] if data[at] == 45 else data[at:end]
    zero = digits[:1] == b"0" and digits[1:2] not in (b"", b".", b"e", b"E")
    if zero or len(digits) > _NUMBER_LENGTH or digits[:1] not in b"0123456789":
        raise ValueError("no value at %d" % at)
    float(digits.decode())  # ValueError
    return end
