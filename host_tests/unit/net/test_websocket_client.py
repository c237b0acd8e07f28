"""The client against a scripted server, the `websockets` library and dead ends.

All cases of one interpreter run at once in one process; the tests then look at their results.
"""

import asyncio
import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import websockets

from host_tests.unit.net.interpreters import ON, start
from host_tests.unit.net.raw_server import Peer, RawServer, ThreadedServer
from tools.ports import free_port

SCRIPTS = {}
CASES: dict[str, dict] = {}
EXPECTED: dict[str, tuple] = {}
BYE = "880203e8"


def frames(data: str, got: list, end: list, answers: list, **case: object) -> None:
    """A case in which the server sends `data` after the handshake and then listens."""
    name = f"frames {len(CASES)}: {data[:40]}"

    async def script(peer: Peer) -> None:
        await peer.head_done()
        peer.send(data)
        await peer.until_end()

    add(name, script, got, end, answers, **case)


def add(name: str, script, got: list, end: object, answers: list | None, **case: object) -> None:
    path = "/" + str(len(CASES))
    SCRIPTS[path] = script
    CASES[name] = {"path": path, **case}
    EXPECTED[name] = (got, end, answers)


async def _head_done(peer: Peer) -> None:
    peer.send(peer.answer())


Peer.head_done = _head_done


def closed(code: int, reason: str = "") -> tuple[int, bytes]:
    return 8, code.to_bytes(2, "big") + reason.encode()


def script(name: str, got: list, end: object, answers: list | None = None, **case: object):
    """Decorator: a case with a script of its own."""

    def keep(function):
        add(name, function, got, end, answers, **case)
        return function

    return keep


frames("810161" + BYE, ["a"], [1000, ""], [closed(1000)])
frames("810161" + BYE, ["a"], [1000, ""], [closed(1000)], client={"max_message": 1})
frames("8100" + "8200" + BYE, ["", ""], [1000, ""], [closed(1000)])
frames("8800", [], [1005, ""], [(8, b"")])
frames("88050bb8" + b"bye".hex(), [], [3000, "bye"], [closed(3000)])
frames("890150" + BYE, [], [1000, ""], [(10, b"P"), closed(1000)])
frames("0161 1 890150 80 0162".replace("0161 1", "010161").replace("80 01", "8001") + BYE,
       ["ab"], [1000, ""], [(10, b"P"), closed(1000)])  # fmt: skip
frames("8a0150" + BYE, [], [1000, ""], [closed(1000)])
frames("817f0000000000010000" + "78" * 65536 + BYE, ["x" * 20], [1000, ""], [closed(1000)],
       client={"max_message": 70000})  # fmt: skip
frames("81022122" + "c10161", ['!"'], [1002, "RSV bit"], [closed(1002)])
frames("8301", [], [1002, "reserved opcode"], [closed(1002)])
frames("818100000000", [], [1002, "masked by the server"], [closed(1002)])
frames("8101ff", [], [1007, "text is not UTF-8"], [closed(1007)])
frames("817e2001", [], [1009, "message over 8192 bytes"], [closed(1009)])
frames("880103", [], [1002, "bad close code"], [closed(1002)])
frames("880203ed", [], [1002, "bad close code"], [closed(1002)])
frames("8102c3a4" + BYE, [[True, 1]], [1000, ""], [(1, b"\xc3\xa4"), closed(1000)], mode="echo")
frames("8203c3a400" + "8101", [[False, 3]], [1006, "time-out: waiting for a pong"],
       [(2, b"\xc3\xa4\0")], mode="echo",
       client={"ping_interval_s": 1, "timeout_s": 2})  # fmt: skip
# The messages before an error are answered before the close frame goes out.
frames("810161" + "810162" + "f100", [[True, 1]] * 2, [1002, "RSV bit"],
       [(1, b"a"), (1, b"b"), closed(1002)], mode="echo")  # fmt: skip


@script("answer and frames in small pieces", ["ab"], [1000, ""])
async def _(peer: Peer) -> None:
    for byte in peer.answer() + bytes.fromhex("81026162" + BYE):
        peer.send(bytes([byte]))
        await asyncio.sleep(0.001)
    await peer.until_end()


@script("answer and frames in one piece", ["ab"], [1000, ""])
async def _(peer: Peer) -> None:
    peer.send(peer.answer() + bytes.fromhex("81026162" + BYE))
    await peer.until_end()


