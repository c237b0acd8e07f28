"""The log on flash: what goes there, when, how much, and what is left where it cannot."""

import os
import sys

import pytest

from firmware import last_words
from firmware.log import DEBUG, INFO, Log
from firmware.storage import black_box, log_file, log_keeper
from host_tests.unit.services.station_bench import Clock, T
from host_tests.unit.storage.test_boot_record import Rtc


class UnsetRtc(Rtc):
    """As after power-up."""

    def datetime(self):
        return 2000, 1, 1, 5, 0, 0, 0, 0


@pytest.fixture
def rtc():
    return UnsetRtc()


@pytest.fixture
def clock(rtc):
    clock = Clock()
    clock.rtc = rtc
    return clock


@pytest.fixture
def log(clock):
    return Log(clock, INFO, lambda line: None)


@pytest.fixture(autouse=True)
def chip(tmp_path, monkeypatch, rtc):
    """An empty flash and an RTC's memory, which is answered."""
    monkeypatch.chdir(tmp_path)
    return rtc


class FullFlash:
    """`open` for writing fails as on a full flash."""

    def __init__(self, monkeypatch):
        self.full = True
        self._open = open
        monkeypatch.setattr("builtins.open", self)

    def __call__(self, name, mode="r", *more, **options):
        if self.full and ("a" in mode or "w" in mode):
            raise OSError(28, "no space left")
        return self._open(name, mode, *more, **options)


def stored():
    return list(log_file.read())


def test_warnings_errors_and_key_events_go_to_flash(log, clock):
    log.info("ocpp", "connecting")
    log.info("charge", "session %d starts", 7)
    log.warn("can", "bus-off")
    log.error("flash", "full")
    log_file.keep(log, clock)
    assert [line[21:] for line in stored()] == [
        "I charge: session 7 starts", "W can: bus-off", "E flash: full",
    ]  # fmt: skip
    assert not log.pending and log.kept == log.made


def test_the_level_is_a_setting(log, clock):
    log.file_level = DEBUG
    log.info("ocpp", "connecting")
    assert log.pending
    log_file.keep(log, clock)
    assert len(stored()) == 1


def test_a_line_has_the_date_or_the_uptime(log, clock):
    clock.ms = 2_500
    clock.known = False
    log.error("a", "first")
    log_file.keep(log, clock)
    log.error("a", "second")  # written once the clock is set, and made before
    clock.ms = 60_000
    clock.known = True
    log_file.keep(log, clock)
    assert stored() == ["+2.500 E a: first", "2026-01-21T09:51:08Z E a: second"]
    assert T == 1_768_989_066


def test_nothing_is_written_twice(log, clock):
    log.error("a", "one")
    log_file.keep(log, clock)
    log_file.keep(log, clock)
    log.error("a", "two")
    log_file.keep(log, clock)
    assert [line[-3:] for line in stored()] == ["one", "two"]


def test_the_files_take_turns_and_stay_small(log, clock):
    for count in range(1200):
        clock.ms += 1000
        log.error("a", "%04d %s", count, "x" * 50)
        log_file.keep(log, clock)
    sizes = [os.stat(name).st_size for name in (log_file.OLDER, log_file.NEWER)]
    assert all(size <= 32768 for size in sizes) and sum(sizes) > 32768
    numbers = [int(line.split(": ")[1][:4]) for line in stored()]
    assert numbers == list(range(numbers[0], 1200)) and len(numbers) > 350


def test_the_newest_lines(log, clock):
    for count in range(1000):
        clock.ms += 1000
        log.error("a", "%04d %s", count, "x" * 50)
        log_file.keep(log, clock)
    newest = list(log_file.read(count=10))
    assert 5 <= len(newest) <= 20 and "0999" in newest[-1]


def test_a_span_of_time(log, clock):
    for _ in range(10):
        clock.ms += 60_000
        log.error("a", "line")
        log_file.keep(log, clock)
    found = list(log_file.read("2026-01-21T09:54:00Z", "2026-01-21T09:56:59Z"))
    assert [line[14:16] for line in found] == ["54", "55", "56"]


def test_a_spoilt_line_ends_nothing():
    log_file.append(b"2026-01-21T09:51:07Z E a: \xff\xfe\n2026-01-21T09:51:08Z E a: good\n")
    assert stored() == ["2026-01-21T09:51:08Z E a: good"] or "(not readable)" in stored()[0]
    assert stored()[-1].endswith("good")


@pytest.mark.parametrize("size", [64, 100, 1024])
def test_the_ring_has_the_last_lines_whole(clock, size):
    log = Log(clock, INFO, lambda line: None, size)
    seen = []
    for count in range(300):
        clock.ms += 1000
        log.info("x", "%s", "ä" * (count % 17) + str(count))
        seen = list(log_file.in_ram(log))
        assert all(line.lstrip()[0].isdigit() and " I x: " in line for line in seen)
        assert seen[-1].endswith(str(count))
        assert sum(len(line.encode()) + 1 for line in seen) <= size
    assert len(seen) > 1 or size == 64


