"""tools.csms.console: readable lines, colour codes on a terminal only."""

import asyncio
import io
import os
from datetime import UTC, datetime

import pytest

from tools.csms import schema
from tools.csms.console import Console, keyboard
from tools.csms.events import Event

AT = datetime(2026, 1, 21, 9, 51, 6, 209_000, UTC)
HEAD = "09:51:06.209 RIVOT_100A_01 "


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        return True


def shown(kind, data, stream=None, prompt=""):
    stream = stream or io.StringIO()
    Console(stream, prompt).show(Event(kind, "RIVOT_100A_01", AT, data))
    return stream.getvalue()


def message(raw, direction="in", action=""):
    frame = schema.read(raw, lambda _: action)
    return {"direction": direction, **frame.__dict__}


@pytest.mark.parametrize(
    ("kind", "data", "line"),
    [
        ("connected", {"address": "127.0.0.1:5"}, "connected from 127.0.0.1:5"),
        (
            "disconnected",
            {"code": 1001, "reason": "bye", "replaced": False},
            "disconnected (1001) bye",
        ),
        ("refused", {"status": 404, "why": "the path"}, "refused: the path"),
        ("message", message('[2,"a","Heartbeat",{}]'), "→ Heartbeat {}"),
        ("message", message('[3,"a",{}]', "in", "ClearCache"), None),
        (
            "message",
            message('[4,"a","NotImplemented","no",{}]', "out", "Reset"),
            '← Reset ERROR {"code":"NotImplemented","description":"no","details":{}}',
        ),
        (
            "message",
            message('[3,"a",{"status":"Accepted"}]', "out", "ClearCache"),
            '← ClearCache answer {"status":"Accepted"}',
        ),
        (
            "message",
            message("{"),
            "→ ? {\n    ! not JSON: Expecting property name enclosed in double"
            " quotes: line 1 column 2 (char 1)",
        ),
    ],
)
def test_plain_lines(kind, data, line):
    text = shown(kind, data)
    if line is None:
        assert "\n    ! 'status' is a required property" in text
    else:
        assert text == HEAD + line + "\n"


def test_meter_values_are_listed_by_name():
    raw = (
        '[2,"a","MeterValues",{"connectorId":1,"transactionId":130,"meterValue":[{"timestamp":"T",'
        '"sampledValue":[{"value":"142.00","measurand":"Power.Active.Import","unit":"W"},'
        '{"value":"3"}]}]}]'
    )
    assert shown("message", message(raw)) == (
        HEAD + "→ MeterValues connector 1 tx 130: T Power.Active.Import 142.00 W, "
        "Energy.Active.Import.Register 3 Wh\n"
    )


def test_no_colour_and_no_prompt_without_a_terminal():
    assert "\x1b" not in shown("message", message("{"), prompt="> ")


def test_colour_and_the_prompt_on_a_terminal():
    text = shown("message", message('[2,"a","BootNotification",{}]'), Terminal(), prompt="> ")
    assert "\x1b[1;34mBootNotification" in text
    assert text.endswith("\n> ")


@pytest.mark.parametrize("stream", [io.StringIO(), Terminal()])
def test_a_peer_cannot_send_escape_codes_to_the_terminal(stream):
    text = shown("message", message('\x1b]0;evil\x07[2,"a","He\x1b[31m",{}]'), stream)
    assert "\x1b]0;" not in text and "\x07" not in text and "\x1b[31m" not in text


def test_a_long_payload_is_cut():
    text = shown("message", message("x" * 5000))
    assert "(5000 characters)" in text and len(text) < 1300


def test_characters_the_stream_cannot_show_are_replaced():
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    Console(stream).show(Event("message", "X", AT, message('[2,"a","Heartbeat",{}]')))
    assert stream.buffer.getvalue().endswith(b"X ? Heartbeat {}\n")


def test_what_events_only_repeat_is_not_printed():
    assert shown("vehicle_info", {"soc": 87.0}) == ""


def typed(text, until=None):
    """The lines that `keyboard` hands on when `text` is typed and then Ctrl-D."""
    lines = []

    async def handle(line):
        lines.append(line)
        return line != until

    reading, writing = os.pipe()
    os.write(writing, text)
    os.close(writing)
    with os.fdopen(reading) as stream:
        asyncio.run(asyncio.wait_for(keyboard(handle, stream), 5))
    return lines


def test_the_keyboard_gives_lines_and_ends():
    assert typed(b"list\n  start TAG \nunfinished") == ["list", "start TAG"]
    assert typed(b"quit\nlist\n", until="quit") == ["quit"]
    assert typed(b"") == []
