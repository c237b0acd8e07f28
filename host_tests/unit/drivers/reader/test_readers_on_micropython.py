"""The readers read the same on the real interpreters as on CPython; waiting allocates nothing."""

import sys

from host_tests.unit.drivers.test_on_micropython import ROOT, interpreters, micropython, run

SCRIPT = "reader.reader_behaviour"


@interpreters
def test_reads_as_on_cpython(interpreter):
    here = run([sys.executable], SCRIPT, ROOT / "tools" / "sim" / "shim" / "cpython")
    assert "['0A1B2C4E5F6071829301']" in here and "['0A1B2C3D']" in here
    assert here.endswith("0\n0\n0\n")
    assert run(micropython(interpreter), SCRIPT) == here
