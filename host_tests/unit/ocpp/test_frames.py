"""Frames against RFC 6455: one table, on every interpreter, whole and byte by byte."""

import pytest
from websockets.frames import Frame, Opcode
from websockets.streams import StreamReader

from firmware.ocpp import frames
from host_tests.unit.net.interpreters import ON, run_pure

LIMIT = 1000
X = "78"


def frame(first: int, payload: bytes = b"", long: str = "") -> str:
    """An unmasked frame as hex; `long` replaces the length byte(s)."""
    size = len(payload)
    length = f"{size:02x}" if size < 126 else f"7e{size:04x}"
    return f"{first:02x}{long or length}{payload.hex()}"


def error(code: int) -> list:
    return ["error", code]


TABLE = {
    "text": (frame(0x81, b"abc"), [["text", "abc"]]),
    "empty text": (frame(0x81), [["text", ""]]),
    "binary": (frame(0x82, b"\0\xff"), [["binary", "00ff"]]),
    "empty binary": (frame(0x82), [["binary", ""]]),
    "two frames": (frame(0x81, b"a") + frame(0x81, b"b"), [["text", "a"], ["text", "b"]]),
    "125 bytes": (frame(0x81, b"x" * 125), [["text", "x" * 125]]),
    "126 bytes": (frame(0x81, b"x" * 126), [["text", "x" * 126]]),
    "at the limit": (frame(0x81, b"x" * LIMIT), [["text", "x" * LIMIT]]),
    "fragments": (
        frame(0x01, b"a") + frame(0x00, b"b") + frame(0x80, b"c"),
        [["text", "abc"]],
    ),
    "empty fragments": (
        frame(0x01) + frame(0x00) + frame(0x80, b"z") + frame(0x01) + frame(0x80),
        [["text", "z"], ["text", ""]],
    ),
    "binary fragments": (frame(0x02, b"\xff") + frame(0x80, b"\xfe"), [["binary", "fffe"]]),
    "ping and pong between fragments": (
        frame(0x01, b"a") + frame(0x89, b"P") + frame(0x8A) + frame(0x80, b"b"),
        [["ping", "50"], ["pong", ""], ["text", "ab"]],
    ),
    "longest ping": (frame(0x89, b"p" * 125), [["ping", "70" * 125]]),
    "character cut by a fragment": (
        frame(0x01, b"\xf0\x9f") + frame(0x89) + frame(0x80, b"\x98\x80"),
        [["ping", ""], ["text", "\U0001f600"]],
    ),
    "many fragments": (
        frame(0x01, b"ab") + frame(0x00, b"ab") * 400 + frame(0x80, b"cd"),
        [["text", "ab" * 401 + "cd"]],
    ),
    "close": (frame(0x88, b"\x03\xe8bye"), [["close", 1000, "bye"]]),
    "empty close": (frame(0x88), [["close", 1005, ""]]),
    "after a message, an error": (frame(0x81, b"a") + "f100", [["text", "a"], error(1002)]),
    "rsv1": (frame(0xC1), [error(1002)]),
    "rsv2": (frame(0xA1), [error(1002)]),
    "rsv3 on a ping": (frame(0x99), [error(1002)]),
    "masked": ("818100000000" + X, [error(1002)]),
    "ping fragmented": (frame(0x09), [error(1002)]),
    "ping too long": (frame(0x89, b"p" * 126), [error(1002)]),
    "continuation of nothing": (frame(0x80, b"a"), [error(1002)]),
    "continuation after the end": (frame(0x81, b"a") + frame(0x00), [["text", "a"], error(1002)]),
    "text inside a message": (frame(0x01, b"a") + frame(0x81, b"b"), [error(1002)]),
    "binary inside a message": (frame(0x01, b"a") + frame(0x02, b"b"), [error(1002)]),
    "16 bit length too short": (frame(0x81, b"", "7e007d"), [error(1002)]),
    "64 bit length too short": (frame(0x81, b"", "7f000000000000ffff"), [error(1002)]),
    "64 bit length, top bit": (frame(0x81, b"", "7f8000000000000000"), [error(1002)]),
    "64 bit length refused at once": (frame(0x82, b"", "7f7fffffffffffffff"), [error(1009)]),
    "over the limit": (frame(0x81, b"", "7e03e9"), [error(1009)]),
    "over the limit in fragments": (
        frame(0x01, b"x" * 999) + frame(0x80, b"", "02"),
        [error(1009)],
    ),
    "text not UTF-8": (frame(0x81, b"a\xffb"), [error(1007)]),
    "surrogate": (frame(0x81, b"\xed\xa0\x80"), [error(1007)]),
    "text ends inside a character": (frame(0x81, b"a\xc3"), [error(1007)]),
    "message ends inside a character": (frame(0x01, b"\xe2\x82") + frame(0x80), [error(1007)]),
    "wrong before the message ends": (frame(0x01, b"", "7e0300") + "f8", [error(1007)]),
    "close of one byte": (frame(0x88, b"\x03"), [error(1002)]),
    "close reason not UTF-8": (frame(0x88, b"\x03\xe8\xc3"), [error(1007)]),
}
for _opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15):
    TABLE[f"opcode {_opcode}"] = (frame(0x80 | _opcode), [error(1002)])