@script("line breaks off", ["a"], [1006, "EOFError the other side hung up"])
async def _(peer: Peer) -> None:
    peer.send(peer.answer() + bytes.fromhex("810161810261"))


@script("line is reset", [], "lost")
async def _(peer: Peer) -> None:
    peer.send(peer.answer())
    await asyncio.sleep(0.1)
    peer.writer.transport.abort()


@script("no answer at all", [], "time-out: connecting", client={"timeout_s": 2})
async def _(peer: Peer) -> None:
    await asyncio.sleep(30)


@script("slow header drip", [], "time-out: connecting", client={"timeout_s": 2})
async def _(peer: Peer) -> None:
    for byte in peer.answer():
        peer.send(bytes([byte]))
        await asyncio.sleep(0.1)


@script("huge headers", [], "the answer's headers are too long")
async def _(peer: Peer) -> None:
    while True:
        peer.send(b"X: " + b"y" * 1000 + b"\r\n")
        await peer.writer.drain()


@script("401", [], "the server answered 401 (password wrong?)")
async def _(peer: Peer) -> None:
    peer.send(peer.answer("401 Unauthorized"))


@script("hangs up before the answer", [], "client certificate or password refused?")
async def _(peer: Peer) -> None:
    pass


@script("wrong protocol", [], "Sec-WebSocket-Protocol")
async def _(peer: Peer) -> None:
    peer.send(peer.answer().replace(b"ocpp1.6", b"ocpp2.0"))


@script("no protocol", [], "Sec-WebSocket-Protocol")
async def _(peer: Peer) -> None:
    peer.send(peer.answer().replace(b"Sec-WebSocket-Protocol: ocpp1.6\r\n", b""))


@script("no protocol, not required", [], [1000, ""], connect={"require_protocol": False})
async def _(peer: Peer) -> None:
    peer.send(peer.answer().replace(b"Sec-WebSocket-Protocol: ocpp1.6\r\n", b"") + b"\x88\2\3\xe8")
    await peer.until_end()


@script("wrong accept", [], "Sec-WebSocket-Accept")
async def _(peer: Peer) -> None:
    peer.request["Sec-WebSocket-Key"] += "x"
    peer.send(peer.answer())


@script("peer stops reading", [], [1006, "time-out: sending"], mode="flood", narrow=True,
        client={"timeout_s": 2})  # fmt: skip
async def _(peer: Peer) -> None:
    peer.send(peer.answer())
    await asyncio.sleep(30)


@script("abort", [1006, 1006], [1006, "aborted"], mode="abort", narrow=True, alone=True, tell=True)
async def _(peer: Peer) -> None:
    peer.send(peer.answer())
    await peer.told.wait()
    await peer.ends()


@script("cancelled send", ["cancelled"], None, mode="cancel_send", narrow=True, alone=True,
        tell=True)  # fmt: skip
async def _(peer: Peer) -> None:
    peer.send(peer.answer())
    await peer.told.wait()
    await peer.until_end()


@script("cancelled receive", ["cancelled", "a", "cancelled", "b"], [1000, ""],
        [(1, b"go on"), (1, b"go on"), closed(1000)], mode="cancel_receive")  # fmt: skip
async def _(peer: Peer) -> None:
    peer.send(peer.answer())
    await peer.frame()
    peer.send("810161")
    await peer.frame()
    peer.send("810162" + BYE)
    await peer.until_end()


@script("cancelled connect", [], "cancelled", mode="cancel_connect", alone=True, tell=True)
async def _(peer: Peer) -> None:
    await peer.told.wait()
    await peer.ends()


@script("close", [3000], [3000, "enough"], [closed(3000, "enough")], mode="close")
async def _(peer: Peer) -> None:
    peer.send(peer.answer())
    await peer.frame()
    peer.send("810161" + "890150" + "88020bb8")


@script("close, never answered", [3000], [3000, "enough"], mode="close", client={"timeout_s": 2})
async def _(peer: Peer) -> None:
    peer.send(peer.answer())
    await peer.frame()
    await asyncio.sleep(30)


@script("TCP stays open after the closing handshake", [], [1000, ""], client={"timeout_s": 2})
async def _(peer: Peer) -> None:
    peer.send(peer.answer() + bytes.fromhex(BYE))
    await peer.frame()
    await peer.ends(0.3)
    peer.waited = not peer.ended
    await peer.ends()


