"""The meters read the same on the real interpreters as on CPython."""

import sys

from host_tests.unit.drivers.test_on_micropython import ROOT, interpreters, micropython, run

SCRIPT = "meter.meter_behaviour"


@interpreters
def test_reads_as_on_cpython(interpreter):
    here = run([sys.executable], SCRIPT, ROOT / "tools" / "sim" / "shim" / "cpython")
    assert "(13440, 100, 2, 0)" in here and "(230500, 12250, 1234500, 0)" in here
    assert here.count("\n") == 12 + 6
    assert run(micropython(interpreter), SCRIPT) == here
