"""`python -m tools.run`: the guide's session from beginning to end, with nothing but this PC.

Starts the bench central system (or uses `--csms URL`) and a virtual charger, plays one session at
once and checks it. On a terminal both then stay up and take commands; elsewhere all ends, with
status 0 when the session was right.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sqlite3
import sys
import tempfile
from pathlib import Path

from tools import micropython
from tools.csms.central_system import PATH, CentralSystem
from tools.csms.commands import Commands
from tools.csms.console import Console, keyboard
from tools.csms.store import Store
from tools.csms.web import Page
from tools.run.charger import ROOT, ChargerGone, VirtualCharger, simulator
from tools.run.session import GuideSession, LocalSession, SessionFailed

_BENCH = ROOT / ".bench"
_PORT = 9000
_PASSWORD = "charger-page"  # of the charger's page, on the bench
_TAG = "0A1B2C3D4E"
_PAGE_PORT = 9080
_SIM_HELP = """  plug, unplug                            the gun
  tag 0A1B2C3D4E, button                  present a tag, press the button
  estop on|off                            the red button
  bms on|off|soc=87 voltage=76.38 ...     the vehicle
  module on|off|temperature=70 fault=1    the power module
  weld on|off, net on|off                 the contactor's contacts, the Wi-Fi
  power                                   pull the mains plug (`restart` puts it back)
  state                                   everything, as JSON"""


def arguments(words: list[str] | None = None) -> argparse.Namespace:
    """The command line, checked; wrong flags end the process with status 2."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.run",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--csms", metavar="URL", help="use this server: base URL without the id")
    parser.add_argument("--id", default="RIVOT_100A_01", help="charge box id (%(default)s)")
    parser.add_argument(
        "--on", choices=micropython.NAMES, default="micropython", help="interpreter (%(default)s)"
    )
    parser.add_argument("--no-wait", action="store_true", help="end after the session")
    parser.add_argument("sim", nargs="*", metavar="-- ARGS", help="more arguments for tools.sim")
    return parser.parse_args(words)


class Run:
    """Everything `make run` starts, and the order in which it ends."""

    def __init__(self, options: argparse.Namespace, console: Console) -> None:
        self._options = options
        self._console = console
        self._central: CentralSystem | None = None
        self._page: Page | None = None
        self._store: Store | None = None
        self._charger: VirtualCharger | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self.status: int | None = None  # the session's, once it is over

    async def main(self) -> int:
        """Play, then stay if somebody is there; the result is the exit status."""
        try:
            url = self._options.csms or await self._start_server()
            self._charger = self._virtual_charger(url)
            self.status = await self._play(self._charger)
            if self._stays:
                await self._take_commands(self._charger)
            return self.status
        except (OSError, sqlite3.Error) as error:
            self._console.line(f"cannot start: {error}", "bold red")
            return 1
        finally:
            await self._end()

    @property
    def _stays(self) -> bool:
        """Somebody is there to give commands."""
        return sys.stdin.isatty() and self._console.terminal and not self._options.no_wait

    async def _start_server(self) -> str:
        """Our own central system, on port 9000 or, when that is taken, on a free one."""
        self._store = Store(_BENCH / "csms.sqlite")
        self._central = CentralSystem(self._store)
        self._central.subscribe(self._console.show)
        try:
            port = await self._central.start(port=_PORT)
        except OSError:
            port = await self._central.start(port=0)
            self._console.line(f"port {_PORT} is taken, so the central system uses {port}")
        url = f"ws://127.0.0.1:{port}{PATH}"
        self._console.line(f"central system on {url}", "bold")
        if self._stays:
            await self._start_page(self._central)
        return url

    async def _start_page(self, central: CentralSystem) -> None:
        """The central system's page, on port 9080 or, when that is taken, on a free one."""
        self._page = Page(central)
        try:
            address = await self._page.start(port=_PAGE_PORT)
        except OSError:
            address = await self._page.start(port=0)
        self._console.line(f"its page, to watch and to drive the session: {address}", "bold")

    def _virtual_charger(self, url: str) -> VirtualCharger:
        on = self._options.on
        if micropython.command(on) is None:
            self._console.line(f"{on} is not to be had here; the firmware runs on cpython")
            on = "cpython"
        # A fresh chip each time: the guide's session starts with a lifetime register of 0.
        self._folder = tempfile.TemporaryDirectory(prefix="rivot-run-")
        flash = Path(self._folder.name) / ("files" if on == "cpython" else "flash.img")
        extra = list(self._options.sim)
        if self._stays and "--web" not in extra:
            extra += [
                "--web",
                "0",
                "--set",
                f"web_password={_PASSWORD}",
                "--set",
                f"web_tag={_TAG}",
            ]
            self._console.line(f"the charger's own page follows; its password here: {_PASSWORD}")
        command = simulator(url, self._options.id, on, flash, extra)
        self._console.line(f"virtual charger {self._options.id} on {on}", "bold")
        return VirtualCharger(command, self._console)

    async def _play(self, charger: VirtualCharger) -> int:
        session: GuideSession | LocalSession
        if self._central:
            session = GuideSession(self._central, self._options.id, charger, self._console)
        else:
            self._console.line("the server is not ours: a tag starts and stops the session")
            session = LocalSession(charger, self._console)
        try:
            await charger.start()
            await charger.ready()
            right = await session.play()
        except (SessionFailed, ChargerGone) as error:
            self._console.line(f"the session failed: {error}", "bold red")
            for line in charger.tail():
                self._console.line(f"    {line}")
            return 1
        if right:
            self._console.line("the session went as the integration guide says", "bold green")
        else:
            self._console.line("the session did not go as the integration guide says", "bold red")
        return 0 if right else 1

    async def _take_commands(self, charger: VirtualCharger) -> None:
        commands = Commands(self._central) if self._central else None

        async def handle(line: str) -> bool:
            if line == "quit":
                return False
            name = line.partition(" ")[0]
            if name == "help":
                self._console.line("the virtual charger:\n" + _SIM_HELP)
                if commands:
                    self._console.line("the central system:\n" + commands.help())
                self._console.line("  quit")
            elif name == "restart":
                await charger.stop()
                await charger.start()
            elif commands and name in Commands.names:
                self._console.line(json.dumps(await commands.execute(line)))
            elif name:
                await self._say_to(charger, line)
            else:
                self._console.line()
            return True

        self._console.prompt = "> "
        self._console.line("both stay up: type `help` for the commands, `quit` to end", "bold")
        try:
            await keyboard(handle)
        finally:
            self._console.prompt = ""

    async def _say_to(self, charger: VirtualCharger, line: str) -> None:
        try:
            self._console.line(json.dumps(await charger.command(line)))
        except ChargerGone as error:
            self._console.line(f"{error}; `restart` starts it again")

    async def _end(self) -> None:
        if self._charger:
            await self._charger.stop()
        if self._page:
            await self._page.stop()
        if self._central:
            await self._central.stop()
        if self._store:
            self._store.close()
        if self._folder:
            self._folder.cleanup()


async def main(options: argparse.Namespace) -> int:
    """Run it all. A signal ends it in good order: the session's status, or 128 + its number."""
    run = Run(options, Console())
    task = asyncio.ensure_future(run.main())
    caught: list[int] = []

    def end(number: int) -> None:
        if not caught:  # a second one must not interrupt the clearing away
            task.cancel()
        caught.append(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, end, number)
    try:
        return await task
    except asyncio.CancelledError:
        return 128 + caught[0] if run.status is None else run.status


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main(arguments())))