@script("three senders", ["in"], [1000, ""], mode="senders", alone=True)
async def _(peer: Peer) -> None:
    peer.send(peer.answer())
    await asyncio.sleep(0.3)
    while (await peer.frame()).data != b"end":
        pass
    peer.send("8102696e" + BYE)
    await peer.until_end()


@script("own pings", [True], [1000, ""], mode="ping", client={"timeout_s": 2})
async def _(peer: Peer) -> None:
    peer.send(peer.answer())
    ping = await peer.frame()
    assert ping.opcode == 9 and len(ping.data) == 4
    peer.send(b"\x8a\x04" + ping.data)
    ping = await peer.frame()
    peer.send(b"\x8a\x04" + ping.data + bytes.fromhex(BYE))
    await peer.until_end()


@script("pong with other data", [False], [1006, "time-out: waiting for a pong"], mode="ping",
        client={"timeout_s": 2})  # fmt: skip
async def _(peer: Peer) -> None:
    peer.send(peer.answer())
    await peer.frame()
    peer.send("8a0400000000")
    await asyncio.sleep(30)


@script("connected again", ["1", "2"], [1000, ""], mode="again")
async def _(peer: Peer) -> None:
    count = len(SERVER["raw"].peers[peer.path])
    peer.send(peer.answer() + b"\x81\x01%d" % count)
    if count == 2:
        peer.send(BYE)
    await peer.until_end()


SERVER: dict[str, RawServer] = {}


@pytest.fixture(scope="module", params=ON)
def results(request: pytest.FixtureRequest) -> Iterator[dict[str, tuple[dict, list[Peer]]]]:
    """name -> (result of the client, connections at the server)."""
    with (
        RawServer(SCRIPTS) as server,
        RawServer(SCRIPTS, narrow=True) as narrow,
        LibraryServer() as library,
        SilentServer() as silent,
    ):
        SERVER["raw"] = server
        cases = []
        for name, case in CASES.items():
            used = narrow if "narrow" in case else server
            url = f"ws://127.0.0.1:{used.port}{case['path']}"
            cases.append({"name": name, "url": url, **case})
        port = free_port()
        fast = {"timeout_s": 2}
        extra = {
            "refused": {"url": f"ws://127.0.0.1:{port}/"},
            "no such host": {"url": "ws://nosuch.invalid/"},
            "bad URL": {"url": "ws://user:secret@h/"},
            "wss without CA": {"url": "wss://127.0.0.1/"},
            "TCP without a word": {"url": f"ws://127.0.0.1:{silent.port}/", "client": fast},
            "host name": {"url": f"ws://localhost:{library.port}/a%20b?c=%2F", "mode": "echo"},
            "basic": {
                "url": f"ws://127.0.0.1:{library.port}/auth",
                "connect": {"user": "CP\u00e41", "password": "p:w" * 40},
                "mode": "echo",
            },
        }
        cases += [{"name": name, **case} for name, case in extra.items()]
        script = Path(__file__).with_name("client_cases.py")
        process = start(request.param, script, heap="192m")
        out, err = process.communicate(json.dumps(cases, ensure_ascii=False), timeout=60)
        assert process.returncode == 0, err
        assert not err
        found = {}
        for case, result in zip(cases, json.loads(out), strict=True):
            found[case["name"]] = (
                result,
                (narrow if "narrow" in case else server).peers.get(case.get("path", ""), []),
            )
        found["library"] = ({"seen": library.seen}, [])
        yield found


class SilentServer:
    """Takes connections into its backlog and does nothing with them."""

    def __enter__(self) -> "SilentServer":
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()


