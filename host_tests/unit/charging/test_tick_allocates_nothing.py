"""The control tick allocates nothing, on real MicroPython, through sessions and faults."""

import os
import subprocess
from pathlib import Path

import pytest

from tools.micropython import ROOT, command

SCRIPT = Path(__file__).with_name("heap_lock_script.py")


@pytest.mark.parametrize("name", ["micropython", "micropython32"])
def test_ten_thousand_ticks_under_heap_lock(name: str) -> None:
    interpreter = command(name)
    assert interpreter, f"{name} is missing: make setup"
    done = subprocess.run(
        [*interpreter, "-X", "heapsize=1m", str(SCRIPT)],
        env={**os.environ, "MICROPYPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    words = done.stdout.split()
    assert int(words[1]) >= 10_000 and int(words[3]) >= 20, done.stdout
    assert words[5] == words[7], done.stdout  # every fault has come up
