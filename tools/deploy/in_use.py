"""Asks a running charger over its console what it is doing, without stopping it.

Ctrl-C would stop the charger, and with it a session. One byte that no console uses has it print
one line, `rivot: Charging 152`: the connector's state and the transaction. Whoever does not answer
is no running charger: a bare board, or one that stands at the prompt.
"""

import re
import time
from typing import Any

import serial

from tools.deploy.ports import PortError, explained

QUESTION = b"\x16"
ANSWER_S = 2.5  # it looks once a second
_LINE = re.compile(rb"rivot: (\w+) (\S+)")
_CHARGING = ("Charging", "SuspendedEV", "SuspendedEVSE")


class InUse(Exception):
    """A session runs on this board."""


def state(line: Any) -> tuple[str, str] | None:
    """(connector state, transaction) of the charger on an open port; None: no answer."""
    line.reset_input_buffer()
    line.timeout = 0.1
    line.write(QUESTION)
    heard = b""
    deadline = time.monotonic() + ANSWER_S
    while time.monotonic() < deadline:
        heard += line.read(256)
        if found := _LINE.search(heard):
            return found[1].decode(), found[2].decode()
    return None


def refuse_if_charging(port: str) -> str:
    """What the board is doing, in words. Raises InUse while it charges, PortError."""
    try:
        with serial.Serial(port, 115200, exclusive=True) as line:
            found = state(line)
    except serial.SerialException as error:
        cause = error if error.errno else OSError(_errno_of(str(error)), str(error))
        raise PortError(explained(port, cause)) from error
    if found is None:
        return "no charger answers there"
    connector, transaction = found
    if connector in _CHARGING:
        raise InUse(
            f"the board on {port} is charging a vehicle ({connector}, transaction {transaction}). "
            "Stop the session first; FORCE=1 goes on all the same, and ends it"
        )
    return f"the charger there is {connector}"


def _errno_of(text: str) -> int:
    found = re.search(r"Errno (\d+)", text)
    return int(found[1]) if found else 0
