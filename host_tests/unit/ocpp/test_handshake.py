"""The opening handshake: URLs, request, answer."""

import base64

import pytest

from host_tests.unit.net.interpreters import ON, run_pure

URLS = {
    "ws://h": [False, "h", 80, "/"],
    "WSS://H.example:8443/a/B": [True, "h.example", 8443, "/a/B"],
    "wss://h/steve/CP%20%2F1?x=1&y=/": [True, "h", 443, "/steve/CP%20%2F1?x=1&y=/"],
    "ws://h?x=1": [False, "h", 80, "/?x=1"],
    "ws://h?x=/y?z": [False, "h", 80, "/?x=/y?z"],
    "ws://10.0.0.1:65535/": [False, "10.0.0.1", 65535, "/"],
    "ws://[::1]:9/x": [False, "::1", 9, "/x"],
    "wss://[fe80::1]": [True, "fe80::1", 443, "/"],
    "http://h/": "error",
    "h": "error",
    "": "error",
    "ws:/h": "error",
    "ws://": "error",
    "ws:///path": "error",
    "ws://:80/": "error",
    "ws://user:secret@h/": "error",
    "ws://h:0/": "error",
    "ws://h:65536/": "error",
    "ws://h:/": "error",
    "ws://h:8x/": "error",
    "ws://h:-1/": "error",
    "ws://::1/": "error",
    "ws://[::1/": "error",
    "ws://[h]/": "error",
    "ws://h/a b": "error",
    "ws://h/a\r\nX: y": "error",
    "ws://h/#f": "error",
    "ws://h/\u00e4": "error",
}


@pytest.mark.parametrize("on", ON)
def test_urls(on: str) -> None:
    got = run_pure(on, [["split_url", url] for url in URLS])
    for (url, expected), result in zip(URLS.items(), got, strict=True):
        assert result == expected, url


def test_password_in_the_url_is_not_repeated() -> None:
    from firmware.ocpp.handshake import HandshakeError, split_url

    with pytest.raises(HandshakeError) as caught:
        split_url("ws://user:secret@h/")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("on", ON)
def test_request(on: str) -> None:
    long = "p" * 200
    plain, port, ipv6, auth, colon = run_pure(
        on,
        [
            ["request", "h", 80, False, "", ""],
            ["request", "h", 80, True, "", ""],
            ["request", "::1", 443, True, "", ""],
            ["request", "h", 80, False, "CP1", long + "\u00e4"],
            ["request", "h", 80, False, "a:b", "c"],
        ],
    )
    assert plain[0] == "GET /p HTTP/1.1"
    assert plain[-2:] == ["", ""] and "" not in plain[:-2]
    assert set(plain[1:-2]) == {
        "Host: h",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: k",
        "Sec-WebSocket-Protocol: ocpp1.6, x",
        "A: b",
    }
    assert port[1] == "Host: h:80"
    assert ipv6[1] == "Host: [::1]"
    secret = base64.b64encode(("CP1:" + long + "\u00e4").encode()).decode()
    assert "Authorization: Basic " + secret in auth
    assert colon == "error"


GOOD = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Accept": "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",  # the example of section 1.3
    "Sec-WebSocket-Protocol": "ocpp1.6",
}


