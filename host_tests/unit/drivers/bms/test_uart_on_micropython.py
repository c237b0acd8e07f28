"""The BMS drivers on a UART read the same on the real interpreters as on CPython."""

import sys

from host_tests.unit.drivers.test_on_micropython import ROOT, interpreters, micropython, run

SCRIPT = "bms.uart_behaviour"


@interpreters
def test_reads_as_on_cpython(interpreter):
    here = run([sys.executable], SCRIPT, ROOT / "tools" / "sim" / "shim" / "cpython")
    assert "(True, 53590, 2080, 1500, 280, 56000, 4000, 0) True 0" in here
    assert here.count("\n") == 12 + 4 + 2 + 13 + 3
    assert run(micropython(interpreter), SCRIPT) == here
