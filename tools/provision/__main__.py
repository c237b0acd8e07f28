"""Command line: `python -m tools.provision boards.csv` sets up the boards of a table.

Every row is checked before anything is written. A board takes its values over at its next start,
in one step. Passwords are never shown.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Callable
from pathlib import Path

import serial
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from tools import build
from tools.deploy import ports
from tools.deploy.board import Board, BoardError, Fact
from tools.deploy.in_use import InUse, refuse_if_charging
from tools.image.filesystem import BLOCKS, ImageError, make
from tools.image.tree import image_tree
from tools.provision.rows import Row, TableError, read

_WISHES = "/set.json"
_FRESH = _WISHES + ".new"


def say(text: str) -> None:
    """A step that is done."""
    print(f"  {text}", flush=True)


def _content(row: Row) -> bytes:
    return json.dumps(row.values, sort_keys=True).encode()


def send(port: str, row: Row) -> None:
    """Put a row's values on the board, whole or not at all, and start it again."""
    content = _content(row)
    with Board(port) as board:
        try:
            board.write(_FRESH, content)
            board.check(_FRESH, Fact(hashlib.sha256(content).hexdigest(), len(content)))
            board.move([(_FRESH, _WISHES)])
        finally:  # whatever happened, the charger must not stay at the prompt
            board.reset()


def to_images(rows: list[Row], folder: Path) -> None:
    """One flash image for each row, with its values inside."""
    code = image_tree()
    folder.mkdir(parents=True, exist_ok=True)
    with _progress() as bar:
        task = bar.add_task("images", total=len(rows))
        for row in rows:
            target = folder / f"{row.name}.img"
            target.write_bytes(make({**code, _WISHES: _content(row)}, BLOCKS))
            say(f"line {row.line}: {row.name}: {target}")
            bar.advance(task)


def to_boards(rows: list[Row], given: str | None, force: bool, ask: Callable[[str], str]) -> None:
    """One board after the other; `ask` waits for a person to plug in the next one."""
    with _progress() as bar:
        task = bar.add_task("boards", total=len(rows))
        for number, row in enumerate(rows):
            if number and not row.port:
                bar.stop()
                ask(f"  plug in the board for {row.name} (line {row.line}), then Enter ")
                bar.start()
            try:
                port = ports.choose(row.port or given)
                ports.check_free(port)
                if not force:
                    refuse_if_charging(port)
                send(port, row)
            except (InUse, ports.PortError, BoardError, serial.SerialException) as error:
                done = f"{number} of {len(rows)} boards are done"
                raise BoardError(f"line {row.line}: {row.name}: {error}. {done}; "
                                 f"go on with ARGS='--from {row.name}'") from error  # fmt: skip
            say(f"line {row.line}: {row.name} on {port}: {len(row.values)} values, restarting")
            bar.advance(task)


def _progress() -> Progress:
    console = Console()
    columns = (TextColumn("  {task.description}"), BarColumn(), MofNCompleteColumn())
    return Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal,
        redirect_stdout=console.is_terminal,
    )  # fmt: skip


def _from(rows: list[Row], name: str | None) -> list[Row]:
    names = [row.name for row in rows]
    if name is None:
        return rows
    if name not in names:
        raise TableError(f"there is no row for {name}")
    return rows[names.index(name) :]


def main(arguments: list[str] | None = None) -> int:
    """Check the table, then write. 1 with what to do when something is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tools.provision", description=__doc__)
    add = parser.add_argument
    add("file", nargs="?", type=Path, metavar="FILE", help="the table, CSV (docs/provisioning.md)")
    add("--port", metavar="PORT", help="serial port of rows without one; the only USB one if left")
    add("--force", action="store_true", help="even if the board is charging")
    add("--check", action="store_true", help="check the table and write nothing")
    add("--images", type=Path, metavar="FOLDER", help="write a flash image a row, no board")
    add("--from", dest="first", metavar="ID", help="begin at the row of this charge box id")
    given = parser.parse_args(arguments)
    if given.file is None:
        parser.error("which table? make provision FILE=boards.csv")
    try:
        rows = _from(read(given.file), given.first)
        say(f"{given.file}: {len(rows)} rows, all good")
        if given.check:
            return 0
        if given.images:
            to_images(rows, given.images)
            return 0
        alone = [row for row in rows[1:] if not row.port]
        if alone and not sys.stdin.isatty():
            raise TableError(
                f"line {alone[0].line}: no port: add the column `port`, or call it from a terminal"
            )
        to_boards(rows, given.port, given.force, input)
    except (TableError, OSError) as error:
        print(f"{given.file}: nothing was written:", file=sys.stderr)
        print(error, file=sys.stderr)
        return 1
    except (BoardError, build.BuildError, ImageError) as error:
        print(f"Not done: {error}.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
