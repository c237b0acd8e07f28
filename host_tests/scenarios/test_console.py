"""Ctrl-C makes the charger safe and leaves a prompt with `charger` and its commands."""

import pytest

from host_tests.scenarios import prompt as terminals
from host_tests.scenarios.conftest import HEAP, booted
from host_tests.scenarios.prompt import Prompt
from tools.micropython import command
from tools.sim.bench import Bench

SECRET = "do-not-show-me-42"


@pytest.fixture
def charger(monkeypatch):
    """(bench, prompt) of a charger on the chip's interpreter, idle and connected."""
    if command("micropython32") is None:
        pytest.skip("micropython32 is missing: make setup")
    terminal = terminals.installed(monkeypatch)
    settings = {"wifi_password": SECRET, "authorization_key": SECRET}
    with Bench(on="micropython32", heap=HEAP["micropython32"], settings=settings) as bench:
        booted(bench)
        yield bench, Prompt(bench, terminal)
    terminal.close()


def charging(bench) -> None:
    bench.command("plug")
    bench.expect("StatusNotification", status="Preparing")
    bench.call("RemoteStartTransaction", {"connectorId": 1, "idTag": "TEST_TAG"})
    bench.expect("StartTransaction", within_s=30)
    bench.run(10)
    plant = bench.hardware.plant_state()
    assert plant["contactor"] and plant["module_on"] and plant["amps"] > 5


def test_ctrl_c_in_a_session_switches_off(charger) -> None:
    bench, person = charger
    charging(bench)
    said = person.interrupts()
    person.waits(0.1)
    plant = bench.hardware.plant_state()
    assert not plant["contactor"] and not plant["module_on"]
    assert "stopped from the console" in said and "charger.status()" in said
    assert "TEST_TAG" not in person.types("charger.log()")


def test_every_command_answers_after_a_session_in_the_chip_s_memory(charger) -> None:
    bench, person = charger
    charging(bench)
    bench.command("estop on")
    bench.run(5)
    person.interrupts()
    wanted = {
        "status()": "longest gap",
        "faults()": "EmergencyStop",
        "settings()": "ramp_ma_per_s",
        "settings('wifi_password')": "wifi_password",
        "settings('ramp_ma_per_s', 10000)": "is stored",
        "settings('ramp_ma_per_s', 1)": "not done",
        "log()": "EmergencyStop",
        "dead_letters()": "",
        "clear_faults()": "fault",
    }
    for words, shown in wanted.items():
        said = person.types(f"charger.{words}")
        assert shown in said and "not done: too little memory" not in said, (words, said)
        assert "Traceback" not in said and SECRET not in said, (words, said)
