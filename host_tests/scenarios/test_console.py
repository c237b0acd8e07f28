"""Ctrl-C makes the charger safe and leaves a prompt with `charger` and its commands."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware.console import COMMANDS
from firmware.storage import dead_letters
from host_tests.scenarios import prompt as terminals
from host_tests.scenarios.conftest import HEAP, booted
from host_tests.scenarios.prompt import Prompt
from tools.micropython import command
from tools.sim.bench import Bench

SECRET = "do-not-show-me-42"
ROOT = Path(__file__).parents[2]
LETTER = '17\tStopTransaction\t3\t{"transactionId":152,"idTag":"0451AB"}'


@pytest.fixture
def charger(monkeypatch, tmp_path):
    """(bench, prompt) of a charger on the chip's interpreter, idle and connected."""
    if command("micropython32") is None:
        pytest.skip("micropython32 is missing: make setup")
    terminal = terminals.installed(monkeypatch)
    settings = {"wifi_password": SECRET, "authorization_key": SECRET}
    bench = Bench(on="micropython32", heap=HEAP["micropython32"], settings=settings)
    dead_letters.journal(str(tmp_path)).append(LETTER)
    letters = {f"/outbox/dead/{p.name}": p.read_bytes() for p in (tmp_path / "dead").iterdir()}
    prepare = bench.charger.flash.prepare
    bench.charger.flash.prepare = lambda code, data: prepare(code, {**data, **letters})
    with bench:
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
        "dead_letters()": "StopTransaction",
        "clear_faults()": "fault",
    }
    for words, shown in wanted.items():
        said = person.types(f"charger.{words}")
        assert shown in said and "not done: too little memory" not in said, (words, said)
        assert "Traceback" not in said and SECRET not in said, (words, said)


def examples(*names: str) -> Iterator[tuple[str, list[str]]]:
    """What the guides show at the prompt: (line typed, lines printed)."""
    for name in names:
        text = (ROOT / name).read_text(encoding="utf-8")
        for block in re.findall(r"^```\n(>>> .*?)^```$", text, re.M | re.S):
            for part in block.split(">>> ")[1:]:
                typed, *printed = part.splitlines()
                yield typed, printed


def shape(line: str) -> str:
    """Without what is another on each day: numbers, bytes, how wide a column is."""
    return re.sub(r"[0-9a-f]{2}(?= )|[0-9]+", "0", " ".join(line.split()) + " ").strip()


def test_what_the_guides_show_is_what_the_prompt_prints(charger) -> None:
    bench, person = charger
    charging(bench)
    bench.command("estop on")
    bench.run(5)
    person.interrupts()
    typed = set()
    for words, shown in examples("docs/console.md", "README.md"):
        typed.add(words.partition("(")[0])
        if words == "charger.run()":
            person.restarts(words)
            break
        said = person.types(words, 1.5 if words == "charger.can()" else 0)
        printed = iter(shape(line) for line in said.splitlines())
        for line in shown:
            assert line == "..." or shape(line) in printed, (
                f"{words} does not print {line!r}:\n{said}"
            )
    assert typed >= {f"charger.{name}" for name, *_ in COMMANDS}
