"""Command line: `python -m tools.flash` turns a bare ESP32 into a charger."""

import argparse
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from tools import build
from tools.deploy import ports
from tools.deploy.in_use import InUse, refuse_if_charging
from tools.flash import download, partitions
from tools.flash.loader import FAST, Loader, LoaderError
from tools.image.__main__ import key_value
from tools.image.filesystem import ImageError, make
from tools.image.tree import image_tree


class Steps:
    """Says what happens: one line a step, with a bar where there is a terminal."""

    def __init__(self) -> None:
        self.console = Console(highlight=False)

    def say(self, text: str) -> None:
        """A step that is done."""
        self.console.print(f"  {text}", markup=False, soft_wrap=True)

    def bar(self, text: str) -> Progress:
        """A bar of bytes, gone when done."""
        columns = (TextColumn("  {task.description}"), BarColumn(), DownloadColumn())
        return Progress(
            *columns, console=self.console, transient=True, disable=not self.console.is_terminal
        )


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """The options; wrong ones end the program with status 2."""
    parser = argparse.ArgumentParser(prog="python -m tools.flash", description=__doc__)
    add = parser.add_argument
    add("--port", metavar="PORT", help="serial port; the only USB one if left out")
    add("--firmware", type=Path, metavar="FILE", help="MicroPython from a file, no download")
    add("--version", default=download.DEFAULT, help="MicroPython release (%(default)s)")
    add("--sha256", metavar="HEX", help="of the firmware; needed for other releases")
    add("--set", type=key_value, action="append", default=[], metavar="KEY=VALUE",
        help="a setting or OCPP key, taken over at the first start; may be repeated")  # fmt: skip
    add("--baud", type=int, default=FAST, help="while writing (%(default)s)")
    add("--force", action="store_true", help="even if the board is charging")
    add("--repl", action="store_true", help="open the console afterwards")
    return parser.parse_args(arguments)


def firmware(options: argparse.Namespace, steps: Steps) -> bytes:
    """MicroPython, from the file or the network, checked. Raises FirmwareError."""
    if options.firmware:
        data = download.given(options.firmware, options.sha256)
        source = options.firmware.name
    else:
        with steps.bar("downloading") as bar:
            task = bar.add_task("downloading", total=None)
            data = download.release(
                options.version,
                options.sha256,
                lambda done, total: bar.update(task, completed=done, total=total),
            )
        source = f"MicroPython {options.version}, SHA-256 as expected"
    partitions.check_chip(data)
    steps.say(f"{source}: {len(data):,} bytes")
    return data


def flash(options: argparse.Namespace, steps: Steps) -> str:
    """All of it; answers the port. Raises what `main` explains."""
    port = ports.choose(options.port)
    ports.check_free(port)
    micropython = firmware(options, steps)
    tree = image_tree(dict(options.set))
    if options.force:
        steps.say(f"{port}: not asked whether it charges")
    else:
        steps.say(f"{port}: {refuse_if_charging(port)}")
    loader = Loader(port)
    try:
        steps.say(f"ESP32 {loader.mac}, {loader.flash_size >> 20} MB of flash")
        room = partitions.room(micropython, loader.flash_size)
        image = make(tree, room.blocks)
        if options.baud != 115200:
            loader.faster(options.baud)
        began = time.monotonic()
        with steps.console.status("  erasing, up to a minute"):
            loader.erase()
        steps.say(f"erased in {time.monotonic() - began:.0f} s")
        parts = ((partitions.FIRMWARE_OFFSET, micropython, "MicroPython"),
                 (room.offset, image, f"file system, {len(tree)} files"))  # fmt: skip
        for offset, data, name in parts:
            _write(loader, offset, data, name, steps)
        loader.start()
    finally:
        loader.close()
    return port


def _write(loader: Loader, offset: int, data: bytes, name: str, steps: Steps) -> None:
    with steps.bar(name) as bar:
        task = bar.add_task(f"writing {name}", total=len(data))
        loader.write(
            offset,
            data,
            # It counts compressed bytes.
            lambda done, total: bar.update(task, completed=len(data) * done // total),
        )
    steps.say(f"{offset:#08x} {name}: {len(data):,} bytes written and verified")


def main(arguments: list[str] | None = None) -> int:
    """Flash. 1 with what to do when it does not work."""
    options = parse(arguments)
    steps = Steps()
    try:
        port = flash(options, steps)
    except (InUse, ports.PortError, partitions.FirmwareError, LoaderError, ImageError) as error:
        print(f"Not flashed: {str(error).rstrip('.')}.", file=sys.stderr)
        return 1
    except build.BuildError as error:
        print(f"Not flashed: the firmware could not be built. {error}", file=sys.stderr)
        return 1
    print(f"Done. The charger starts now; its console: make repl PORT={port}")
    if options.repl:
        from tools.deploy import __main__ as deploy

        return deploy.main(["repl", "--port", port])
    return 0


if __name__ == "__main__":
    sys.exit(main())
