"""The list of finished sessions: bounded, each once, whole lines only."""

import os
from pathlib import Path

import pytest

from firmware.storage import session_history as history


@pytest.fixture(autouse=True)
def flash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def add(number: int, tag: str = "0A1B2C3D4E", reason: str = "Local") -> None:
    history.add(number, 1_768_989_000 + number, 90_500, 3390, 8718, reason, tag)


def test_a_session_comes_back_as_it_was() -> None:
    assert list(history.read()) == []
    add(130)
    assert list(history.read()) == [
        (130, 1_768_989_130, 90, 3390, 8718, "Local", "0A1B2C3D4E")
    ]  # fmt: skip


def test_the_last_50_are_kept_and_the_files_stay_small(flash: Path) -> None:
    for number in range(1, 221):
        add(number)
        assert [row[0] for row in history.read()] == list(range(max(1, number - 49), number + 1))
    assert sum(file.stat().st_size for file in flash.iterdir()) <= 2 * 50 * 96


def test_one_that_is_noted_again_is_there_once() -> None:
    add(1)
    add(2)
    add(2)
    assert [row[0] for row in history.read()] == [1, 2]


def test_long_and_empty_values_fit_their_line() -> None:
    history.add(2**31, 0, 2**29, 10**9, -1, "", "x" * 60)
    add(2, tag="", reason="EVDisconnected")
    add(3, tag="two words")
    rows = list(history.read())
    assert rows[0][5] == "-" and rows[0][4] == -1 and rows[0][6].startswith("xxxx")
    assert rows[1][5:] == ("EVDisconnected", "") and rows[2][6] == "two words"
    assert os.stat(history.NEWER).st_size == 3 * 96


def test_a_spoilt_line_is_left_out(flash: Path) -> None:
    for number in range(1, 4):
        add(number)
    path = flash / history.NEWER
    data = bytearray(path.read_bytes())
    data[96:120] = b"\xff" * 24
    path.write_bytes(data)
    assert [row[0] for row in history.read()] == [1, 3]
