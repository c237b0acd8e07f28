"""HTTP and FTP against a scripted server that answers what good and bad servers answer."""

import asyncio
from pathlib import Path

import pytest

from firmware.errors import ChargerError
from firmware.net import ftp_transfer, http_transfer
from firmware.net.transfer import decoded, split

FAILURES = (OSError, EOFError, ValueError, ChargerError)
LIMIT = 5000


class Lines:
    """Answers each connection with its next script: what it expects to get, and its answer."""

    def __init__(self, *scripts):
        self.scripts = list(scripts)
        self.got = []

    async def serve(self, reader, writer):
        for wanted, reply in self.scripts.pop(0):
            if wanted:
                self.got.append((await reader.readuntil(wanted)).decode())
            writer.write(reply)
        await writer.drain()
        writer.close()


def moved(module, scripts, path, name="", url="http://%s/image.bin", limit=LIMIT):
    """(what the server got, bytes that moved) of one transfer; `%s` is the server."""

    async def main():
        lines = Lines(*scripts)
        server = await asyncio.start_server(lines.serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        progress = {"limit": limit, "count": 0, "result": None}
        try:
            where = url % f"127.0.0.1:{port}"
            await asyncio.wait_for(module.move(where, None, path, name, progress), 10)
        finally:
            server.close()
        return lines.got, progress["count"]

    return asyncio.run(main())


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "file")


def http(*answers):
    return [[(b"\r\n\r\n", answer)] for answer in answers]


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("http://a.b/c?d=%41", ("http", "", "", "a.b", 80, "/c?d=%41")),
        ("HTTPS://a.b:8443", ("https", "", "", "a.b", 8443, "/")),
        ("ftp://u:p%40x@a.b/d/", ("ftp", "u", "p@x", "a.b", 21, "/d/")),
        ("ftp://u@h@a.b/", ("ftp", "u@h", "", "a.b", 21, "/")),
    ],
)
def test_a_url_is_split(url, parts):
    assert split(url) == parts


@pytest.mark.parametrize(
    "url", ["", "a.b/c", "file:///x", "http://", "http://a:0/", "http://a:99999/", "ftp://a:b/"]
)
def test_what_is_no_url(url):
    with pytest.raises(ValueError):
        split(url)


@pytest.mark.parametrize("text", ["a%0d%0aDELE x", "%00", "%7f", "%", "%4", "%zz", "%ff"])
def test_an_escape_cannot_break_a_line(text):
    with pytest.raises(ValueError):
        decoded(text)


def test_a_file_is_fetched(path):
    content = bytes(range(256)) * 10
    head = b"HTTP/1.1 200 OK\r\nX: y\r\nContent-Length: %d\r\n\r\n" % len(content)
    got, count = moved(http_transfer, http(head + content), path, url="http://u:p@%s/i?a=1")
    assert got[0].startswith("GET /i?a=1 HTTP/1.0\r\n")
    assert "Authorization: Basic dTpw\r\n" in got[0]
    assert Path(path).read_bytes() == content
    assert count == len(content)


def test_a_redirect_is_followed(path):
    moved_to = b"HTTP/1.1 302 Found\r\nLocation: /other\r\n\r\n"
    got, _ = moved(http_transfer, http(moved_to, b"HTTP/1.1 200 OK\r\n\r\nabc"), path)
    assert got[1].startswith("GET /other ")
    assert Path(path).read_bytes() == b"abc"


@pytest.mark.parametrize(
    "answers",
    [
        [b"HTTP/1.1 404 No\r\n\r\n"],
        [b"HTTP/1.1 302 Found\r\nLocation: /again\r\n\r\n"] * 3,
        [b"HTTP/1.1 302 Found\r\nLocation: ftp://a/b\r\n\r\n"],
        [b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort"],
        [b"HTTP/1.1 200 OK\r\nContent-Length: 5001\r\n\r\n"],
        [b"HTTP/1.1 200 OK\r\n\r\n" + bytes(LIMIT + 1)],
        [b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n"],
        [b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 65 + b"\r\n"],
        [b"HTTP/1.1 200 OK\r\nA: " + b"b" * 2000 + b"\r\n\r\n"],
        [b"SSH-2.0-x\r\n"],
        [b"HTTP/1.1\r\n\r\n"],
        [b""],
    ],
)
def test_a_fetch_that_fails(path, answers):
    with pytest.raises((*FAILURES, LookupError)):
        moved(http_transfer, http(*answers), path)


def test_a_put_that_is_not_taken_becomes_a_post(path):
    Path(path).write_bytes(b"report" * 100)
    put = [(b"report" * 100, b"HTTP/1.1 405 No\r\n\r\n")]
    post = [(b"report" * 100, b"HTTP/1.1 201 Created\r\n\r\n")]
    got, _ = moved(http_transfer, [put, post], path, "name.txt", "http://%s/up/", limit=600)
    assert got[0].startswith("PUT /up/name.txt ")
    assert got[1].startswith("POST /up/name.txt ")
    assert "Content-Length: 600\r\n" in got[0]


def test_an_upload_that_is_refused(path):
    Path(path).write_bytes(b"report")
    with pytest.raises(ChargerError, match="403"):
        moved(http_transfer, [[(b"report", b"HTTP/1.1 403 No\r\n\r\n")]], path, "n", limit=6)


@pytest.mark.parametrize(
    "script",
    [
        [(None, b"421 busy\r\n")],
        [(None, b"220 hello\r\n"), (b"\n", b"331 password\r\n"), (b"\n", b"530 no\r\n")],
        [(None, b"220 hello\r\n"), (b"\n", b"230 in\r\n"), (b"\n", b"")],
        [(None, b"220 hello\r\n"), (b"\n", b"230 in\r\n"), (b"\n", b"200 \r\n")]
        + [(b"\n", b"502 no\r\n"), (b"\n", b"227 (1,2,3)\r\n")],
        [(None, b"no FTP at all\r\n" * 60)],
        [(None, b"220-never\r\n" * 60)],
        [(None, b"")],
    ],
)
def test_ftp_that_fails(path, script):
    with pytest.raises(FAILURES):
        moved(ftp_transfer, [script], path, url="ftp://%s/image.bin")
    assert not Path(path).exists()
