"""Lets the firmware be imported on CPython: MicroPython's extras, before any test module loads."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
for folder in (ROOT / "tools" / "sim" / "shim" / "cpython", ROOT):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

import compat  # noqa: E402

compat.install()
