"""What people at the prompt call `charger`, once Ctrl-C has made the charger safe.

Each command is a function of a module of this package, loaded for one call: while the charger runs
there is nothing of it in memory. Nothing here can switch power on.
"""

import gc
import sys

from firmware.errors import ChargerError
from firmware.on_demand import load

_STATE = "firmware.console.state"
_LIVE = "firmware.console.live"
_CHANGE = "firmware.console.change"
_RECORDS = "firmware.console.records"
_WATCHDOG_MS = 900_000
# name, module, how it is called, what it does
COMMANDS = (
    ("status", _STATE, "()", "what the charger was doing, its server, its memory"),
    ("faults", _STATE, "()", "what is wrong, and what to do"),
    ("clear_faults", _STATE, "()", "service has repaired it: forget what stays"),
    ("settings", _CHANGE, "()", "what can be set; ('word') only those; ('key', value) sets"),
    ("bms", _LIVE, "()", "listen to the vehicle for two seconds"),
    ("module", _LIVE, "()", "listen to the power module for two seconds"),
    ("can", _LIVE, "()", "every CAN frame, decoded, until Ctrl-C"),
    ("log", _RECORDS, "()", "the last lines; (100) about as many from flash"),
    ("dead_letters", _RECORDS, "()", "messages that the server refused; (True) sends them again"),
    ("run", _STATE, "()", "start the charger again"),
)


class Console:
    """`charger` at the prompt. Made with the outputs off."""

    def __init__(self, charger: "Charger") -> None:
        self._charger = charger
        if sys.implementation.name == "micropython":
            import asyncio

            asyncio.new_event_loop()  # nothing of what ran will run on; its memory is free
            asyncio.core.cur_task = None  # type: ignore[attr-defined]
        self._forget()
        gc.collect()
        self._feed()

    def _forget(self) -> None:
        """What ran does not run again before a restart: its memory is for the commands."""
        charger = self._charger
        charger.last_status = load("firmware.status").of(charger)
        charger.services = charger.tasks = charger.housekeeping = charger.network = None
        charger.charge_point = charger.link = charger.transactions = charger.outbox = None

    def _feed(self) -> None:
        """It cannot be switched off; so long after the last command it restarts the charger."""
        if self._charger.settings.watchdog_ms:
            import machine

            machine.WDT(timeout=_WATCHDOG_MS).feed()

    def __repr__(self) -> str:
        lines = ["the charger is stopped, outputs off; 15 minutes without a command restart it"]
        for name, _, how, what in COMMANDS:
            lines.append("charger.%-18s %s" % (name + how, what))
        return "\n".join(lines)

    def __getattr__(self, name: str) -> "Any":
        for row in COMMANDS:
            if row[0] == name:
                return lambda *what: self._call(row, what)
        return getattr(self._charger, name)

    def _call(self, row: tuple, what: tuple) -> None:
        self._feed()
        self._charger.safe()
        try:
            getattr(load(row[1]), row[0])(self._charger, *what)
        except ChargerError as error:
            print("not done:", error)
        except OSError as error:
            print("not done: flash or chip says %r" % error)
        except MemoryError:
            print("not done: too little memory; charger.run(), then Ctrl-C and try again")
        except KeyboardInterrupt:
            print("stopped")
        self._charger.safe()