def test_a_slow_reader_misses_lines_and_nothing_else(clock):
    log = Log(clock, INFO, lambda line: None, 200)
    log.info("x", "first")
    reader = log_file.in_ram(log)
    assert next(reader).endswith("first")
    for count in range(20):
        log.info("x", "%d", count)
    assert [line.split(": ")[1] for line in reader][-1] == "19"


def test_a_message_cannot_make_a_line_of_its_own(log, clock):
    log.error("ocpp", "%s", "bad\n2026-01-21T09:51:06Z E power: forged")
    log_file.keep(log, clock)
    assert len(stored()) == 1


# ---- when it is written ----


def test_batches_are_seldom(log, clock, chip):
    writes = []
    for second in range(600):
        clock.ms = second * 1000
        if second % 20 == 0:
            log.warn("can", "bus-off")
        if log.pending and second >= log.due_s:
            before = log.kept
            log_keeper.turn(log, clock, False)
            if log.kept != before:
                writes.append(second)
    assert 5 <= len(writes) <= 10 and writes[0] >= 60


def test_a_session_is_not_disturbed(log, clock):
    clock.ms = 100_000
    log.warn("bms", "odd")
    log_keeper.turn(log, clock, True)
    assert stored() == []
    while log.made < 900:
        clock.ms += 1000
        log.warn("bms", "odd")
    log_keeper.turn(log, clock, True)  # or lines would be lost
    assert len(stored()) > 10


def test_what_is_not_on_flash_yet_outlives_a_reset(log, clock, chip):
    log.error("power", "silent")
    clock.ms = 5_000
    log_keeper.turn(log, clock, False)
    assert stored() == []
    after = Log(Clock(), INFO, lambda line: None)
    last_words.recall(after, chip)
    lines = list(log_file.in_ram(after))
    assert "E before: 2026-01-21T09:51:06Z E power: silent" in lines[-1]
    again = Log(Clock(), INFO, lambda line: None)
    last_words.recall(again, chip)
    assert again.made == 0


def test_what_is_on_flash_is_not_told_again(log, clock, chip):
    log.error("power", "silent")
    log_keeper.save(log, clock, False)
    assert len(stored()) == 1
    last_words.recall(log, chip)
    assert log.made == log.kept


def test_a_crash_loop_does_not_wear_the_flash(log, clock, chip):
    log.error("tasks", "control died")
    log_keeper.save(log, clock, True)
    assert stored() == []
    after = Log(Clock(), INFO, lambda line: None)
    last_words.recall(after, chip)
    assert "control died" in list(log_file.in_ram(after))[-1]


def test_a_full_flash_stops_nothing(log, clock, chip, monkeypatch):
    flash = FullFlash(monkeypatch)
    clock.ms = 70_000
    log.error("a", "one")
    log_keeper.turn(log, clock, False)
    assert log.pending and log.due_s >= 600
    flash.full = False
    clock.ms = 700_000
    log_keeper.turn(log, clock, False)
    assert len(stored()) == 1


# ---- last words ----


def fail(depth):
    if depth:
        fail(depth - 1)
    raise ValueError("too far")


def error_of(depth=1):
    try:
        fail(depth)
    except ValueError as error:
        return error


def test_last_words_have_the_end_of_the_traceback(log, clock):
    last_words.trace(log, error_of(60))
    lines = list(log_file.in_ram(log))
    assert lines[-1].endswith("E trace: ValueError: too far")
    assert len(lines) <= 12


def test_an_end_while_it_is_built_is_written_once(chip, capsys, monkeypatch):
    machine = type(sys)("machine")
    machine.RTC = lambda: chip
    monkeypatch.setitem(sys.modules, "machine", machine)
    for _ in range(3):
        last_words.keep(None, error_of())
    assert [line for line in stored() if line.endswith("too far")] == stored()[-1:]
    assert capsys.readouterr().out.count("too far") >= 3
    last_words.keep(None, OSError(5))
    assert "OSError" in stored()[-1]


@pytest.mark.parametrize("memory", [b"", b"x" * 8, b"x" * 300, b"12345678LoG1\x00\x05aaaabbbbb"])
def test_a_memory_without_sense_is_empty(chip, memory):
    chip.memory(memory)
    assert black_box.take(chip) == []


def test_the_box_takes_the_end_and_whole_lines(chip):
    chip.memory(b"BOOT****")
    black_box.put(chip, b"".join(b"line %03d\n" % count for count in range(200)))
    lines = black_box.take(chip)
    assert lines[-1] == "line 199" and all(len(line) == 8 for line in lines)
    assert chip.memory()[:8] == b"BOOT****"
