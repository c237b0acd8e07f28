"""wss:// on every interpreter: who is trusted, who is not, and certificates of our own."""

import base64
import datetime
import ipaddress
import json
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from firmware.net import tls
from host_tests.unit.net.interpreters import ON, start
from host_tests.unit.net.raw_server import Peer, RawServer
from host_tests.unit.net.test_websocket_client import SilentServer

NOW = datetime.datetime.now(datetime.UTC)
DAY = datetime.timedelta(days=1)
PEM = serialization.Encoding.PEM
DER = serialization.Encoding.DER
PKCS8 = serialization.PrivateFormat.PKCS8
SEC1 = serialization.PrivateFormat.TraditionalOpenSSL
PLAIN = serialization.NoEncryption()


class Identity:
    """A certificate with its key."""

    def __init__(self, name: str, issuer: "Identity | None" = None, days=(-1, 30), kind="ec"):
        self.key = (
            ec.generate_private_key(ec.SECP256R1())
            if kind == "ec"
            else rsa.generate_private_key(65537, 2048)
        )
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        issuer = issuer or self
        builder = (
            x509.CertificateBuilder()
            .subject_name(self.name)
            .issuer_name(issuer.name)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW + days[0] * DAY)
            .not_valid_after(NOW + days[1] * DAY)
            .add_extension(x509.BasicConstraints(issuer is self, None), critical=True)
        )
        if issuer is not self:
            names: list[x509.GeneralName] = [x509.DNSName(name)]
            if name == "localhost":
                names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
            uses = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
            builder = builder.add_extension(x509.ExtendedKeyUsage(uses), critical=False)
        self.certificate = builder.sign(issuer.key, hashes.SHA256())

    def cert(self, encoding=PEM) -> bytes:
        return self.certificate.public_bytes(encoding)

    def secret(self, encoding=PEM, form=PKCS8) -> bytes:
        return self.key.private_bytes(encoding, form, PLAIN)

    def context(self, folder: Path, clients: "Identity | None" = None) -> ssl.SSLContext:
        """A server's context; `clients` issues the certificates it asks for."""
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        file = folder / f"{id(self)}.pem"
        file.write_bytes(self.cert() + self.secret())
        made.load_cert_chain(file)
        if clients:
            made.load_verify_locations(cadata=clients.cert().decode())
            made.verify_mode = ssl.CERT_REQUIRED
        return made


async def talk(peer: Peer) -> None:
    """Send a long message, see it come back, close."""
    peer.send(peer.answer() + bytes.fromhex("817e2000") + b"y" * 8192)
    assert (await peer.frame()).data == b"y" * 8192
    peer.send("880203e8")
    await peer.until_end()


def texts(**values: bytes | bool) -> dict:
    """Bytes as base64, for JSON."""
    return {
        key: base64.b64encode(value).decode() if isinstance(value, bytes) else value
        for key, value in values.items()
    }


@pytest.fixture(scope="module")
def identities() -> dict[str, Identity]:
    ca = Identity("Rivot test CA")
    other = Identity("Another CA", kind="rsa")
    return {
        "ca": ca,
        "other": other,
        "good": Identity("localhost", ca),
        "rsa": Identity("localhost", other, kind="rsa"),
        "wrong host": Identity("example.org", ca),
        "expired": Identity("localhost", ca, days=(-9, -2)),
        "not yet valid": Identity("localhost", ca, days=(2, 9)),
        "client": Identity("CP001", ca),
    }


