"""The drivers on the real interpreters: same results, no allocation on the power path."""

import subprocess
import sys
from pathlib import Path

import pytest

from tools.micropython import command

ROOT = Path(__file__).resolve().parents[3]
CASES = {"twai_send", "twai_receive", "mcp_send", "mcp_receive", "module_poll", "module_frames",
         "bms_poll", "bms_frames", "inputs"}  # fmt: skip

interpreters = pytest.mark.parametrize("interpreter", ["micropython32", "micropython"])


def run(launch, script, *folders):
    """What the script of this folder prints; fails with what it said when it does not end well."""
    path = [str(ROOT), *map(str, folders)]
    code = f"import sys; sys.path[:0] = {path!r}; import host_tests.unit.drivers.{script}"
    result = subprocess.run(
        [*launch, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=30
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def micropython(name):
    """The command line of an interpreter; skips where it cannot be had."""
    launch = command(name)
    if launch is None:
        pytest.skip(f"no {name} on this machine")
    return [*launch, "-X", "heapsize=400k"]


@interpreters
def test_steady_state_allocates_nothing(interpreter):
    output = run(micropython(interpreter), "no_allocation")
    verdicts = dict(line.split(" ", 1) for line in output.splitlines() if " " in line)
    assert not [case for case in CASES if verdicts.get(case) != "ok"], output


@interpreters
def test_behaves_as_on_cpython(interpreter):
    here = run([sys.executable], "behaviour", ROOT / "tools" / "sim" / "shim" / "cpython")
    assert "True 77150 1850" in here
    assert run(micropython(interpreter), "behaviour") == here
