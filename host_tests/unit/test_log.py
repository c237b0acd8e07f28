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


def test_a_flood_is_cut_short_counted_and_hides_no_error(lines):
    clock = Clock()
    log = Log(clock, INFO, lines.append)
    for number in range(500):
        log.warn("bms", "noise %d", number)
    assert len(lines) == 30, "the rest of the burst is for errors"
    log.error("fault", "Weld")
    assert lines[-2].endswith("W log: 470 lines left out") and lines[-1].endswith("E fault: Weld")
    for _ in range(100):
        log.error("bms", "noise")
    assert len(lines) < 45


def test_after_a_flood_there_is_a_line_a_second(lines):
    clock = Clock()
    log = Log(clock, INFO, lines.append)
    for _ in range(100):
        log.info("bms", "noise")
    lines.clear()
    for _ in range(20):
        clock.ms += 1000
        for _ in range(5):
            log.info("bms", "noise")
    noise = [line for line in lines if "noise" in line]
    assert len(noise) == 20 and "4 lines left out" in lines[-2]


def test_a_line_is_cut_and_stays_one_line(lines):
    log = make(lines)
    log.info("bms", "x" * 1000 + "\nsecond")
    log.info("bms", "a\nb")
    assert len(lines[0]) < 230 and lines[1].endswith("bms: a b")


def test_the_ring_holds_the_newest_and_never_grows(lines):
    log = Log(Clock(), INFO, lines.append, size=256)
    for number in range(30):
        log.error("bms", "number %d", number)
    assert len(log.ring) == 256 and b"number 29\n" in bytes(log.ring) * 2
