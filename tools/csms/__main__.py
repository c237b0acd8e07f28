"""Runs the central system alone: `python -m tools.csms`.

Commands come from the keyboard and from the port of `--control`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sqlite3
import sys
from pathlib import Path

from tools.csms.central_system import PATH, CentralSystem
from tools.csms.commands import Commands, ControlPort
from tools.csms.console import Console, keyboard
from tools.csms.store import Store
from tools.csms.web import Page

DEFAULT_DB = Path(__file__).resolve().parents[2] / ".bench" / "csms.sqlite"


def arguments(words: list[str] | None = None) -> argparse.Namespace:
    """The command line, checked; wrong flags end the process with status 2."""
    parser = argparse.ArgumentParser(prog="python -m tools.csms", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument(
        "--port", type=port_number, default=9000, help="port, 0 = any (%(default)s)"
    )
    parser.add_argument("--db", default=str(DEFAULT_DB), help="SQLite file (.bench/csms.sqlite)")
    parser.add_argument(
        "--auth",
        action="append",
        default=[],
        type=credentials,
        metavar="ID:PASSWORD",
        help="let in only this charger, with this Basic auth password; may be repeated",
    )
    parser.add_argument("--control", type=port_number, metavar="PORT", help="commands over TCP")
    parser.add_argument(
        "--page",
        type=page_address,
        metavar="[HOST:]PORT",
        help="a page to watch and drive the chargers, without a password: HOST is 127.0.0.1",
    )
    parser.add_argument("--quiet", action="store_true", help="do not print the conversation")
    return parser.parse_args(words)


def port_number(text: str) -> int:
    """A TCP port, 0 to 65535; ValueError otherwise, which argparse reports."""
    if not 0 <= int(text) <= 65535:
        raise ValueError(text)
    return int(text)


def page_address(text: str) -> tuple[str, int]:
    """[HOST:]PORT taken apart at the last colon; ValueError when that is no port."""
    host, _, port = text.rpartition(":")
    return host.strip("[]") or "127.0.0.1", port_number(port)


def credentials(text: str) -> tuple[str, str]:
    """ID:PASSWORD taken apart at the first colon."""
    charge_box_id, colon, password = text.partition(":")
    if not (charge_box_id and colon):
        raise argparse.ArgumentTypeError("must be ID:PASSWORD")
    return charge_box_id, password


async def run(options: argparse.Namespace) -> int:
    """Serve until a signal, or `quit` on a terminal; the result is the exit status."""
    console = Console()
    try:
        store = Store(options.db)
    except (sqlite3.Error, OSError) as error:
        print(f"cannot open the database {options.db}: {error}", file=sys.stderr)
        return 1
    central = CentralSystem(store, dict(options.auth))
    commands = Commands(central)
    control = ControlPort(commands.execute)
    page: Page | None = None
    if not options.quiet:
        central.subscribe(console.show)
    try:
        port = await central.start(options.host, options.port)
        console.line(f"central system on ws://{options.host}:{port}{PATH}", "bold")
        if options.control is not None:
            console.line(f"control port on 127.0.0.1:{await control.start(options.control)}")
        if options.page:
            page = Page(central)
            console.line(f"page on {await page.start(*options.page)}", "bold")
        await _until_the_end(console, commands)
    except OSError as error:
        print(f"cannot listen: {error}", file=sys.stderr)
        return 1
    except sqlite3.Error as error:
        print(f"cannot read the database {options.db}: {error}", file=sys.stderr)
        return 1
    finally:
        if page:
            await page.stop()
        await control.stop()
        await central.stop()
        store.close()
    return 0


async def _until_the_end(console: Console, commands: Commands) -> None:
    """Return on SIGINT, SIGTERM, or `quit` or Ctrl-D on a terminal."""
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    if not (sys.stdin.isatty() and console.terminal):
        await ended.wait()
        return

    async def handle(line: str) -> bool:
        if line == "help":
            console.line(commands.help() + "\n  quit")
        elif line and line != "quit":
            console.line(json.dumps(await commands.execute(line)))
        else:
            console.line("", "")
        return line != "quit"

    console.line("type `help` for the commands, `quit` to end")
    console.prompt = "csms> "
    typing = asyncio.ensure_future(keyboard(handle))
    ending = asyncio.ensure_future(ended.wait())
    await asyncio.wait({typing, ending}, return_when=asyncio.FIRST_COMPLETED)
    typing.cancel()
    ending.cancel()
    console.prompt = ""


if __name__ == "__main__":
    raise SystemExit(asyncio.run(run(arguments())))
