"""The question for a host's addresses, against a name server that answers well and badly."""

import asyncio
import json
import random
import socket
import struct
import threading
import time
from pathlib import Path

import pytest

from firmware.net import connect, names
from host_tests.unit.net.interpreters import ON, start

HERE = Path(__file__).parent
QUESTION = bytes.fromhex("0001 0001".replace(" ", ""))


def name_of(query):
    """The name that is asked for, and where the question ends."""
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1 : at + 1 + query[at]].decode())
        at += query[at] + 1
    return ".".join(labels), at + 5


def record(kind, data, owner=b"\xc0\x0c"):
    return owner + struct.pack(">HHIH", kind, 1, 60, len(data)) + data


def reply(query, *records, code=0):
    """The answer with these records to the query."""
    _, end = name_of(query)
    head = query[:2] + struct.pack(">HHHHH", 0x8180 | code, 1, len(records), 0, 0)
    return head + query[12:end] + b"".join(records)


def address(text):
    return record(1, bytes(int(part) for part in text.split(".")))


ANSWERS = {
    "csms.example": lambda query: [reply(query, address("192.0.2.7"))],
    "two.example": lambda query: [reply(query, address("192.0.2.1"), address("192.0.2.2"))],
    "alias.example": lambda query: [
        reply(query, record(5, b"\x04csms\xc0\x12"), record(28, bytes(16)),
              record(1, bytes((192, 0, 2, 9)), b"\x04csms\xc0\x12"))
    ],
    "none.example": lambda query: [reply(query, code=3)],
    "cut.example": lambda query: [reply(query, address("192.0.2.7"))[:-2]],
    "others.example": lambda query: [
        b"\xff\xff" + reply(query, address("203.0.113.1"))[2:],
        b"x",
        reply(query, address("192.0.2.8")),
    ],
}  # fmt: skip


class NameServer:
    """Answers from ANSWERS; `late.example` at the second try, what it does not know never."""

    def __init__(self):
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(("127.0.0.1", 0))
        self.port = self.sock.getsockname()[1]
        self.asked = []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                query, who = self.sock.recvfrom(600)
            except OSError:
                return
            host, end = name_of(query)
            assert query[end - 4 : end] == QUESTION and query[2:6] == b"\x01\x00\x00\x01"
            self.asked.append(host)
            if host == "late.example" and self.asked.count(host) == 2:
                self.sock.sendto(reply(query, address("192.0.2.3")), who)
            for answer in ANSWERS.get(host, lambda query: [])(query):
                self.sock.sendto(answer, who)


@pytest.fixture
def server():
    made = NameServer()
    yield made
    made.sock.close()


@pytest.mark.parametrize("on", ON)
def test_answers_good_and_bad_and_nobody_waits_meanwhile(on, server):
    hosts = [*ANSWERS, "late.example", "a..b", "x" * 64 + ".example"]
    process = start(on, HERE / "names_cases.py")
    out, err = process.communicate(json.dumps({"hosts": hosts, "port": server.port}), timeout=30)
    assert process.returncode == 0, err
    *results, gap_ms = json.loads(out)
    assert dict(zip(hosts, results, strict=True)) == {
        "csms.example": ["192.0.2.7"],
        "two.example": ["192.0.2.1", "192.0.2.2"],
        "alias.example": ["192.0.2.9"],
        "none.example": "the name server knows no address (answer 3)",
        "cut.example": "the name server knows no address (answer 0)",
        "others.example": ["192.0.2.8"],
        "late.example": ["192.0.2.3"],
        "a..b": "no host name: a..b",
        "x" * 64 + ".example": "no host name: " + "x" * 64 + ".example",
    }
    assert gap_ms < 1000  # the socket module would have stood still for the two seconds of "late"


def test_a_server_that_never_answers_ends_in_an_error(server, monkeypatch):
    monkeypatch.setattr(names, "_TRY_MS", 60)

    async def main():
        with pytest.raises(OSError, match="no answer from the name server 127.0.0.1"):
            await names.ask("silent.example", "127.0.0.1", server.port)

    asyncio.run(main())
    deadline = time.monotonic() + 5
    while len(server.asked) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert server.asked == ["silent.example"] * 3


def test_nonsense_in_an_answer_raises_nothing_else():
    dice = random.Random(16)
    query = b"\x00\x00" + names._question("csms.example")
    good = reply(query, address("192.0.2.7"), record(5, b"\x04csms\xc0\x12"))
    for _ in range(20_000):
        answer = bytearray(good)
        for _ in range(dice.randrange(1, 6)):
            answer[dice.randrange(len(answer))] = dice.randrange(256)
        try:
            found = names._addresses(bytes(answer[: dice.randrange(4, 90)]), len(query))
        except OSError:
            continue
        assert all(names.is_address(text) for text in found)


def test_an_address_is_not_asked_for():
    assert names.is_address("192.0.2.7")
    assert not names.is_address("csms.example")
    assert not names.is_address("7.example")


def test_the_network_s_name_server_is_asked_for_a_connection(server, monkeypatch):
    monkeypatch.setattr(names, "ask", ask := Ask(names.ask, server.port))
    monkeypatch.setitem(
        ANSWERS, "local.example", lambda query: [reply(query, address("127.0.0.1"))]
    )

    async def main():
        listener = await asyncio.start_server(
            lambda reader, writer: writer.close(), "127.0.0.1", 0
        )
        port = listener.sockets[0].getsockname()[1]
        known = []
        _, writer = await connect.dial(("local.example", port, None), known, "127.0.0.1")
        writer.close()
        assert known[0] == ("local.example", port) and known[1][-1] == ("127.0.0.1", port)
        _, writer = await connect.dial(("local.example", port, None), known, "127.0.0.1")
        writer.close()
        with pytest.raises(connect.DialError, match=r"cannot reach none.example:80: the name"):
            await connect.dial(("none.example", 80, None), [], "127.0.0.1")
        listener.close()

    asyncio.run(main())
    assert ask.hosts == ["local.example", "none.example"]


class Ask:
    """`names.ask` at the test's port."""

    def __init__(self, real, port):
        self.real, self.port, self.hosts = real, port, []

    async def __call__(self, host, server):
        self.hosts.append(host)
        return await self.real(host, server, self.port)
