"""An unknown board is looked at from the REPL: what is wired where, and nothing is switched on."""

import shutil
from pathlib import Path

import pytest

from tools import build
from tools.sim import process
from tools.sim.bench import Bench

ROOT = Path(__file__).parents[2]
# In place of main.py, as if it had been typed; the last line is what the bench waits for.
TYPED = """
import time

def run(observer=None):
    from firmware import bring_up
    time.sleep_ms(3000)
    bring_up.outputs()
    bring_up.inputs()
    bring_up.can("power", 2)
    bring_up.can("bms", 2)
    bring_up.driver("power", 3)
    bring_up.driver("bms", 3)
    for kind in ("meter", "pump"):
        try:
            bring_up.driver(kind)
        except Exception as error:
            print("refused:", error)
    print("looked at all")
    while True:
        time.sleep_ms(1000)
"""


@pytest.fixture
def typed(tmp_path, monkeypatch):
    """Starts a charger whose main.py is what somebody types at the REPL."""
    script = tmp_path / "main.py"

    def start(on, settings=None, what=TYPED):
        script.write_text(what)
        if on != "cpython":  # with the code as it is on the chip
            code = {**build.files(), "/main.py": script}
            monkeypatch.setattr(process, "code_files", lambda firmware: code)
            return Bench(on=on, heap="112k", settings=settings)
        shutil.copytree(ROOT / "firmware", tmp_path / "firmware")
        shutil.copy(ROOT / "boot.py", tmp_path)
        return Bench(on=on, firmware=tmp_path)

    return start


@pytest.mark.parametrize("on", ["cpython", "micropython32"])
def test_every_part_is_shown_and_stays_off(on, typed):
    with typed(on) as bench:
        bench.command("plug")
        bench.run(20)
        shown = bench.output
        assert "looked at all" in shown
        plant = bench.hardware.plant_state()
    assert "contactor coil     low" in shown and "HIGH" not in shown
    assert "gun                0  plugged" in shown
    assert "E-stop             0  healthy" in shown
    assert "00433F01" in shown, "the module's terminals"
    assert "1806E5F4" in shown, "the vehicle's limits"
    assert "error-active" in shown
    assert "on                 False" in shown
    assert "current_limit_ma   90000" in shown
    assert "refused: hardware.json: no meter is chosen" in shown
    assert "refused: hardware.json: no pump is chosen" in shown
    assert not plant["module_on"] and not plant["contactor"]


CONTACTS = """
import json, time

def run(observer=None):
    with open("hardware.json", "w") as file:
        json.dump({"door_pin": 36, "earth_fault_pin": 12}, file)
    from firmware import bring_up
    bring_up.inputs()
    print("looked at all")
    while True:
        time.sleep_ms(1000)
"""


def test_a_contact_on_a_pin_without_pull_resistors_is_shown(typed):
    """GPIO 34 to 39 have none; asked for one, the chip refuses."""
    with typed("micropython32", {"door_pin": 36, "earth_fault_pin": 12}, CONTACTS) as bench:
        bench.run(5)
        shown = bench.output
    assert "looked at all" in shown
    assert "GPIO 36  door" in shown and "GPIO 12  earth_fault" in shown
