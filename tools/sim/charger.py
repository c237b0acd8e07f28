"""The virtual charger: hardware, chip, flash and the firmware's process put together.

It knows when the firmware is started again and with which reset cause. It does not wait: the loop
round it is tools/sim/runner.py (wall clock) or tools/sim/bench.py (virtual clock).
"""

import json
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from tools.sim import process
from tools.sim.chip import (
    HARD_RESET,
    PWRON_RESET,
    WDT_RESET,
    Chip,
    Requests,
    ResetRequested,
)
from tools.sim.flash import FolderFlash, ImageFlash, PowerCut
from tools.sim.links import Modem
from tools.sim.options import fields as hardware_options

_MOST_DEATHS = 10
_SHORT_LIFE_MS = 10_000
STATUS_FIELDS = (
    "connector", "error_code", "transaction", "energy_wh", "online", "queued", "heap_free",
    "heap_used", "uptime_ms", "tick_max_ms",
)  # fmt: skip
CAUSES = {PWRON_RESET: "power-on", HARD_RESET: "hard reset", WDT_RESET: "watchdog reset"}


class PowerLost(Exception):
    """The mains are gone: pulled by command, or cut during a flash write."""


class KeepsDying(Exception):
    """The firmware ended ten times in a row, each time within ten seconds."""


