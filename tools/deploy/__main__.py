"""Command line: `python -m tools.deploy [code|repl|logs|backup|restore] --port PORT`."""

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import serial
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from tools import build, where
from tools.deploy import code, data, log, ports
from tools.deploy.board import Board, BoardError
from tools.deploy.in_use import InUse, refuse_if_charging
from tools.image.filesystem import ImageError
from tools.image.tree import image_tree
from tools.update_layout import SLOT_FILE

BACKUPS = build.ROOT / "backups"


def say(text: str) -> None:
    """A step that is done."""
    print(f"  {text}", flush=True)


class Bar:
    """`with Bar("writing", bytes) as more: more(n)`, shown where there is a terminal."""

    def __init__(self, text: str, total: int) -> None:
        console = Console()
        columns = (TextColumn("  {task.description}"), BarColumn(), DownloadColumn())
        self._bar = Progress(
            *columns, console=console, transient=True, disable=not console.is_terminal
        )
        self._task = self._bar.add_task(text, total=total)

    def __enter__(self) -> Callable[[int], None]:
        self._bar.start()
        return lambda more: self._bar.advance(self._task, more)

    def __exit__(self, *_: object) -> None:
        self._bar.stop()


def _code(port: str, options: argparse.Namespace) -> None:
    tree = image_tree()
    with Board(port) as board:
        present = board.files()
        todo = code.plan(present, tree, board.read(SLOT_FILE) if SLOT_FILE in present else None)
        if todo.ordered and not options.force:
            board.reset()
            raise BoardError(
                "an update that the server has ordered is about to be installed: it is now. Try "
                "again in some minutes; FORCE=1 drops it"
            )
        with Bar("sending", todo.size) as more:
            code.deploy(board, present, todo, more)
        board.reset()
    _tell(todo)


def _tell(done: code.Plan) -> None:
    """What has been done, and what comes now."""
    if done.fixed:
        say("replaced, without a way back: " + ", ".join(name[1:] for name in done.fixed))
    if done.there:
        say("the code on the board is this one already; the charger starts again")
        return
    sent = len(done.sent) + len(done.fixed)
    say(
        f"{sent} files sent, {done.size:,} bytes; {len(done.copied)} copied on the board; "
        f"{len(done.stale)} deleted; data untouched"
    )
    if done.back:
        say(
            f"the charger starts from slot {done.slot} on trial: should it not come up, or not "
            f"reach its server in time, slot {done.back} runs again (docs/updates.md)"
        )
    else:
        say(f"the charger starts from slot {done.slot}; there is no other to fall back to")


def _backup(port: str, options: argparse.Namespace) -> None:
    name = time.strftime("rivot-%Y%m%d-%H%M%S.zip")
    target = options.file or BACKUPS / name
    with Board(port) as board:
        present = board.files()
        size = sum(fact.size for fact in data.data_files(present).values())
        with Bar("reading", size) as more:
            count = data.backup(board, present, target, more)
        board.reset()
    say(f"{count} files, {size:,} bytes in {target}")
    say("it holds passwords and keys: keep it safe. The charger starts again")


def _restore(port: str, options: argparse.Namespace) -> None:
    if not options.file:
        raise BoardError("which backup? FILE=backups/rivot-....zip")
    content = data.read(options.file)
    with Board(port) as board:
        present = board.files()
        own = data.data_files(present)
        if own.keys() - {"/set.json"} and not options.force:
            board.reset()
            raise BoardError(
                f"the board has data of its own ({len(own)} files), with messages that its server "
                "may not have yet. make backup first; FORCE=1 replaces it"
            )
        with Bar("sending", sum(map(len, content.values()))) as more:
            data.restore(board, present, content, more)
        board.reset()
    say(f"{len(content)} files restored. The charger starts again")


def _repl(port: str, options: argparse.Namespace) -> None:
    say("Ctrl-C stops the charger and gives a prompt; Ctrl-] leaves this console")
    words = [sys.executable, "-m", "mpremote", "connect", port, "resume", "repl"]
    status = subprocess.call(words)
    if status:
        raise BoardError(f"the console ended with status {status}")


def _logs(port: str, options: argparse.Namespace) -> None:
    """The stored log, then what the charger prints, with the sources' places in tracebacks."""
    lines = where.Map().translated(log.lines(port, say, stored=not options.live))
    try:
        for line in lines:
            print(line, end="", flush=True)
    except KeyboardInterrupt:
        print()


_ACTIONS = {"code": _code, "repl": _repl, "logs": _logs, "backup": _backup, "restore": _restore}
_INTERRUPT = ("code", "backup", "restore")


def main(arguments: list[str] | None = None) -> int:
    """Do one of them. 1 with what to do when it does not work."""
    parser = argparse.ArgumentParser(prog="python -m tools.deploy", description=__doc__)
    add = parser.add_argument
    add("action", nargs="?", choices=tuple(_ACTIONS), default="code")
    add("--port", metavar="PORT", help="serial port; the only USB one if left out")
    add("--file", type=Path, metavar="FILE", help="backup, restore: the archive")
    add("--live", action="store_true", help="logs: only what is printed from now on")
    add("--force", action="store_true", help="even if it is charging; restore: over its data")
    options = parser.parse_args(arguments)
    try:
        port = ports.choose(options.port)
        ports.check_free(port)
        if options.action in _INTERRUPT and not options.force:
            say(f"{port}: {refuse_if_charging(port)}")
        _ACTIONS[options.action](port, options)
    except (InUse, ports.PortError, BoardError, serial.SerialException) as error:
        print(f"Not done: {str(error).rstrip('.')}.", file=sys.stderr)
        return 1
    except (build.BuildError, ImageError) as error:
        print(f"Not done: the firmware could not be built. {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
