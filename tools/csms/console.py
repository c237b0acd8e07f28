"""Shows the conversation as it happens, and reads commands from the keyboard.

Colours and a prompt only on a terminal; elsewhere plain lines. Knows events, not the server.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable
from typing import Any, TextIO

from rich.console import Console as RichConsole
from rich.text import Text

from tools.csms import schema
from tools.csms.events import Event

_MAX_PAYLOAD = 1000
_MAX_LINE = 65536
_STYLES = {
    "BootNotification": "bold blue",
    "StatusNotification": "magenta",
    "MeterValues": "green",
    "DataTransfer": "bold cyan",
    "StartTransaction": "bold yellow",
    "StopTransaction": "bold yellow",
    "Heartbeat": "dim",
}


class Console:
    """Prints lines and events on one stream."""

    def __init__(self, stream: TextIO | None = None, prompt: str = "") -> None:
        self.stream = stream or sys.stdout
        self.terminal = self.stream.isatty()
        self.prompt = prompt
        self._rich = RichConsole(
            file=self.stream, highlight=False, soft_wrap=True, no_color=not self.terminal
        )

    def line(self, text: str = "", style: str = "") -> None:
        """One line of plain text, styled on a terminal."""
        self._print(Text(text, style if self.terminal else ""))

    def show(self, event: Event) -> None:
        """Print what is news to a reader; events that only repeat a message are not."""
        if event.kind == "message":
            self._message(event)
        elif event.kind == "connected":
            self._note(event, f"connected from {event.data['address']}", "bold green")
        elif event.kind == "disconnected":
            code, reason = event.data["code"], event.data["reason"]
            self._note(event, f"disconnected ({code}) {reason}".rstrip(), "bold yellow")
        elif event.kind == "refused":
            self._note(event, "refused: " + event.data["why"], "bold red")
        elif event.kind == "problem":
            self._note(event, "! " + event.data["what"], "bold red")

    def _note(self, event: Event, text: str, style: str) -> None:
        self._print(Text.assemble(_head(event), (text, style)))

    def _message(self, event: Event) -> None:
        data = event.data
        style = _STYLES.get(data["action"], "")
        arrow = "→" if data["direction"] == "in" else "←"  # the charger stands on the left
        name = data["action"] or "?"
        if data["type"] == schema.RESULT:
            name, style = name + " answer", "dim"
        elif data["type"] == schema.ERROR:
            name, style = name + " ERROR", "bold red"
        text = Text.assemble(
            _head(event),
            f"{arrow} ",
            (name, style),
            " ",
            (_compact(data), "dim" if style == "dim" else ""),
        )
        if data["problem"]:
            text.append(f"\n    ! {data['problem']}", "bold red")
        self._print(text)

    def _print(self, text: Text) -> None:
        if not self.terminal:
            self._write(text.plain + "\n")
            return
        if self.prompt:
            self._write("\r\x1b[K")
        self._rich.print(text)
        if self.prompt:
            self._write(self.prompt)

    def _write(self, text: str) -> None:
        encoding = self.stream.encoding or "utf-8"
        self.stream.write(text.encode(encoding, "replace").decode(encoding))
        self.stream.flush()


def _head(event: Event) -> str:
    return f"{event.at:%H:%M:%S}.{event.at.microsecond // 1000:03d} {event.charge_box_id} "


def _compact(data: dict[str, Any]) -> str:
    """The payload on one line: measured values by name, the rest as JSON."""
    payload = data["payload"]
    if not data["type"] or payload is None:
        text = data["raw"]
    elif data["type"] == schema.CALL and data["action"] == "MeterValues" and not data["problem"]:
        text = _meter_values(payload)
    else:
        text = json.dumps(payload, separators=(",", ":"))
    text = "".join(character if character.isprintable() else "·" for character in text)
    return (
        text if len(text) <= _MAX_PAYLOAD else f"{text[:_MAX_PAYLOAD]}… ({len(text)} characters)"
    )


def _meter_values(payload: dict[str, Any]) -> str:
    groups = []
    for group in payload["meterValue"]:
        samples = ", ".join(
            f"{sample.get('measurand', 'Energy.Active.Import.Register')} {sample['value']}"
            f" {sample.get('unit', 'Wh')}"
            for sample in group["sampledValue"]
        )
        groups.append(f"{group['timestamp']} {samples}")
    return f"connector {payload['connectorId']} tx {payload.get('transactionId')}: " + "; ".join(
        groups
    )


async def keyboard(handle: Callable[[str], Awaitable[bool]], stream: TextIO | None = None) -> None:
    """Hand each typed line to `handle` until it answers False or the keyboard ends (Ctrl-D)."""
    source = (stream or sys.stdin).fileno()
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[str | None] = asyncio.Queue(maxsize=100)
    pending = bytearray()

    def readable() -> None:
        try:
            chunk = os.read(source, 4096)
        except OSError:  # the terminal is gone
            chunk = b""
        pending.extend(chunk)
        while b"\n" in pending and not lines.full():
            line, _, rest = bytes(pending).partition(b"\n")
            pending[:] = rest
            lines.put_nowait(line.decode("utf-8", "replace").strip())
        if not chunk or len(pending) > _MAX_LINE:
            loop.remove_reader(source)
            loop.create_task(lines.put(None))

    loop.add_reader(source, readable)
    try:
        while (line := await lines.get()) is not None:
            if not await handle(line):
                return
    finally:
        loop.remove_reader(source)