def answer(status: str = "HTTP/1.1 101 Switching Protocols", **changes: str | None) -> bytes:
    """An answer; keyword Some_Header=None leaves that header out."""
    headers = GOOD | {name.replace("_", "-"): value for name, value in changes.items()}
    lines = [status, *(f"{name}: {value}" for name, value in headers.items() if value is not None)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


OK = ["done", b"\x81\x00".hex()]
# name: (bytes of the answer, whether a protocol is required, expected or part of the error)
ANSWERS = {
    "good": (answer(), True, OK),
    "case and lists": (
        answer(Upgrade="WebSocket", Connection="keep-alive, upgrade"),
        True,
        OK,
    ),
    "no reason phrase": (answer("HTTP/1.1 101"), True, OK),
    "names in lower case": (answer().lower().replace(
        b"s3pplmbitxaq9kygzzhzrbk+xoo=", b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=").replace(
        b"http/", b"HTTP/"), True, OK),
    "connection in two lines": (
        answer(Connection="keep-alive")[:-2] + b"Connection: Upgrade\r\n\r\n",
        True,
        OK,
    ),
    "no protocol, none needed": (answer(Sec_WebSocket_Protocol=None), False, OK),
    "no extension": (answer(Sec_WebSocket_Extensions=""), True, OK),
    "no protocol": (answer(Sec_WebSocket_Protocol=None), True, "Sec-WebSocket-Protocol"),
    "other protocol": (answer(Sec_WebSocket_Protocol="ocpp2.0.1"), True, "Sec-WebSocket-Protocol"),
    "protocol not offered": (answer(Sec_WebSocket_Protocol="x"), False, "Sec-WebSocket-Protocol"),
    "two protocols": (answer(Sec_WebSocket_Protocol="ocpp1.6, ocpp1.6"), True, "Protocol"),
    "protocol in other case": (answer(Sec_WebSocket_Protocol="OCPP1.6"), True, "Protocol"),
    "no upgrade": (answer(Upgrade=None), True, "missing Upgrade"),
    "wrong upgrade": (answer(Upgrade="websockets"), True, "missing Upgrade"),
    "no connection": (answer(Connection="keep-alive"), True, "missing Connection"),
    "no accept": (answer(Sec_WebSocket_Accept=None), True, "Sec-WebSocket-Accept"),
    "wrong accept": (answer(Sec_WebSocket_Accept="x" * 28), True, "Sec-WebSocket-Accept"),
    "accept twice": (
        answer()[:-2] + b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
        True,
        "Sec-WebSocket-Accept",
    ),
    "extension": (answer(Sec_WebSocket_Extensions="x"), True, "Extensions"),
    "401": (answer("HTTP/1.1 401 Unauthorized"), True, "401 (password wrong?)"),
    "404": (answer("HTTP/1.1 404 Not Found"), True, "answered 404"),
    "redirect": (answer("HTTP/1.1 302 Found"), True, "answered 302"),
    "200": (answer("HTTP/1.1 200 OK"), True, "answered 200"),
    "HTTP/1.0": (answer("HTTP/1.0 101 x"), True, "not HTTP/1.1"),
    "not HTTP": (b"SSH-2.0-x\r\n\r\n", True, "not HTTP/1.1"),
    "no colon": (answer()[:-2] + b"rubbish\r\n\r\n", True, "malformed"),
    "blank in a name": (answer()[:-2] + b"a : b\r\n\r\n", True, "malformed"),
    "folded line": (answer()[:-2] + b" b: c\r\n\r\n", True, "malformed"),
    "line of 1100 bytes": (answer(X="x" * 1100), True, "too long"),
    "70 lines": (answer(**{f"X_{i}": "y" for i in range(70)}), True, "too long"),
    "5 kB": (answer(**{f"X_{i}": "y" * 500 for i in range(10)})[:-2], True, "too long"),
}  # fmt: skip


@pytest.mark.parametrize("on", ON)
@pytest.mark.parametrize("step", [1, 7, 100000])
def test_answers(on: str, step: int) -> None:
    cases = []
    for data, required, _ in ANSWERS.values():
        data += b"\x81\x00"
        pieces = [data[i : i + step].hex() for i in range(0, len(data), step)]
        if step < 100000 and len(data) > 1000:
            pieces = [data[:1000].hex(), data[1000:].hex()]
        cases.append(["response", ["ocpp1.6"], required, *pieces])
    for (name, (_, _, expected)), result in zip(ANSWERS.items(), run_pure(on, cases), strict=True):
        if expected != OK:
            assert result[0] == "error" and expected in result[1], (name, result)
        elif step == 100000:
            assert result == OK, name
        else:
            assert result[0] == "done", name  # what came after that is not its to take


@pytest.mark.parametrize("on", ON)
def test_an_answer_that_is_not_complete(on: str) -> None:
    assert run_pure(on, [["response", [], True, answer()[:-1].hex()]]) == [["waiting"]]
