"""The whole tick of the control loop allocates nothing, on real MicroPython, inputs included."""

import os
import subprocess
from pathlib import Path

import pytest

from tools.micropython import ROOT, command

SCRIPT = Path(__file__).with_name("control_lock_script.py")
FAULTS = {"EmergencyStop", "DoorOpen", "EarthFault", "GunSensor", "GunOverTemperature"}


@pytest.mark.parametrize("name", ["micropython", "micropython32"])
def test_ticks_under_heap_lock(name: str) -> None:
    interpreter = command(name)
    assert interpreter, f"{name} is missing: make setup"
    done = subprocess.run(
        [*interpreter, "-X", "heapsize=1m", str(SCRIPT)],
        env={**os.environ, "MICROPYPATH": f".frozen:{ROOT}"},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    words = done.stdout.split()
    assert int(words[1]) >= 3_000 and int(words[3]) >= 6, done.stdout
    assert set(words[5:]) >= FAULTS, done.stdout
