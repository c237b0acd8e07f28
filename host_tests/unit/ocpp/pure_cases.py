"""Runs the pure WebSocket modules on any interpreter: JSON cases on stdin, JSON results on stdout.

Each case is [function, argument, ...]; bytes travel as hex.
"""

import json
import sys
from binascii import hexlify, unhexlify

from firmware.errors import ChargerError
from firmware.ocpp import frames, handshake
from firmware.ocpp.utf8 import Utf8


def parse(limit: int, *pieces: str) -> list:
    """Events of the pieces, cut as they are; at the end ["error", code] where there was one."""
    parser = frames.FrameParser(limit)
    events = []
    try:
        for piece in pieces:
            parser.feed(unhexlify(piece))
            event = parser.next_event()
            while event:
                events.append([_plain(value) for value in event])
                event = parser.next_event()
    except frames.FrameError as error:
        events.append(["error", error.code])
    return events


def _plain(value: object) -> object:
    return hexlify(value).decode() if isinstance(value, bytes) else value


def drip(limit: int, whole: str) -> list:
    """The same, fed byte by byte."""
    return parse(limit, *[whole[i : i + 2] for i in range(0, len(whole), 2)])


def encode(opcode: int, size: int, mask: str) -> str:
    """A frame around `size` bytes counting up."""
    payload = bytes([i * 7 & 255 for i in range(size)])
    return hexlify(frames.encode(opcode, payload, unhexlify(mask))).decode()


def encode_close(code: int, reason: str) -> str:
    """A close frame with a zero mask."""
    return hexlify(frames.encode_close(code, reason, bytes(4))).decode()


def utf8(*pieces: str) -> bool:
    """Whether the pieces together are UTF-8."""
    check = Utf8()
    return all(check.feed(unhexlify(piece)) for piece in pieces) and not check.left


def utf8_all(first: int) -> list:
    """Those of the sequences `first` XX, `first` XX 80 and `first` XX 80 80 that are UTF-8."""
    found = []
    for second in range(256):
        for tail in (b"", b"\x80", b"\x80\x80"):
            check = Utf8()
            if check.feed(bytes((first, second)) + tail) and not check.left:
                found.append([second, len(tail)])
    return found


def split_url(url: str) -> object:
    """The parts, or "error"."""
    try:
        return list(handshake.split_url(url))
    except handshake.HandshakeError:
        return "error"


def request(host: str, port: int, secure: bool, user: str, password: str) -> object:
    """The lines of a request, or "error"."""
    auth = (user, password) if user or password else None
    try:
        made = handshake.request(host, port, secure, "/p", "k", ("ocpp1.6", "x"), auth, ("A: b",))
    except handshake.HandshakeError:
        return "error"
    return made.decode().split("\r\n")


def response(protocols: list, required: bool, *pieces: str) -> object:
    """What was left over, "waiting", or the error's text."""
    answer = handshake.Response("dGhlIHNhbXBsZSBub25jZQ==", tuple(protocols), required)
    try:
        for piece in pieces:
            answer.feed(unhexlify(piece))
    except ChargerError as error:
        return ["error", str(error)]
    return ["done", hexlify(answer.leftover).decode()] if answer.done else ["waiting"]


def results(cases: list) -> list:
    """One result a case."""
    return [globals()[name](*arguments) for name, *arguments in cases]


if __name__ == "__main__":
    print(json.dumps(results(json.loads(sys.stdin.read()))))
