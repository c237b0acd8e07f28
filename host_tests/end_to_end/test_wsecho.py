"""`python -m tools.wsecho` as conformance suites call it."""

import subprocess
import sys

import pytest
import websockets

from host_tests.unit.net.interpreters import ON, ROOT
from host_tests.unit.net.raw_server import Peer, RawServer, ThreadedServer

LONG = "\u00e4" * 700_000


def wsecho(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tools.wsecho", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )


class Suite(ThreadedServer):
    """A server without sub-protocols that sends, compares, closes."""

    async def _start(self) -> int:
        server = await websockets.serve(self._talk, "127.0.0.1", 0, max_size=None)
        return server.sockets[0].getsockname()[1]

    async def _talk(self, connection: websockets.ServerConnection) -> None:
        self.offered = connection.request.headers["Sec-WebSocket-Protocol"]
        self.same = []
        messages = ["a", b"b", "", b"", LONG, bytes(1_000_000)]
        for message in messages:
            await connection.send(message)
        for message in messages:
            self.same.append(await connection.recv() == message)
        await (await connection.ping(b"?"))
        self.same.append(True)
        await connection.close(1000)


@pytest.mark.parametrize("on", ON)
def test_echoes_until_the_other_side_closes(on: str) -> None:
    with Suite() as suite:
        done = wsecho(f"ws://127.0.0.1:{suite.port}/x?y=z", "--on", on)
    assert (done.returncode, done.stderr) == (0, "")
    assert suite.offered == "ocpp1.6"
    assert suite.same == [True] * 7


@pytest.mark.parametrize("on", ON)
def test_max(on: str) -> None:
    async def send_much(peer: Peer) -> None:
        peer.send(peer.answer() + b"\x82\x7e\x07\xd1")
        await peer.until_end()

    with RawServer({"/": send_much}) as server:
        done = wsecho(f"ws://127.0.0.1:{server.port}/", "--on", on, "--max", "2000")
    assert done.returncode == 0
    assert server.peers["/"][0].seen == [(8, (1009).to_bytes(2, "big"))]


@pytest.mark.parametrize("on", ON)
def test_a_lost_connection_is_an_error(on: str) -> None:
    async def hang_up(peer: Peer) -> None:
        peer.send(peer.answer() + b"\x81")

    with RawServer({"/": hang_up}) as server:
        lost = wsecho(f"ws://127.0.0.1:{server.port}/", "--on", on)
        port = server.port
    assert lost.returncode == 1 and "closed with 1006" in lost.stderr
    refused = wsecho(f"ws://127.0.0.1:{port}/", "--on", on)
    assert refused.returncode == 1 and "cannot reach 127.0.0.1" in refused.stderr


def test_wrong_usage() -> None:
    assert wsecho().returncode == 2
    assert wsecho("ws://127.0.0.1/", "--max", "0").returncode == 2
    assert wsecho("ws://127.0.0.1/", "--on", "pypy").returncode == 2
