"""GB/T 27930 and the table driver on the real interpreters: the same, and no allocation."""

import subprocess
import sys
from pathlib import Path

import pytest

from tools.dbc import compiler, mapping
from tools.micropython import command

ROOT = Path(__file__).resolve().parents[4]
EXAMPLE = ROOT / "tools" / "dbc" / "examples" / "scooter"


def run(launch, path, table):
    code = (
        f"import sys; sys.path[:0] = {path!r}\n"
        "from host_tests.unit.drivers.bms import can_script\n"
        f"can_script.gbt()\ncan_script.table({str(table)!r})"
    )
    done = subprocess.run([*launch, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-500:] + done.stderr
    return done.stdout


@pytest.mark.parametrize("interpreter", ["micropython32", "micropython"])
def test_behaves_as_on_cpython(tmp_path, interpreter):
    launch = command(interpreter)
    if launch is None:
        pytest.skip(f"no {interpreter} on this machine")
    wanted = mapping.read(EXAMPLE.with_suffix(".toml"))
    table = tmp_path / "bms.tbl"
    table.write_bytes(
        compiler.compile_table(compiler.load(EXAMPLE.with_suffix(".dbc")), wanted).data
    )
    shim = str(ROOT / "tools" / "sim" / "shim" / "cpython")
    here = run([sys.executable], [str(ROOT), shim], table)
    assert "True True 84000 40000 76000 0 3000 260" in here
    assert run(launch, [str(ROOT)], table) == here
