"""A charger tells on its console what it is doing, while it goes on with it."""

import os
import subprocess

import pytest

from host_tests.scenarios.conftest import booted
from host_tests.scenarios.steps import amps, charging


@pytest.fixture
def keyboard(monkeypatch):
    """A descriptor: what is written to it, the firmware's console gets."""
    keys, typed = os.pipe()
    popen = subprocess.Popen

    def with_console(*words, **options):
        return popen(*words, **{**options, "stdin": keys})

    monkeypatch.setattr(subprocess, "Popen", with_console)
    yield typed
    os.close(keys)
    os.close(typed)


@pytest.mark.parametrize("interpreter", ["micropython32"], indirect=True)
def test_asked_on_the_console_it_says_whether_it_charges(start, keyboard) -> None:
    bench = start()
    booted(bench)
    os.write(keyboard, b"\x16")
    bench.run(2)
    assert "rivot: Available None" in bench.output
    transaction = charging(bench)
    os.write(keyboard, b"what? \x16 and more that nobody reads\r\n" * 3)
    bench.run(5)
    assert f"rivot: Charging {transaction}" in bench.output
    assert amps(bench) > 1 and bench.state()["transaction"] == transaction


@pytest.mark.parametrize("interpreter", ["micropython32"], indirect=True)
def test_asked_for_it_in_a_session_it_shows_the_stored_log_and_charges_on(start, keyboard) -> None:
    stored = "".join(f"2026-01-20T10:00:{n:02}Z W app: older {n}\n" for n in range(60))
    bench = start(power=False)
    prepare = bench.charger.flash.prepare
    files = {"/events.log": stored.encode()}
    bench.charger.flash.prepare = lambda code, data: prepare(code, {**data, **files})
    bench.power_on()
    booted(bench)
    charging(bench)
    before = len(bench.output)
    os.write(keyboard, b"\x0c\x0c")
    bench.run(12)
    shown = bench.output[before:]
    shown = shown[shown.index("rivot: the log") : shown.index("rivot: end of the log")]
    assert [shown.count(f"app: older {n}\n") for n in (0, 30, 59)] == [1, 1, 1]
    assert "app: firmware " in shown and "TEST_TAG" not in shown
    assert bench.output.count("rivot: the log") == 1, "one at a time"
    assert amps(bench) > 1
