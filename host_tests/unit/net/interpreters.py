"""Runs test scripts on the interpreters that are there."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools import micropython

ROOT = Path(__file__).resolve().parents[3]
_SHIM = ROOT / "tools" / "sim" / "shim" / "cpython"


def _parameter(name: str) -> object:
    missing = micropython.command(name) is None and not os.environ.get("CI")
    marks = [pytest.mark.skipif(missing, reason=f"no {name} here")]
    if name == "micropython":  # `make test` has the chip's 32 bit, `make test-all` both
        marks.append(pytest.mark.slow)
    return pytest.param(name, marks=marks)


ON = [_parameter(name) for name in ("cpython", "micropython", "micropython32")]


def start(on: str, script: Path, *arguments: str, heap: str = "8m") -> subprocess.Popen:
    """Start `script` with the repository on its path; stdin and stdout are text pipes."""
    words = list(micropython.command(on) or [on])
    environment = dict(os.environ)
    if on == "cpython":
        environment["PYTHONPATH"] = f"{ROOT}{os.pathsep}{_SHIM}"
        words += ["-X", "utf8"]
    else:
        environment["MICROPYPATH"] = f"{ROOT}:.frozen"
        words += ["-X", f"heapsize={heap}"]
    return subprocess.Popen(
        [*words, str(script), *arguments],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


def run_pure(on: str, cases: list) -> list:
    """Results of host_tests/unit/ocpp/pure_cases.py; in this process where it is CPython."""
    if on == "cpython" and sys.implementation.name == "cpython":
        from host_tests.unit.ocpp import pure_cases

        return json.loads(json.dumps(pure_cases.results(cases)))
    # MicroPython turns an escaped surrogate pair into two characters: so nothing is escaped.
    script = ROOT / "host_tests" / "unit" / "ocpp" / "pure_cases.py"
    process = start(on, script, heap="64m")
    out, err = process.communicate(json.dumps(cases, ensure_ascii=False), timeout=60)
    assert process.returncode == 0, err
    return json.loads(out)
