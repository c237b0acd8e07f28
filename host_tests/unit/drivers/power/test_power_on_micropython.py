"""The power drivers on the real interpreters: same frames, and a tick that allocates nothing."""

import subprocess
import sys
from pathlib import Path

import pytest

from tools.micropython import command

ROOT = Path(__file__).resolve().parents[4]
interpreters = pytest.mark.parametrize("interpreter", ["micropython32", "micropython"])


def run(launch, script):
    """What the script of this folder prints."""
    shim = ROOT / "tools" / "sim" / "shim" / "cpython"
    path = [str(ROOT), *([str(shim)] if launch[0] == sys.executable else [])]
    code = f"import sys; sys.path[:0] = {path!r}; import host_tests.unit.drivers.power.{script}"
    result = subprocess.run(
        [*launch, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert result.returncode == 0, result.stdout[-2_000:] + result.stderr
    return result.stdout


def micropython(name):
    """Its command line; skips where it cannot be had."""
    launch = command(name)
    if launch is None:
        pytest.skip(f"no {name} on this machine")
    return [*launch, "-X", "heapsize=800k"]


@interpreters
def test_the_tick_allocates_nothing(interpreter):
    output = run(micropython(interpreter), "no_allocation")
    lines = output.splitlines()
    assert len(lines) == 12 and all(line.endswith(" ok") for line in lines), output


@interpreters
def test_behaves_as_on_cpython(interpreter):
    here = run([sys.executable], "behaviour")
    assert here.count(" True ") > 60 and here.count("\n") > 100
    assert run(micropython(interpreter), "behaviour") == here
