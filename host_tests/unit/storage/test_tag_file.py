"""The tags on flash: found whatever they are made of, replaced as a whole, never too many."""

import os

import pytest

from firmware.storage import tag_cache, tag_changes
from firmware.storage.tag_cache import clear as clear_cache
from firmware.storage.tag_cache import remember
from firmware.storage.tag_changes import update_list
from firmware.storage.tag_file import CACHE, LIST, find, version

YES = ["Accepted", 0, ""]
NO = ["Blocked", 1_900_000_000, "FLEET"]
STRANGE = [
    "",
    "a,b",
    'a"b',
    "a\\",
    '","',
    "[",
    'A", ',
    "\u00e4\u00f6",
    "x\ny",
    "]",
    "]]\n[",
    "@TID@",
]
MOST = 8192


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def full(*tags, number=1, longest=500):
    return update_list(number, True, dict.fromkeys(tags, YES), longest)


def test_nothing_is_known_at_first():
    assert find(LIST, "TAG") is None
    assert find(CACHE, "TAG") is None
    assert version() == 0


@pytest.mark.parametrize("tag", STRANGE)
def test_any_tag_is_kept_and_found(tag):
    assert update_list(3, True, {"A": YES, tag: NO, "a,bc": YES}, 500)
    assert find(LIST, tag) == NO
    assert find(LIST, tag.lower()) == find(LIST, tag.upper()) == NO
    assert find(LIST, tag + "x") is None
    assert update_list(4, False, {tag: None}, 500)
    assert find(LIST, tag) is None
    assert find(LIST, "A") == YES


def test_tags_are_found_at_every_place_of_a_block():
    tags = [("%d" % number) * (1 + number % 7) for number in range(300)]
    full(*tags)
    for tag in tags:
        assert find(LIST, tag) == YES, tag
    assert find(LIST, "none") is None


def test_a_parent_that_looks_like_a_line_is_no_line():
    update_list(1, True, {"A": ["Accepted", 0, '["B",']}, 500)
    assert find(LIST, "B") is None
    assert find(LIST, "A") == ["Accepted", 0, '["B",']


def test_full_replaces():
    full("A", "B")
    full("C", number=2)
    assert [find(LIST, tag) for tag in "ABC"] == [None, None, YES]
    assert version() == 2


def test_differential_adds_changes_and_removes():
    full("A", "B", "C")
    assert update_list(2, False, {"b": NO, "C": None, "D": YES, "E": None}, 500)
    assert [find(LIST, tag) for tag in "ABCDE"] == [YES, NO, None, YES, None]
    assert version() == 2
    with open(LIST, "rb") as file:
        assert file.read().count(b"\n") == 4  # the version and three tags: no tag twice


def test_an_empty_list_has_version_0():
    full(number=5)
    assert version() == 0
    full("A", number=6)
    assert version() == 6
    update_list(7, False, {"A": None}, 500)
    assert version() == 0


def test_more_than_the_longest_changes_nothing():
    assert full(*"ABC", longest=3)
    assert not full(*"DEFG", number=2, longest=3)
    assert not update_list(2, False, {"D": YES}, 3)
    assert version() == 1
    assert [find(LIST, tag) for tag in "ABCD"] == [YES, YES, YES, None]
    assert update_list(2, False, {"D": YES, "A": None}, 3)
    assert sorted(os.listdir(".")) == [LIST]


@pytest.mark.parametrize("failing", ["rename", "write"])
def test_flash_that_fails_changes_nothing(monkeypatch, failing):
    full("A")
    if failing == "rename":
        monkeypatch.setattr(os, "rename", fails)
    else:
        monkeypatch.setattr(tag_changes, "open", full_flash, raising=False)
    with pytest.raises(OSError):
        full("B", number=2)
    assert version() == 1
    assert find(LIST, "A") == YES and find(LIST, "B") is None
    assert os.listdir(".") == [LIST]


def fails(*_):
    raise OSError(28)


def full_flash(path, mode):
    if "w" in mode or "a" in mode:
        raise OSError(28)
    return open(path, mode)


def test_a_damaged_list_is_an_empty_one(folder):
    (folder / LIST).write_bytes(b"\xff\xff" * 2000)
    assert version() == 0
    assert find(LIST, "A") is None
    (folder / LIST).write_bytes(b'[3]\n["A","Accep\n["B","Accepted", 0]\n["C",1, "", ""]\n')
    assert version() == 3
    assert find(LIST, "A") is find(LIST, "B") is find(LIST, "C") is None
    full("A")
    assert find(LIST, "A") == YES


# ---- the cache ----


def test_the_cache_remembers_and_changes():
    remember("A", YES, MOST)
    remember("B", YES, MOST)
    remember("a", NO, MOST)
    assert find(CACHE, "A") == NO and find(CACHE, "B") == YES
    clear_cache()
    assert find(CACHE, "A") is None
    clear_cache()


def test_what_is_known_is_not_written_again(folder):
    remember("A", YES, MOST)
    (folder / CACHE).chmod(0o400)
    before = (folder / CACHE).stat()
    remember("A", YES, MOST)
    after = (folder / CACHE).stat()
    assert (before.st_mtime_ns, before.st_ino) == (after.st_mtime_ns, after.st_ino)


def test_the_oldest_go_first():
    for number in range(2000):
        remember("TAG%d" % number, YES, MOST)
        assert os.stat(CACHE).st_size <= MOST
    kept = [number for number in range(2000) if find(CACHE, "TAG%d" % number)]
    assert kept == list(range(kept[0], 2000))
    assert len(kept) > 100


def test_a_tag_that_is_told_anew_is_young_again():
    for number in range(1000):
        remember("TAG%d" % number, YES, MOST)
        if number % 50 == 0:
            remember("OFTEN", ["Accepted", number, ""], MOST)
    assert find(CACHE, "OFTEN") == ["Accepted", 950, ""]


def test_flash_that_fails_is_told(monkeypatch):
    remember("A", YES, MOST)
    for module in (tag_cache, tag_changes):
        monkeypatch.setattr(module, "open", full_flash, raising=False)
    for tag in "AB":
        with pytest.raises(OSError):
            remember(tag, NO, MOST)
    assert find(CACHE, "A") == YES
    monkeypatch.setattr(os, "remove", fails)
    with pytest.raises(OSError):
        clear_cache()
