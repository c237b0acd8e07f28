"""1,000 offline sessions in the chip's heap, and flash that is truly full (capacity.py)."""

import json
from pathlib import Path

import pytest

from host_tests.unit.net.interpreters import ON, start
from host_tests.unit.storage import capacity

_FLASH_BYTES = 1_300_000  # of 2 MB, what code and reserve leave


def _run(on: str, *words: str, heap: str = "8m") -> dict:
    process = start(on, Path(capacity.__file__), *words, heap=heap)
    out, err = process.communicate(timeout=110)
    assert process.returncode == 0, err
    result: dict = json.loads(out)
    return result


_SLOW = [pytest.param(on.values[0], marks=[*on.marks, pytest.mark.slow]) for on in ON[:2]]


@pytest.mark.parametrize("on", [*_SLOW, ON[2]])
def test_1000_offline_sessions(on: str, tmp_path: Path) -> None:
    folder = tmp_path / "outbox"
    # The sources are compiled on board here, which the chip does not do: hence more than 112k.
    result = _run(on, "sessions", str(folder), "1000", heap="180k")
    print(on, result)
    assert result["queued"] == result["right"] == 7000
    assert result["left"] == 0
    assert result["heap_growth"] <= 256  # one block a segment would be 1 kB, one a session 16 kB
    assert result["last_us"] < 3 * result["first_us"] + 300  # the same; the PC is busy at times
    assert len(list(folder.iterdir())) <= 2  # all is delivered: no segment but the last


def test_bytes_of_1000_sessions(tmp_path: Path) -> None:
    outbox = capacity.new_outbox(f"{tmp_path}/outbox")
    for txn in range(1, 101):
        capacity.record_session(outbox, txn, 4)
    used = sum(path.stat().st_size for path in (tmp_path / "outbox").iterdir())
    assert used * 10 < _FLASH_BYTES


@pytest.mark.parametrize("on", ON[1:])
def test_full_flash_refuses_starts_and_takes_ends(on: str) -> None:
    result = _run(on, "fill")
    sessions = result["sessions"]
    assert sessions > 60 and result["refused"] == 1
    for action in ("StartTransaction", "DataTransfer", "StopTransaction"):
        assert result["counts"][action] == sessions
    assert sessions <= result["counts"]["MeterValues"] < 20 * sessions
    assert result["afterwards"] == [
        "StartTransaction",
        *["MeterValues"] * 3,
        "DataTransfer",
        "StopTransaction",
    ]
