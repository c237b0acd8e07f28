"""The file of charging profiles: kept whole, read line by line."""

import os

import pytest

from firmware.storage import profiles
from firmware.storage.profiles import rewrite, rows


@pytest.fixture(autouse=True)
def flash(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def row(number):
    return [number, 1, 0, 1, 0, "A", 0, 0, 0, 0, 1_768_989_066, 0, [0, 60, 60, 163]]


def never(_row):
    return False


def fill(count):
    for number in range(count):
        rewrite(never, row(number))


def test_without_a_file_there_are_none():
    assert list(rows()) == []
    rewrite(never)
    assert list(rows()) == []


def test_what_stays_and_what_comes():
    fill(3)
    assert list(rows()) == [row(0), row(1), row(2)]
    rewrite(lambda old: old[0] == 1, row(7))
    assert list(rows()) == [row(0), row(2), row(7)]
    rewrite(lambda old: True)
    assert list(rows()) == []


@pytest.mark.parametrize("line", [
    b'[1,1,0,1,0,"A",0,0,0,0,1768989066,0,[0,60,60\n', b"{}\n", b"[[]]\n", b"\xff\x00]]\n", b"\n",
    b'[1,1,0,1,0,"A",0,0,0,0,1768989066,0,[0,60]]',
])  # fmt: skip
def test_a_damaged_line_is_told_and_kept(line):
    fill(2)
    with open("profiles", "ab") as file:
        file.write(line)
    assert list(rows()) == [row(0), row(1), None]
    rewrite(lambda old: old is not None and old[0] == 0)
    assert list(rows()) == [row(1), None]


def test_flash_that_fails_keeps_the_old_ones(monkeypatch):
    fill(2)

    def rename(old, new):
        raise OSError(28)

    monkeypatch.setattr(profiles.os, "rename", rename)
    with pytest.raises(OSError):
        rewrite(never, row(2))
    assert list(rows()) == [row(0), row(1)]


def test_a_read_error_is_no_empty_file():
    os.mkdir("profiles")
    with pytest.raises(OSError):
        list(rows())
