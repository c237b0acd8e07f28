"""Asks the network's name server for a host's addresses, without holding up the event loop.

The socket module's own question blocks, for many seconds when the network is down, and with it the
control loop. RFC 1035, UDP, type A. Loaded on demand, for one question.
"""

import asyncio
import os
import socket

from micropython import const

_PORT = const(53)
_TRIES = const(3)
_TRY_MS = const(2000)
_LOOK_MS = const(20)
_HEAD = const(12)
_LONGEST = const(512)  # of an answer over UDP (section 2.3.4)
_A = b"\x00\x01\x00\x01"  # type A, class IN


def is_address(host: str) -> bool:
    """Is it an IPv4 address already."""
    return not host.replace(".", "0").strip("0123456789")


async def ask(host: str, server: str, port: int = _PORT) -> "list[str]":
    """The IPv4 addresses of `host`, as its name server gives them. Raises OSError."""
    question = _question(host)
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        sock.connect(socket.getaddrinfo(server, port)[0][-1])  # an address: answered at once
        for _ in range(_TRIES):
            head = os.urandom(2)
            sock.send(head + question)
            for _ in range(_TRY_MS // _LOOK_MS):
                await asyncio.sleep_ms(_LOOK_MS)
                answer = _receive(sock)
                if answer[:2] == head and answer[_HEAD:].startswith(question[10:]):
                    return _addresses(answer, len(question) + 2)
    finally:
        sock.close()
    raise OSError("no answer from the name server " + server)


def _question(host: str) -> bytes:
    """A query but for its id: recursion desired, one question."""
    name = b""
    for label in host.rstrip(".").split("."):
        if not 0 < len(label) < 64:
            raise OSError("no host name: " + host)
        name += bytes((len(label),)) + label.encode()
    return b"\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00" + name + b"\x00" + _A


def _receive(sock: "socket.socket") -> bytes:
    try:
        return sock.recv(_LONGEST)
    except OSError:  # nothing yet, or nobody listens there: the next try may do better
        return b""


def _addresses(answer: bytes, at: int) -> "list[str]":
    """Those of the records that follow the question, which ends at `at`."""
    code = answer[3] & 15
    found = []
    try:
        for _ in range(answer[6] << 8 | answer[7]):
            while answer[at] and answer[at] < 64:  # the owner's name, or a pointer to it
                at += answer[at] + 1
            at += 2 if answer[at] else 1
            kind = answer[at : at + 4]
            size = answer[at + 8] << 8 | answer[at + 9]
            at += 10
            if kind == _A and size == 4 and at + 4 <= len(answer):
                found.append("%d.%d.%d.%d" % tuple(answer[at : at + 4]))
            at += size
    except IndexError:  # cut short
        pass
    if not found:
        raise OSError("the name server knows no address (answer %d)" % code)
    return found
