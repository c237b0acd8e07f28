"""The log: its lines, its levels, and texts that the build has moved to a file."""

import pytest

from firmware import log as module
from firmware.log import DEBUG, ERROR, INFO, WARNING, Log
from host_tests.unit.services.station_bench import Clock


@pytest.fixture
def lines():
    return []


def make(lines, level=INFO):
    clock = Clock()
    clock.ms = 12_345
    return Log(clock, level, lines.append)


def test_a_line(lines):
    make(lines).warn("ocpp", "retry in %d s", 4)
    assert lines == ["   12.345 W ocpp: retry in 4 s"]


def test_a_percent_sign_is_harmless_without_arguments(lines):
    make(lines).info("bms", "87 % full")
    assert lines[0].endswith("bms: 87 % full")


@pytest.mark.parametrize(
    "level, shown", [(DEBUG, "DIWE"), (INFO, "IWE"), (WARNING, "WE"), (ERROR, "E")]
)
def test_levels(lines, level, shown):
    log = make(lines, level)
    for write in (log.debug, log.info, log.warn, log.error):
        write("x", "text")
    assert "".join(line.split()[1] for line in lines) == shown


def test_what_is_not_shown_is_not_formatted(lines):
    make(lines, ERROR).info("x", "%d", "no number")
    assert lines == []


def test_texts_from_the_file(lines, tmp_path, monkeypatch):
    first = b"one %s\n"
    (tmp_path / "log.txt").write_bytes(first + "größer als %d\n".encode())
    monkeypatch.setattr(module, "__file__", str(tmp_path / "resident.mpy"))
    log = make(lines)
    log.info("x", 0, "a")
    log.info("x", len(first), 5)
    assert [line.split(": ")[1] for line in lines] == ["one a", "größer als 5"]


def test_without_the_file_the_place_is_shown(lines, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "__file__", str(tmp_path / "resident.mpy"))
    make(lines).info("x", 17)
    assert lines[0].endswith("x: (text 17)")


def test_without_the_file_a_line_with_arguments_still_comes(lines, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "__file__", str(tmp_path / "resident.mpy"))
    make(lines).error("x", 17, "why", 3)
    assert lines[0].endswith("x: (text 17) ('why', 3)")


@pytest.mark.parametrize("text", ["%d bytes", "100 %", "no place for it", "%q"])
def test_a_text_of_another_build_harms_nobody(lines, tmp_path, monkeypatch, text):
    (tmp_path / "log.txt").write_text(text + "\n")
    monkeypatch.setattr(module, "__file__", str(tmp_path / "resident.mpy"))
    make(lines).error("x", 0, "why")
    assert text in lines[0] and "why" in lines[0]


def test_a_line_without_memory_is_dropped():
    def full(line):
        raise MemoryError

    Log(Clock(), INFO, full).error("x", "text")
