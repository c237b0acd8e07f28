"""A central system that gives a charger a hard time, over real sockets.

It answers whatever it must so that sessions run, and knows three kinds of trouble: a flood of
CALLs, lines that break again and again (with TLS), and not answering at all, so that the charger
has to write to its flash what it cannot deliver.
"""

import asyncio
import contextlib
import datetime
import ipaddress
import itertools
import json
import ssl
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

CALLS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("TriggerMessage", {"requestedMessage": "StatusNotification", "connectorId": 1}),
    ("GetConfiguration", {"key": ["HeartbeatInterval"]}),
    ("TriggerMessage", {"requestedMessage": "MeterValues", "connectorId": 1}),
    ("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "60"}),
)
_TAG = {"idTagInfo": {"status": "Accepted"}}
_CHUNK = 1 << 14


def identity(folder: Path) -> bytes:
    """Write a self-signed certificate and its key to server.pem; the certificate as DER."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    day = datetime.timedelta(days=1)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - day)
        .not_valid_after(now + 30 * day)
        .add_extension(x509.BasicConstraints(True, None), critical=True)
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )
    encoding = serialization.Encoding
    private = key.private_bytes(
        encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "server.pem").write_bytes(certificate.public_bytes(encoding.PEM) + private)
    return bytes(certificate.public_bytes(encoding.DER))


class Front:
    """A TCP port before the server: tells of each connection as it comes, and can break it."""

    def __init__(self) -> None:
        self.came = asyncio.Event()  # a connection has just been made, its handshake begins
        self.count = 0
        self._writers: set[asyncio.StreamWriter] = set()

    async def start(self, behind: int) -> int:
        """Listen before 127.0.0.1:`behind`; the port."""
        self._behind = behind
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.count += 1
        self.came.set()
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._behind)
        self._writers |= {writer, far_writer}
        await asyncio.gather(_pass(reader, far_writer), _pass(far_reader, writer))
        self._writers -= {writer, far_writer}

    def drop(self) -> None:
        """Break what there is."""
        for writer in self._writers:
            writer.transport.abort()

    def close(self) -> None:
        """Take no more."""
        self._server.close()
        self.drop()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
    writer.transport.abort()


class Server:
    """One charger's central system. `answers` False: it hears and says nothing."""

    def __init__(self, tls: Path | None = None) -> None:
        self.front = Front()
        self.answers = True
        self.received = 0  # messages of the charger
        self.answered = 0  # of our CALLs
        self.sent = 0
        self.vehicles = 0  # VehicleInfo
        self._line: ServerConnection | None = None
        self._numbers = itertools.count(1)
        self._tls: ssl.SSLContext | None = None
        if tls:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(tls)

    async def start(self) -> str:
        """Listen; the URL for the charger."""
        self._server = await serve(
            self._serve, "127.0.0.1", 0, ssl=self._tls, subprotocols=["ocpp1.6"],  # type: ignore[list-item]
            ping_interval=None, compression=None,
        )  # fmt: skip
        inner = int(next(iter(self._server.sockets)).getsockname()[1])
        port = await self.front.start(inner)
        return f"{'wss' if self._tls else 'ws'}://127.0.0.1:{port}/ocpp"

    def close(self) -> None:
        """No more lines."""
        self.front.close()
        self._server.close()

    async def _serve(self, line: ServerConnection) -> None:
        self._line = line
        with contextlib.suppress(ConnectionClosed):
            async for text in line:
                message = json.loads(text)
                self.received += 1
                if message[0] != 2:
                    self.answered += 1
                elif self.answers:
                    await line.send(json.dumps([3, message[1], self._answer(*message[2:])]))

    def _answer(self, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        self.vehicles += payload.get("messageId") == "VehicleInfo"
        answers: dict[str, dict[str, Any]] = {
            "BootNotification": {"currentTime": now, "interval": 300, "status": "Accepted"},
            "Heartbeat": {"currentTime": now},
            "DataTransfer": {"status": "Accepted"},
            "Authorize": _TAG,
            "StartTransaction": {**_TAG, "transactionId": next(self._numbers)},
            "StopTransaction": _TAG,
        }
        return answers.get(action, {})

    async def call(self, action: str, payload: dict[str, Any]) -> bool:
        """Send a CALL, whatever is under way; False while there is no line."""
        if self._line is None:
            return False
        try:
            await self._line.send(json.dumps([2, f"f{next(self._numbers)}", action, payload]))
        except ConnectionClosed:
            return False
        self.sent += 1
        return True

    async def flood(self, a_second: int) -> None:
        """CALLs at that rate, answered or not, until cancelled; a full line slows it down."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        for action, payload in itertools.cycle(CALLS):
            await self.call(action, payload)
            due = max(due + 1 / a_second, loop.time() - 0.1)
            await asyncio.sleep(max(0.0, due - loop.time()))