for _code in (0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535):
    TABLE[f"close code {_code}"] = (frame(0x88, _code.to_bytes(2, "big")), [error(1002)])
for _code in (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1014, 3000, 4999):
    TABLE[f"close code {_code}"] = (
        frame(0x88, _code.to_bytes(2, "big")),
        [["close", _code, ""]],
    )


@pytest.mark.parametrize("on", ON)
def test_table(on: str) -> None:
    cases = [["parse", LIMIT, data] for data, _ in TABLE.values()]
    cases += [["drip", LIMIT, data] for data, _ in TABLE.values()]
    got = run_pure(on, cases)
    names = [*TABLE, *(name + ", byte by byte" for name in TABLE)]
    expected = [events for _, events in TABLE.values()] * 2
    for name, result, events in zip(names, got, expected, strict=True):
        assert result == events, name


@pytest.mark.parametrize("on", ON)
def test_encode(on: str) -> None:
    sizes = (0, 1, 4, 125, 126, 511, 512, 513, 1027, 65535, 65536)
    got = run_pure(on, [["encode", 2, size, "a1b2c3d4"] for size in sizes])
    for size, frame_hex in zip(sizes, got, strict=True):
        data = bytes.fromhex(frame_hex)
        assert data[1] & 0x80
        decoded = decode(data)
        assert decoded.opcode is Opcode.BINARY and decoded.fin
        assert decoded.data == bytes(i * 7 & 255 for i in range(size))


def decode(data: bytes) -> Frame:
    """By another implementation, which also demands the shortest length and the mask."""
    reader = StreamReader()
    reader.feed_data(data)
    parsing = Frame.parse(reader.read_exact, mask=True, max_size=1 << 20)
    try:
        next(parsing)
    except StopIteration as done:
        assert reader.at_eof is not None and not reader.buffer
        return done.value
    raise AssertionError("frame not complete")


@pytest.mark.parametrize("on", ON)
def test_encode_close(on: str) -> None:
    cases = [(1000, ""), (3001, "bye"), (1005, "unused"), (1001, "\U0001f600" * 40)]
    got = run_pure(on, [["encode_close", code, reason] for code, reason in cases])
    assert got[0] == "8882" + "00000000" + "03e8"
    assert got[1] == "8885" + "00000000" + "0bb9" + b"bye".hex()
    assert got[2] == "8880" + "00000000"
    assert decode(bytes.fromhex(got[3])).data[2:].decode() == "\U0001f600" * 30


def test_feed_before_everything_is_used() -> None:
    parser = frames.FrameParser()
    parser.feed(b"\x81\x01a\x81")
    parser.feed(b"\x01b")
    assert parser.next_event() == ("text", "a")
    assert parser.next_event() == ("text", "b")
    assert parser.next_event() is None


def test_memory_is_taken_only_for_what_is_allowed() -> None:
    parser = frames.FrameParser(64)
    parser.feed(bytes.fromhex("8140") + b"x" * 64)
    assert parser.next_event() == ("text", "x" * 64)
    parser.feed(bytes.fromhex("8141"))
    with pytest.raises(frames.FrameError, match="64 bytes") as caught:
        parser.next_event()
    assert caught.value.code == 1009