@pytest.fixture(scope="module", params=ON)
def results(request, identities, tmp_path_factory) -> Iterator[dict[str, dict]]:
    """name -> the client's result; all at once in one process."""
    folder = tmp_path_factory.mktemp("tls")
    who = identities
    ca, other, client = who["ca"], who["other"], who["client"]
    bundle = b"comment\n" + other.cert() + b"\n" + ca.cert()
    sec1 = b"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
    plans = {
        # name: (server, CA and so on, host)
        "PEM": ("good", {"ca": ca.cert()}, "localhost"),
        "DER": ("good", {"ca": ca.cert(DER)}, "localhost"),
        "bundle": ("good", {"ca": bundle}, "localhost"),
        "bundle, RSA": ("rsa", {"ca": bundle}, "localhost"),
        "IP address": ("good", {"ca": ca.cert()}, "127.0.0.1"),
        "wrong CA": ("good", {"ca": other.cert()}, "localhost"),
        "wrong host": ("wrong host", {"ca": ca.cert()}, "localhost"),
        "expired": ("expired", {"ca": ca.cert()}, "localhost"),
        "not yet valid": ("not yet valid", {"ca": ca.cert()}, "localhost"),
        "insecure": ("expired", {"ca": b"", "insecure": True}, "localhost"),
        "mTLS, none": ("mtls", {"ca": ca.cert()}, "localhost"),
        "mTLS, PEM": (
            "mtls",
            {"ca": ca.cert(), "cert": client.cert(), "key": client.secret()},
            "localhost",
        ),
        "mTLS, DER": (
            "mtls",
            {"ca": ca.cert(DER), "cert": client.cert(DER), "key": client.secret(DER)},
            "localhost",
        ),
        "mTLS, chain and old key form": (
            "mtls",
            {
                "ca": ca.cert(),
                "cert": client.cert() + ca.cert(),
                "key": sec1 + client.secret(form=SEC1),
            },
            "localhost",
        ),
        "mTLS, stranger": (
            "mtls",
            {"ca": ca.cert(), "cert": other.cert(), "key": other.secret()},
            "localhost",
        ),
        "not TLS": ("plain", {"ca": ca.cert()}, "localhost"),
        "silent": ("silent", {"ca": ca.cert()}, "localhost"),
    }
    with ExitStack() as stack:
        servers = {
            name: stack.enter_context(RawServer({"/": talk}, who[name].context(folder)))
            for name in ("good", "rsa", "wrong host", "expired", "not yet valid")
        }
        mutual = who["good"].context(folder, clients=ca)
        servers["mtls"] = stack.enter_context(RawServer({"/": talk}, mutual))
        servers["plain"] = stack.enter_context(RawServer({"/": talk}))
        servers["silent"] = stack.enter_context(SilentServer())
        cases = [
            {
                "name": name,
                "url": f"wss://{host}:{servers[server].port}/",
                "tls": texts(**files),
                "mode": "echo",
                "client": {"timeout_s": 3 if server in ("plain", "silent") else 20},
            }
            for name, (server, files, host) in plans.items()
        ]
        process = start(request.param, Path(__file__).with_name("client_cases.py"))
        out, err = process.communicate(json.dumps(cases), timeout=60)
        assert process.returncode == 0, err
        yield dict(zip(plans, json.loads(out), strict=True))


@pytest.mark.parametrize(
    "name",
    ["PEM", "DER", "bundle", "bundle, RSA", "IP address", "insecure", "mTLS, PEM", "mTLS, DER",
     "mTLS, chain and old key form"],
)  # fmt: skip
def test_connects(results: dict, name: str) -> None:
    result = results[name]
    assert result["end"] == [1000, ""]
    assert result["got"] == [[True, 8192]]
    assert bool(result["log"]) == (name == "insecure")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("wrong CA", ("not correctly signed", "unable to get local issuer")),
        ("wrong host", ("does not match", "mismatch")),
        ("expired", ("expired",)),
        ("not yet valid", ("in the future", "not yet valid")),
        ("mTLS, none", ("client certificate or password refused?", "certificate required")),
        ("mTLS, stranger", ("client certificate or password refused?", "unknown ca")),
        ("not TLS", ("time-out: connecting",)),  # it waits for the end of a request
        ("silent", ("time-out: connecting",)),
    ],
)
def test_refused(results: dict, name: str, words: tuple[str, ...]) -> None:
    result = results[name]
    assert isinstance(result["end"], str) and result["got"] == []
    assert any(word in result["end"] for word in words), result["end"]
    assert result["ms"] < 8000


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"ca": b""}, "no CA"),
        ({"ca": b"rubbish"}, "cannot be read"),
        ({"ca": b"-----BEGIN CERTIFICATE-----\n!!!\n"}, "cannot be read"),
        ({"ca": b"-----BEGIN X-----\nAAAA\n-----END X-----\n"}, "no CERTIFICATE in the PEM"),
        ({"ca": b"x", "cert": b"x"}, "belong together"),
        ({"ca": b"x", "key": b"x"}, "belong together"),
        ({"ca": b"", "insecure": True, "cert": b"x", "key": b"x"}, "cannot be read"),
    ],
)
@pytest.mark.parametrize("on", ON)
def test_bad_files(on: str, arguments: dict, words: str) -> None:
    if on == "cpython":
        with pytest.raises(tls.TlsError, match=words):
            tls.context(**arguments)
        return
    case = {"name": "x", "url": "wss://127.0.0.1:1/", "tls": texts(**arguments)}
    process = start(on, Path(__file__).with_name("client_cases.py"))
    out, err = process.communicate(json.dumps([case]), timeout=20)
    assert process.returncode == 0, err
    end = json.loads(out)[0]["end"]
    assert end.startswith("TlsError") and words in end


def test_encrypted_key_is_refused(identities: dict[str, Identity]) -> None:
    client = identities["client"]
    locked = serialization.BestAvailableEncryption(b"x")
    key = client.key.private_bytes(PEM, PKCS8, locked)
    with pytest.raises(tls.TlsError, match="no PRIVATE KEY"):
        tls.context(client.cert(), client.cert(), key)
