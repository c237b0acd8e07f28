"""Command line of the virtual charger: `python -m tools.sim --help`."""

import argparse
import os
import re
import sys
from pathlib import Path

from tools.sim.control import HELP
from tools.sim.runner import POWER_LOST, Options, Runner

_CSMS = "ws://127.0.0.1:9000/steve/websocket/CentralSystemService"


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError("a port is 0 to 65535")
    return port


def _setting(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise argparse.ArgumentTypeError("KEY=VALUE wanted")
    return key, value


def _heap(text: str) -> str:
    if not re.fullmatch(r"[1-9]\d*[kKmM]?", text):
        raise argparse.ArgumentTypeError("bytes wanted, like 112k")
    return text.lower()


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("1 or more wanted")
    return number


def parse(arguments: list[str] | None = None) -> Options:
    """Options from the command line; wrong ones end the program with status 2."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.sim",
        description="A whole charger on this PC: the real firmware on a virtual ESP32, with power "
        "module, vehicle and battery.",
        epilog="Commands, from the keyboard or the control port (one a line, a JSON object "
        "back):\n" + HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--csms", metavar="URL", default=_CSMS, help="base URL, the id is appended (%(default)s)")
    add("--id", metavar="ID", default="RIVOT_100A_01", help="charge box id (%(default)s)")
    add("--on", choices=("micropython", "micropython32", "cpython"), default="micropython",
        help="interpreter that the firmware runs on (%(default)s)")  # fmt: skip
    add("--heap", metavar="BYTES", type=_heap, help="MicroPython's heap, like 112k")
    add("--flash", metavar="FILE", type=Path,
        help="the chip's file system: a littlefs2 image (a folder on cpython), created if "
        "missing, kept; without it: a new one, not kept")  # fmt: skip
    add("--control", metavar="PORT", type=_port, help="take commands on this port of 127.0.0.1")
    add("--web", metavar="PORT", type=_port,
        help="127.0.0.1:PORT leads to the charger's own web page, 0: a free one")  # fmt: skip
    add("--set", metavar="KEY=VALUE", type=_setting, action="append", default=[],
        help="a setting or OCPP key, taken over at boot; may be repeated")  # fmt: skip
    add(
        "--cut",
        metavar="N",
        type=_count,
        help="power dies at the N-th flash program or erase, which is torn; exit status 137",
    )
    add(
        "--erase-ms", metavar="MS", type=int, default=0,
        help="how long the flash takes to erase a block, about 45 on a chip (%(default)s)",
    )  # fmt: skip
    given = parser.parse_args(arguments)
    return Options(
        csms=given.csms, id=given.id, on=given.on, heap=given.heap, flash=given.flash,
        control=given.control, web=given.web, settings=dict(given.set), cut=given.cut,
        erase_ms=given.erase_ms,
    )  # fmt: skip


def leave(status: int) -> None:
    """End the process; at once when the mains went."""
    sys.stdout.flush()
    if status == POWER_LOST:
        os._exit(status)
    sys.exit(status)


def main() -> None:
    """Run the charger; exit status 137 when the mains went."""
    options = parse()
    from tools.sim.hardware import Hardware

    leave(Runner(options, Hardware(None, options.settings)).run())


if __name__ == "__main__":
    main()
