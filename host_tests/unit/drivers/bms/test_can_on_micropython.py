"""The BMS drivers on CAN read the same on the real interpreters as on CPython."""

import sys

from host_tests.unit.drivers.test_on_micropython import ROOT, interpreters, micropython, run

SCRIPT = "bms.can_behaviour"


@interpreters
def test_reads_as_on_cpython(interpreter):
    here = run([sys.executable], SCRIPT, ROOT / "tools" / "sim" / "shim" / "cpython")
    assert "(True, 88000, 100000, -1, 0, -1, -32768, 0) 0" in here
    assert "(True, 57600, 50000, -1, 0, -1, -32768, 0) 6" in here
    assert run(micropython(interpreter), SCRIPT) == here