class VirtualCharger:
    """`on`: interpreter; `resolve`: see Chip; `say`: takes a line about what happens;
    `slow_flash`: writes to flash will take time."""

    def __init__(
        self, on: str, hardware: Any, flash: Path, resolve: Callable[[str, int], int], *,
        virtual: bool, heap: str | None = None, settings: dict[str, Any] | None = None,
        cut: int | None = None, firmware: Path | None = None, output: IO[bytes] | None = None,
        say: Callable[[str], None] = lambda line: None, slow_flash: bool = False,
    ) -> None:  # fmt: skip
        self.on = on
        self.hardware = hardware
        self.flash = (FolderFlash if on == "cpython" else ImageFlash)(flash, cut)
        self.chip = Chip(hardware, self.flash, resolve)
        self.child: process.Child | None = None
        self.starts = 0
        self._virtual = virtual
        self._heap = heap
        self._settings = dict(settings or {})
        self._firmware = firmware
        self._more = ["slow"] if slow_flash else []
        self._output = output
        self._say = say
        self._requests = Requests()
        self._deaths = 0
        self._born_ms = 0.0
        self._status = b""

    def power_on(self) -> None:
        """Mains are on: the chip starts with the settings of the first time."""
        code = process.code_files(self._firmware)
        optional = any(key in self._settings for key, *_ in hardware_options())
        links = _more_links(self._settings)
        more = process.rare_modules(self._firmware, optional, links)
        self._more = list(dict.fromkeys([*self._more, *more]))
        if self._settings.get("network") == "ppp":
            self.chip.modem = Modem()
        # a file that the vehicle's driver wants, like the table of its CAN signals
        wanted: dict[str, bytes] = getattr(
            getattr(self.hardware, "vehicle", None), "files", dict
        )()
        self.flash.prepare(code, {**wanted, **process.settings_file(self._settings)})
        self._settings = {}
        self._deaths = 0
        if self.chip.modem:
            self.chip.modem.reset()
        self.chip.power_on()
        self.chip.reset(PWRON_RESET)
        self._start()

    def _start(self) -> None:
        self._requests = Requests()
        self._status = b""
        self._born_ms = self.hardware.now_ms
        self.starts += 1
        self.child = process.Child(
            self.on, self._heap, self.flash.path, self._virtual, self._firmware, self._more,
            self._output,
        )  # fmt: skip

    def power_off(self) -> None:
        """The process is gone at once, the files as they are."""
        if self.child:
            self.child.kill()
            self.child = None
        self.flash.close()
        self.chip.reset(PWRON_RESET)

    def restart(self, cause: int, why: str) -> None:
        """Kill the firmware and start it again. Raises KeepsDying."""
        if self.child:
            self.child.kill()
            self.child = None
        self.chip.reset(cause)
        lived_ms = self.hardware.now_ms - self._born_ms
        self._deaths = self._deaths + 1 if lived_ms < _SHORT_LIFE_MS else 1
        self._say(f"{why}; lived {lived_ms / 1000:.1f} s; starting again ({CAUSES[cause]})")
        if self._deaths >= _MOST_DEATHS:
            raise KeepsDying(
                f"the firmware ended {self._deaths} times in a row within "
                f"{_SHORT_LIFE_MS // 1000} s each, the last time because: {why}"
            )
        self._start()

    def watchdog_bites(self) -> bool:
        """Restart the firmware if it has not fed the watchdog."""
        due_ms = self.chip.watchdog_due_ms()
        if due_ms is None or self.hardware.now_ms < due_ms:
            return False
        self.restart(WDT_RESET, "the watchdog was not fed")
        return True

    def feed(self, data: bytes) -> None:
        """Bytes from the wire; none means that the process has ended."""
        if data:
            self._requests.feed(data)
            return
        code = self.child.kill() if self.child else 0
        self.child = None
        self.restart(HARD_RESET, f"the firmware's process ended with status {code}")

    def next_request(self) -> tuple[int, int, int, int, bytes] | None:
        """The oldest request that has come whole."""
        return self._requests.next()

    def handle(self, request: tuple[int, int, int, int, bytes]) -> None:
        """Carry out an access and answer it. Raises PowerLost, KeepsDying."""
        try:
            reply = self.chip.handle(*request)
        except ResetRequested:
            self.restart(HARD_RESET, "machine.reset()")
        except PowerCut:
            self.power_off()
            raise PowerLost(f"power cut at flash write {self.flash.counter.writes}") from None
        else:
            if reply is not None:
                self.send(reply)

    def send(self, reply: bytes) -> None:
        """A reply to the firmware; its death is noticed when reading."""
        if self.child:
            try:
                self.child.wire.sendall(reply)
            except OSError:
                pass

    def command(self, words: list[str]) -> dict[str, Any]:
        """All commands but `state` and `power`."""
        if words[:1] == ["net"]:
            if len(words) == 2 and words[1].startswith("password="):
                self.chip.wifi.password = words[1].partition("=")[2]
                return {"ok": True}
            if len(words) != 2 or words[1] not in ("on", "off"):
                return {"error": "net on, net off or net password=TEXT"}
            self.chip.wifi.set_air(words[1] == "on", self.hardware.now_ms)
            return {"ok": True}
        if words == ["brownout"]:
            self.restart(PWRON_RESET, "the supply dipped")
        elif words == ["crash"]:
            self.restart(HARD_RESET, "the chip crashed")
        elif words == ["service"]:
            self._tell(b"service\n")
        else:
            return dict(self.hardware.command(words))
        return {"ok": True}

    def ask_status(self) -> None:
        """Have the firmware tell its half of `state`; `take_status` has the answer later."""
        self.take_status()  # an answer that came too late
        self._status = b""
        self._tell(b"\n")

    def _tell(self, line: bytes) -> None:
        """A word to the firmware past its pins, as from its console; it answers with its state."""
        if self.child:
            try:
                self.child.status.send(line)
            except OSError:
                pass

    def take_status(self) -> dict[str, Any] | None:
        """The firmware's answer, None while there is none."""
        if not self.child:
            return None
        try:
            self._status += self.child.status.recv(65536, socket.MSG_DONTWAIT)
        except OSError:
            pass
        line, newline, _ = self._status.partition(b"\n")
        return dict(json.loads(line)) if newline else None

    def state(self, status: dict[str, Any] | None) -> dict[str, Any]:
        """The answer to `state`; `status` None: the firmware says nothing."""
        merged: dict[str, Any] = {field: (status or {}).get(field) for field in STATUS_FIELDS}
        if status is None:
            merged["firmware"] = "silent"
        point = self.chip.access_point
        merged["access_point"] = point.name if point.active else None
        merged["shim_bytes"] = self.chip.shim_bytes
        merged["flash_writes"] = self.flash.counter.writes
        merged["plant"] = self.hardware.plant_state()
        return merged


def _more_links(settings: dict[str, Any]) -> bool:
    """Can it come to an access point, a LAN or PPP; a stored charger may have any."""
    return "network" in settings or str(settings.get("setup_after_s", "")) != "0"


def wall_clock() -> Callable[[], float]:
    """Milliseconds of real time since now."""
    zero = time.monotonic()
    return lambda: (time.monotonic() - zero) * 1000
