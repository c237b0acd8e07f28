"""Runs the virtual charger on the wall clock: one loop over all that is connected."""

import os
import selectors
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.sim import process
from tools.sim.charger import KeepsDying, PowerLost, VirtualCharger, wall_clock
from tools.sim.control import HELP, ControlPort, Keyboard
from tools.sim.network import Proxy
from tools.sim.protocol import Op

POWER_LOST = 137  # exit status; what a shell shows for kill -9
_STEP_S = 0.005
_WEB = 80  # the port of the chip that --web leads to
_SILENT_MS = 2000


@dataclass
class Options:
    """The command line."""

    csms: str
    id: str
    on: str = "micropython"
    heap: str | None = None
    flash: Path | None = None
    control: int | None = None
    web: int | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    cut: int | None = None
    erase_ms: int = 0  # how long the flash takes to erase a block


class Runner:
    """`run` answers the exit status."""

    def __init__(self, options: Options, hardware: Any, firmware: Path | None = None) -> None:
        self._options = options
        self._hardware = hardware
        self._clock = wall_clock()
        self._selector = selectors.DefaultSelector()
        self._proxy = Proxy(self._selector, self._say)
        self._folder: str | None = None
        flash = options.flash
        if flash is None:
            self._folder = tempfile.mkdtemp(prefix="rivot-sim-")
            flash = Path(self._folder, "flash")
        settings = {
            "csms_url": options.csms,
            "charge_box_id": options.id,
            "wifi_ssid": "bench",
            **options.settings,
        }
        self._charger = VirtualCharger(
            options.on, hardware, flash, self._proxy.resolve, virtual=False, heap=options.heap,
            settings=settings, cut=options.cut, firmware=firmware, say=self._say,
            slow_flash=options.erase_ms > 0,
        )  # fmt: skip
        self._child: process.Child | None = None
        self._held: tuple[float, tuple[int, int, int, int, bytes]] | None = None  # an erase
        self._printed = b""
        self._asking: list[tuple[float, Callable[[dict[str, Any]], None]]] = []
        self._over = False
        self._terminal = sys.stdout.isatty()

    def run(self) -> int:
        """Until a signal, `quit`, a power cut, or a firmware that does not stay alive."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self._end())
        try:
            if self._options.web is not None:
                inner = self._proxy.forward(self._options.web)
                self._charger.chip.listening = lambda port: inner if port == _WEB else 0
            self._charger.power_on()
            self._start()
            while not self._over:
                self._turn()
            return 0
        except PowerLost as reason:
            self._say(str(reason))
            return POWER_LOST
        except (KeepsDying, process.NoInterpreter) as reason:
            self._drain()
            print(f"sim: {reason}", file=sys.stderr, flush=True)
            return 1
        finally:
            self._drain()
            self._charger.power_off()
            self._proxy.close()
            if self._folder:
                shutil.rmtree(self._folder, ignore_errors=True)

    def _start(self) -> None:
        options = self._options
        control = None
        if options.control is not None:
            control = ControlPort(options.control, self._selector, self._carry)
        elif sys.stdin and sys.stdin.isatty():
            Keyboard(self._selector, self._carry, self._end)
        self._say(f"virtual charger {options.id} on {options.on}, server {options.csms}")
        self._say(f"flash: {options.flash or 'new, not kept'}")
        if self._proxy.web_port:
            self._say(
                f"web page, while the charger has one: http://127.0.0.1:{self._proxy.web_port}/"
            )
        if control:
            self._say(f"control port: {control.port}")
        elif sys.stdin and sys.stdin.isatty():
            self._say("commands:\n" + HELP)

    def _turn(self) -> None:
        self._watch_child()
        events = self._selector.select(_STEP_S)
        self._advance()
        for key, ready in events:
            # One of those before may have closed it, and another may have its number by now.
            now = self._selector.get_map().get(key.fd)
            if now and now.fileobj is key.fileobj:
                now.data(ready)
                self._watch_child()  # before the next takes the number of a dead one's socket
        self._erased()
        self._charger.watchdog_bites()
        self._proxy.set_web(self._proxy.up or self._charger.chip.access_point.active)
        if self._asking:
            self._status(0)

    def _advance(self) -> None:
        now_ms = self._clock()
        if now_ms > self._hardware.now_ms:
            self._hardware.advance(now_ms)

    # --- the firmware's process ---

    def _watch_child(self) -> None:
        child = self._charger.child
        if child is self._child:
            return
        for key in list(self._selector.get_map().values()):
            if key.data in (self._wire, self._lines, self._status):
                self._selector.unregister(key.fileobj)
        self._child = child
        self._held = None
        if child:
            self._selector.register(child.wire, selectors.EVENT_READ, self._wire)
            self._selector.register(child.status, selectors.EVENT_READ, self._status)
            if child.output:
                self._selector.register(child.output, selectors.EVENT_READ, self._lines)
            if self._asking:
                self._charger.ask_status()  # the one that was asked is gone

    def _wire(self, _: int) -> None:
        child = self._charger.child
        if child is None or child is not self._child:
            return
        try:
            data = child.wire.recv(65536)
        except OSError:
            data = b""
        if not data:
            self._drain()
        self._charger.feed(data)
        self._carry_out()

    def _carry_out(self) -> None:
        """What the firmware asks for. While the flash erases a block, it has to wait."""
        while self._held is None and (request := self._charger.next_request()):
            self._advance()
            if self._options.erase_ms and request[0] == Op.FLASH_ERASE:
                self._held = self._hardware.now_ms + self._options.erase_ms, request
            else:
                self._charger.handle(request)

    def _erased(self) -> None:
        if self._held and self._hardware.now_ms >= self._held[0]:
            request = self._held[1]
            self._held = None
            self._charger.handle(request)
            self._carry_out()

    def _lines(self, _: int) -> None:
        child = self._child
        if child is None or child.output is None:
            return
        try:
            data = os.read(child.output.fileno(), 65536)
        except OSError:
            data = b""
        if not data:
            self._selector.unregister(child.output)
            return
        *lines, self._printed = (self._printed + data).split(b"\n")
        for line in lines:
            text = line.decode("utf-8", "replace")
            print(f"\x1b[2m{text}\x1b[0m" if self._terminal else text, flush=True)

    def _drain(self) -> None:
        """What the firmware has printed before it ended."""
        child = self._child
        if child and child.output and child.output in self._selector.get_map():
            os.set_blocking(child.output.fileno(), False)
            self._lines(0)

    # --- commands ---

    def _carry(self, line: str, answer: Callable[[dict[str, Any]], None]) -> None:
        words = line.split()
        if words == ["state"]:
            if not self._asking:
                self._charger.ask_status()
            self._asking.append((self._hardware.now_ms + _SILENT_MS, answer))
        elif words == ["power"]:
            self._charger.power_off()
            answer({"ok": True})
            self._say("mains off")
            raise PowerLost("power")
        elif not words:
            answer({"error": "empty line"})
        else:
            result = self._charger.command(words)
            if words[0] == "net" and words[1] in ("on", "off") and "ok" in result:
                self._proxy.set_up(words[1] == "on")
            answer(result)

    def _status(self, _: int) -> None:
        """The firmware has answered, or has been silent for too long."""
        status = self._charger.take_status()
        waiting, self._asking = self._asking, []
        for due_ms, answer in waiting:
            if status is None and self._hardware.now_ms < due_ms:
                self._asking.append((due_ms, answer))
            else:
                answer(self._charger.state(status))

    def _end(self) -> None:
        self._over = True

    def _say(self, line: str) -> None:
        print(f"\x1b[36msim\x1b[0m: {line}" if sys.stdout.isatty() else f"sim: {line}", flush=True)
