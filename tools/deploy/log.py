"""A running charger's log over its console: what it has stored, then what it prints.

One byte (Ctrl-L) has it print the newest of its log while it goes on with its work
(firmware/services/stored_log.py). Who does not answer is only listened to.
"""

import time
from collections.abc import Callable, Iterator

import serial

REQUEST = b"\x0c"
ANSWER_S = 2.5  # it looks once a second
_BEGIN = "rivot: the log"
_END = "rivot: end of the log"


def lines(port: str, say: Callable[[str], None], stored: bool = True) -> Iterator[str]:
    """Line by line, until the port goes. Raises serial.SerialException."""
    with serial.Serial(port, 115200, timeout=0.2, exclusive=True) as source:
        waiting = stored
        if stored:
            source.reset_input_buffer()
            source.write(REQUEST)
        asked = time.monotonic()
        say(f"{port}: the charger runs on; Ctrl-C leaves")
        part = b""
        while True:
            part += source.readline()
            if part.endswith(b"\n"):
                line = part.decode("utf-8", "replace").replace("\r", "")
                part = b""
                if line.startswith(_BEGIN):
                    waiting = False
                    say("what it has stored:")
                elif line.startswith(_END):
                    say("what it prints from now on:")
                else:
                    yield line
            if waiting and time.monotonic() - asked > ANSWER_S:
                waiting = False
                say("it does not tell its stored log: at a prompt that is charger.log(100)")
