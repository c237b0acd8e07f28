"""`python -m tools.wsecho URL`: the firmware's WebSocket client as an echo client.

Connects, offers ocpp1.6, echoes every message with its type until the other side closes. One
process a connection. Exit status 0 then, 1 on an error (text on stderr), 2 for wrong usage.
"""

import argparse
import os
import sys
from pathlib import Path

from tools import micropython

_ROOT = Path(__file__).resolve().parents[2]
_MEGABYTE = 1 << 20


def command(url: str, on: str, max_message: int) -> tuple[list[str], dict[str, str]] | None:
    """Command line and environment that run the echo; None without that interpreter."""
    interpreter = micropython.command(on)
    if interpreter is None:
        return None
    script = [str(Path(__file__).with_name("echo.py")), url, str(max_message)]
    if on == "cpython":
        shim = _ROOT / "tools" / "sim" / "shim" / "cpython"
        return interpreter + script, {"PYTHONPATH": f"{_ROOT}{os.pathsep}{shim}"}
    if on == "micropython32":
        max_message = min(max_message, 16 * _MEGABYTE)  # as far as its memoryview reaches
    script[-1] = str(max_message)
    # The message, its text, its bytes and the masked frame live at the same time.
    heap = 8 * _MEGABYTE + 6 * max_message
    return [*interpreter, "-X", f"heapsize={heap}", *script], {"MICROPYPATH": f"{_ROOT}:.frozen"}


def main() -> int:
    """Become the interpreter that runs the echo."""
    parser = argparse.ArgumentParser(prog="python -m tools.wsecho", description=__doc__)
    parser.add_argument("url", help="ws://HOST:PORT/PATH")
    parser.add_argument("--on", choices=micropython.NAMES, default="micropython")
    parser.add_argument("--max", type=int, default=32 * _MEGABYTE, metavar="BYTES")
    options = parser.parse_args()
    if options.max < 1:
        parser.error("--max must be positive")
    found = command(options.url, options.on, options.max)
    if found is None:
        print(f"wsecho: {options.on} is not available here", file=sys.stderr)
        return 1
    words, environment = found
    os.execve(words[0], words, {**os.environ, **environment})


if __name__ == "__main__":
    sys.exit(main())
