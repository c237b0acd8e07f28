"""Runs on MicroPython with a slot's folder: modules loaded as firmware/on_demand.py does there.

Prints a line for each: what it answered or the error, and which modules are left loaded.
"""

import os
import sys

sys.path[:0] = [sys.argv[1], "/x"]

from firmware.on_demand import load  # noqa: E402

OURS = ("x", "part", "tool", "broken", "user", "deep", "none")


def outcome(name: str) -> str:
    """What loading gives: its answer, or the error's name."""
    try:
        return str(load(name).ANSWER)
    except Exception as error:
        return type(error).__name__


for name in ("part", "tool", "part", "broken", "none", "user", "deep", "part"):
    print(name, outcome(name), [name for name in OURS if name in sys.modules])
print("mounted", [place for place in os.listdir("/") if place == "x"])