class LibraryServer(ThreadedServer):
    """The `websockets` library with pings and the sub-protocol."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list = []

    async def _start(self) -> int:
        server = await websockets.serve(
            self._talk,
            "127.0.0.1",
            0,
            subprotocols=["ocpp1.6"],
            ping_interval=0.2,
            ping_timeout=10,
        )
        return server.sockets[0].getsockname()[1]

    async def _talk(self, connection: websockets.ServerConnection) -> None:
        echoed = []
        for message in ("\u00e4\U0001f600", b"\0\xff", "", "y" * 8192, b"z" * 126):
            await connection.send(message)
            echoed.append(await connection.recv() == message)
        await connection.send(["frag", "men", "ts"])
        echoed.append(await connection.recv() == "fragments")
        await asyncio.sleep(0.7)  # some pings
        request = connection.request
        self.seen.append((request.path, request.headers.get("Authorization"), echoed))
        await connection.close(1001, "going away")


@pytest.mark.parametrize("name", list(CASES))
def test_case(results: dict, name: str) -> None:
    got, end, answers = EXPECTED[name]
    result, peers = results[name]
    if end == "lost":
        assert result["end"][0] == 1006
    elif isinstance(end, str):
        assert end in (result["end"] if isinstance(result["end"], str) else result["end"][1])
    elif end is not None:
        assert result["end"] == end
    if name != "cancelled send":
        assert result["got"] == got
    if answers is not None:
        seen = [frame for frame in peers[0].seen if frame[0] != 9]
        assert seen == answers
    limit_s = CASES[name].get("client", {}).get("timeout_s", 30)
    assert result["ms"] < (limit_s * 1000 + 6000 if limit_s == 2 else 15000)


def test_masks_are_random_and_requests_complete(results: dict) -> None:
    requests = [peers[0].request for name, (_, peers) in results.items() if peers]
    assert len({request["Sec-WebSocket-Key"] for request in requests}) == len(requests)
    assert all(request["Sec-WebSocket-Protocol"] == "ocpp1.6" for request in requests)
    assert all(request["Sec-WebSocket-Version"] == "13" for request in requests)


def test_a_frame_cut_by_cancelling_is_the_last(results: dict) -> None:
    result, peers = results["cancelled send"]
    assert result["end"] == [1006, "a frame was cut short"]
    assert peers[0].seen == []


def test_senders_do_not_mix(results: dict) -> None:
    seen = results["three senders"][1][0].seen
    sizes = [(data[:1], len(set(data)), len(data)) for _, data in seen[:6]]
    assert sorted(sizes) == sorted([(c, 1, 5_000_000) for c in (b"a", b"b", b"c")] * 2)
    assert seen[6] == (1, b"end")


def test_sockets_are_closed(results: dict) -> None:
    lingering = results["TCP stays open after the closing handshake"][1][0]
    assert lingering.waited and lingering.ended
    assert results["abort"][1][0].ended
    assert all(peer.ended for peer in results["cancelled connect"][1])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("refused", "cannot reach 127.0.0.1:"),
        ("no such host", "cannot reach nosuch.invalid:80"),
        ("bad URL", "user and password do not belong in the URL"),
        ("wss without CA", "wss:// needs a CA certificate"),
        ("TCP without a word", "time-out: connecting"),
    ],
)
def test_dead_ends(results: dict, name: str, text: str) -> None:
    result, _ = results[name]
    assert text in result["end"] and "secret" not in result["end"]


def test_websockets_library(results: dict) -> None:
    for name in ("host name", "basic"):
        assert results[name][0]["end"] == [1001, "going away"]
        assert len(results[name][0]["got"]) == 6
    seen = sorted(results["library"][0]["seen"])
    assert [path for path, _, _ in seen] == ["/a%20b?c=%2F", "/auth"]
    assert all(all(echoed) and len(echoed) == 6 for _, _, echoed in seen)
    header = websockets.headers.build_authorization_basic("CP\u00e41", "p:w" * 40)
    assert [auth for _, auth, _ in seen] == [None, header]


def test_names_are_asked_for_again_only_after_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    from firmware.net.websocket_client import ConnectionClosed, WebSocketClient, WebSocketError

    asked = []

    def lookup(host: str, *rest: object) -> list:
        asked.append(host)
        return getaddrinfo(host, *rest)

    async def say_bye(peer: Peer) -> None:
        peer.send(peer.answer() + bytes.fromhex(BYE))
        await peer.until_end()

    getaddrinfo = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lookup)

    async def connect(client: WebSocketClient, port: int) -> None:
        await client.connect(f"ws://localhost:{port}/")
        with pytest.raises(ConnectionClosed):
            await client.receive()
        await client.close()

    async def play() -> list[int]:
        client = WebSocketClient()
        counts = []
        for good in (True, True, False, True):
            with RawServer({"/": say_bye}) as server:
                port = server.port
                if good:
                    await connect(client, port)
                    await connect(client, port)
            if not good:
                with pytest.raises(WebSocketError):
                    await connect(client, port)
            counts.append(sum(host == "localhost" for host in asked))
        return counts

    # Each server has a port of its own, and the port belongs to the answer.
    assert asyncio.run(play()) == [1, 2, 3, 4]
