"""The OCPP engine answers the same on every interpreter, and in little memory."""

from pathlib import Path

import pytest

from host_tests.unit.net.interpreters import ON, start

SCRIPT = Path(__file__).with_name("engine_cases.py")


def output(on, *arguments, heap="1m"):
    """What the script prints; it must end well."""
    process = start(on, SCRIPT, *arguments, heap=heap)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, out + err
    return out.splitlines()


@pytest.mark.parametrize("on", ON[1:])
def test_the_same_answers_as_on_cpython(on):
    assert output(on, heap="1m") == output("cpython")


def test_answers_are_what_the_guide_shows():
    lines = output("cpython")
    assert "P 1768989066 E0 W142 S8707 V77150 I1850" in lines
    wanted = r""""data":"{\"soc\":87.00,\"maxCurrent\":90.0,\"voltage\":76.38,"""
    assert any(wanted in line for line in lines)


@pytest.mark.parametrize("on", ON[2:])
def test_modules_loaded_on_demand_leave_nothing_behind(on):
    (growth,) = output(on, "heap", heap="200k")
    assert int(growth) < 64  # a block of 16 bytes a turn would be 96
