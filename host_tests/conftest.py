"""Lets the firmware be imported on CPython: MicroPython's extras, before any test module loads."""

import gc
import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
for folder in (ROOT / "tools" / "sim" / "shim" / "cpython", ROOT):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

import compat  # noqa: E402

compat.install()


def pytest_terminal_summary(terminalreporter) -> None:
    """The figures that tests have recorded as property "counts"."""
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, value in getattr(report, "user_properties", ()):
                if name == "counts" and report.when == "call":
                    terminalreporter.write_line(value)


def _keep_to_one_core() -> None:
    """A worker and its virtual chargers share a core: they take turns, and wake faster there."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if worker and hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[int(worker[2:]) % len(cores)]})


def pytest_configure(config: pytest.Config) -> None:
    """On a build server a missing MicroPython fails the run: no test may be skipped for it."""
    _keep_to_one_core()
    from tools.micropython import NAMES, command

    if os.environ.get("CI", "").lower() in ("true", "1"):
        missing = [name for name in NAMES if command(name) is None]
        if missing:
            pytest.exit(f"CI needs {', '.join(missing)}: make micropython", returncode=1)


def pytest_collection_finish() -> None:
    """The firmware collects garbage often: it need not look at thousands of tests each time."""
    gc.collect()
    gc.freeze()
