"""The journal: order, segments, torn and spoilt lines, failed writes."""

import builtins
from pathlib import Path
from typing import Any

import pytest

from firmware.storage.journal import Journal


def _texts(journal: Journal) -> list[str]:
    texts, place = [], journal.begin()
    while found := journal.read(place):
        text, _, place = found
        texts.append(text)
    return texts


def _segments(folder: Path) -> list[int]:
    return sorted(int(path.stem) for path in folder.glob("*.log"))


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    journal = Journal(f"{tmp_path}/j", 100)
    for number in range(12):
        journal.append(f"record {number} äöü 漢")
    return journal


def test_what_is_appended_is_read_in_order_across_segments(journal: Journal) -> None:
    assert _texts(journal) == [f"record {number} äöü 漢" for number in range(12)]
    assert _segments(Path(journal.folder)) == [1, 2, 3, 4]


def test_a_record_is_on_flash_when_append_returns(tmp_path: Path) -> None:
    journal = Journal(f"{tmp_path}/j")
    for number in range(3):
        journal.append(str(number))
        assert _texts(Journal(journal.folder)) == [str(n) for n in range(number + 1)]


@pytest.mark.parametrize("text", ["", "\t", "x" * 5000, "a\tb\tc", "\ufeff", "%s %d", "\x00\r"])
def test_any_text_without_a_line_end_comes_back(tmp_path: Path, text: str) -> None:
    journal = Journal(f"{tmp_path}/j", 100)
    journal.append("0" + text)
    journal.append("1")
    assert _texts(Journal(journal.folder)) == ["0" + text, "1"]


def test_a_restart_begins_a_new_segment(journal: Journal) -> None:
    before = _segments(Path(journal.folder))
    again = Journal(journal.folder, 100)
    again.append("new")
    assert _segments(Path(journal.folder)) == [*before, before[-1] + 1]
    assert _texts(again)[-1] == "new"


def test_every_torn_tail_is_dropped_and_nothing_else(journal: Journal) -> None:
    last = Path(journal.name(journal.newest()))
    whole = last.read_bytes()
    for size in range(len(whole)):
        last.write_bytes(whole[:size])
        expected = 9 + whole[:size].count(b"\n")
        assert len(_texts(Journal(journal.folder, 100))) == expected


def test_every_spoilt_byte_costs_its_own_record_at_most(journal: Journal) -> None:
    first = Path(journal.name(1))
    whole = first.read_bytes()
    all_texts = _texts(journal)
    for index, byte in enumerate(whole):
        first.write_bytes(whole[:index] + bytes([byte ^ 4]) + whole[index + 1 :])
        texts = _texts(journal)
        assert texts[-9:] == all_texts[-9:]
        assert len(texts) >= 10 and all(text in all_texts for text in texts)
        if index < whole.index(b"\n"):
            assert texts[0] == all_texts[1]


def test_after_a_failed_write_nothing_follows_the_torn_line(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_open = builtins.open

    def torn_open(path: str, mode: str) -> Any:
        with real_open(path, mode) as file:
            file.write(b"half a li")
        raise OSError(28)

    with monkeypatch.context() as patch:
        patch.setattr(builtins, "open", torn_open)
        with pytest.raises(OSError):
            journal.append("lost")
    journal.append("kept")
    assert len(_texts(journal)) == 13
    assert _texts(journal)[-1] == "kept"


def test_segments_are_dropped_from_the_front(journal: Journal) -> None:
    journal.drop_before(3)
    assert _segments(Path(journal.folder)) == [3, 4]
    assert _texts(journal)[0].startswith("record 6 ")
    assert _texts(Journal(journal.folder))[0].startswith("record 6 ")


def test_last_records_are_those_of_the_newest_segment_that_has_any(journal: Journal) -> None:
    newest = [f"record {number} äöü 漢" for number in (9, 10, 11)]
    assert list(journal.last_records()) == newest
    again = Journal(journal.folder)
    Path(again.name(again.newest())).write_bytes(b"torn")
    assert list(Journal(journal.folder).last_records()) == newest


def test_an_empty_journal_has_nothing(tmp_path: Path) -> None:
    journal = Journal(f"{tmp_path}/j")
    assert _texts(journal) == [] and list(journal.last_records()) == []


def test_other_files_in_the_folder_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "old.bad").write_bytes(b"x")
    (tmp_path / "state").write_bytes(b"1")
    journal = Journal(str(tmp_path))
    journal.append("a")
    journal.drop_before(9)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["old.bad", "state"]
