"""The choice of the code slot: trials, fall-back, and files that make no sense."""

import pytest

from firmware.update import slots


@pytest.fixture
def flash(tmp_path, monkeypatch):
    """A chip with both slots whole; `/a` and `/b` are looked for in the folder."""
    monkeypatch.chdir(tmp_path)
    app = "firmware/app.mpy"
    monkeypatch.setattr(slots, "_whole", lambda slot: (tmp_path / slot / app).exists())
    for slot in slots.SLOTS:
        (tmp_path / slot / "firmware").mkdir(parents=True)
        (tmp_path / slot / "firmware" / "app.mpy").write_bytes(b"M")
    return tmp_path


def starts(count: int) -> list:
    return [slots.choose() for _ in range(count)]


def test_a_new_charger_runs_a_and_writes_nothing(flash) -> None:
    assert starts(3) == [("a", False)] * 3
    assert not (flash / "slot").exists()


def test_a_trial_has_two_starts_and_the_third_is_the_old_code(flash) -> None:
    slots.try_out("b", "a")
    assert starts(5) == [("b", True), ("b", True), ("a", False), ("a", False), ("a", False)]
    assert (flash / "slot").read_text() == "a"


def test_a_confirmed_one_stays(flash) -> None:
    slots.try_out("b", "a")
    slots.choose()
    assert slots.on_trial() and slots.current() == "b"
    slots.confirm()
    assert not slots.on_trial()
    assert starts(3) == [("b", False)] * 3


def test_a_slot_that_is_not_whole_is_not_tried(flash) -> None:
    slots.try_out("b", "a")
    (flash / "b" / "firmware" / "app.mpy").unlink()
    assert starts(2) == [("a", False)] * 2


def test_a_start_that_cannot_be_counted_is_not_made(flash, monkeypatch) -> None:
    slots.try_out("b", "a")

    def broken(line: str) -> None:
        raise OSError(5)

    monkeypatch.setattr(slots, "_write", broken)
    assert starts(2) == [("a", False)] * 2


def test_three_failed_starts_give_the_other_one_a_trial(flash) -> None:
    for _ in range(2):
        slots.start_failed()
        assert slots.choose() == ("a", False)
    slots.start_failed()
    assert starts(3) == [("b", True), ("b", True), ("a", False)]


def test_a_start_that_worked_forgets_the_failed_ones(flash) -> None:
    slots.start_failed()
    slots.confirm()
    assert (flash / "slot").read_text() == "a"


def test_without_another_one_there_is_nothing_to_try(flash) -> None:
    (flash / "b" / "firmware" / "app.mpy").unlink()
    for _ in range(5):
        slots.start_failed()
    assert not (flash / "slot").exists() and slots.choose() == ("a", False)


@pytest.mark.parametrize("line", [b"", b"c", b"b x a", b"b 2 z", b"\xff\xfe", b"a 1 b 7 8", b"  "])
def test_a_line_that_makes_no_sense_starts_something_whole(flash, line: bytes) -> None:
    (flash / "slot").write_bytes(line)
    assert all(slot in slots.SLOTS for slot, _ in starts(4))
    assert slots.choose()[1] is False


def test_no_slot_at_all(flash) -> None:
    for slot in slots.SLOTS:
        (flash / slot / "firmware" / "app.mpy").unlink()
    assert slots.choose() == ("", False) and slots.current() == ""
