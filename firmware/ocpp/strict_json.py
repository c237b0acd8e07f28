"""Strict JSON for what a server sends.

MicroPython's `json.loads` takes missing brackets, commas and colons, so a message that was cut or
mangled would be acted on. `loads` checks the grammar of RFC 8259 first, the same on every
interpreter, and bounds the depth. Numbers are checked as far as `float` does.
"""

import json

from micropython import const

_DEPTH = const(16)
_NUMBER_LENGTH = const(32)


def loads(text: str) -> object:
    """The value that `text` holds; ValueError when it is not JSON or nested too deep."""
    _check(text.encode())
    return json.loads(text)


def _check(data: bytes) -> None:
    ends = b""  # closing brackets of what is open
    want = "v"  # what may come: (v)alue, (k)ey, colon, comma, (f)irst of a bracket
    at = 0
    while at < len(data):
        byte = data[at]
        at += 1
        if byte in b" \t\r\n":
            continue
        if want in ",f" and ends and byte == ends[-1]:
            ends = ends[:-1]
            want = ","
        elif want == ",":
            if not ends or byte != 44:
                raise ValueError("no comma at %d" % at)
            want = "k" if ends[-1] == 125 else "v"
        elif want == ":":
            if byte != 58:
                raise ValueError("no colon at %d" % at)
            want = "v"
        elif want == "k" or (want == "f" and ends[-1] == 125):
            if byte != 34:
                raise ValueError("no key at %d" % at)
            at = _string(data, at)
            want = ":"
        elif byte in b"[{":
            ends += b"]" if byte == 91 else b"}"
            if len(ends) > _DEPTH:
                raise ValueError("too deep")
            want = "f"
        else:
            at = _string(data, at) if byte == 34 else _scalar(data, at - 1)
            want = ","
    if ends or want != ",":
        raise ValueError("cut off")


def _string(data: bytes, at: int) -> int:
    """Index behind the string whose first character is at `at`."""
    while True:
        end = data.find(b'"', at)
        slash = data.find(b"\\", at, end)
        stop = end if slash < 0 else slash
        if end < 0 or (stop > at and min(data[at:stop]) < 32):
            raise ValueError("string not closed at %d" % at)
        if slash < 0:
            return end + 1
        at = slash + 2
        if data[slash + 1] == 117:  # \u and four hex digits
            for byte in data[at : at + 4]:
                if byte not in b"0123456789abcdefABCDEF":
                    raise ValueError("wrong escape at %d" % at)
            at += 4
        elif data[slash + 1] not in b'"\\/bfnrt':
            raise ValueError("wrong escape at %d" % at)


def _scalar(data: bytes, at: int) -> int:
    """Index behind the number, true, false or null at `at`."""
    end = at
    while end < len(data) and data[end] not in b",:]} \t\r\n":
        end += 1
    word = data[at:end]
    if word not in (b"true", b"false", b"null"):
        digits = word[1:] if word[:1] == b"-" else word
        zero = digits[:1] == b"0" and digits[1:2] not in (b"", b".", b"e", b"E")
        if zero or len(digits) > _NUMBER_LENGTH or not b"0" <= digits[:1] <= b"9":
            raise ValueError("no value at %d" % at)
        float(digits.decode())  # ValueError
    return end
