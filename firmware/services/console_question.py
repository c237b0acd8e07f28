"""Answers on the console what the charger is doing, so that nobody has to stop it to find out.

One byte that nobody types there (Ctrl-V) has it print `rivot: Charging 152`: connector state and
transaction. The PC's tools ask before they interrupt a board. Another (Ctrl-L) has it print the
newest of the log, stored_log.py.
"""

import select
import sys

from micropython import const

from firmware.on_demand import load

_QUESTION = "\x16"
_LOG = "\x0c"
_NO_LOG = "rivot: no memory for the log\nrivot: end of the log"
_MOST_KEYS = const(32)  # a second; whatever else is typed is dropped


class ConsoleQuestion:
    """`console` is where keys come from: a text stream that can be polled."""

    def __init__(self, charger: "Charger", console: object = None) -> None:
        self._charger = charger
        self._console = console or sys.stdin
        self._task = None  # what prints the log
        self._poll = select.poll()
        self._poll.register(self._console, select.POLLIN)

    def look(self) -> None:
        """Take what has been typed, and answer; never waits."""
        for _ in range(_MOST_KEYS):
            if not self._poll.poll(0):
                return
            key = self._console.read(1)
            if not key:  # there is no console
                self._poll.unregister(self._console)
            elif key == _QUESTION:
                charger = self._charger
                state = charger.core.connector.state
                print("rivot: %s %s" % (state, charger.transactions.transaction_id()))
            elif key == _LOG:
                try:
                    start = load("firmware.services.stored_log").start
                    self._task = start(self._charger, self._task)
                except MemoryError:
                    print(_NO_LOG)
