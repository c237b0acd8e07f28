"""Room on flash: the idle slot goes, piece by piece, but not while it is the way back."""

from pathlib import Path

import pytest

from firmware.storage import outbox_store
from firmware.storage.outbox_store import OutboxStore
from firmware.update import room, slots


@pytest.fixture
def chip(tmp_path, monkeypatch):
    """Two whole slots; a runs."""
    monkeypatch.chdir(tmp_path)
    for slot in slots.SLOTS:
        for name in (
            "firmware/app.mpy",
            "firmware/a.mpy",
            "m/b.mpy",
            "m/c.mpy",
            "lib/x/d.mpy",
            "e",
        ):
            path = tmp_path / slot / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"code")
    whole = lambda slot: (tmp_path / slot / "firmware/app.mpy").exists()  # noqa: E731
    monkeypatch.setattr(slots, "_whole", whole)
    return tmp_path


def files(chip, slot):
    return [path for path in (chip / slot).rglob("*") if path.is_file()]


def test_the_idle_slot_is_emptied_and_what_makes_it_whole_goes_first(chip):
    steps = room.make()
    next(steps)
    assert not (chip / "b/firmware/app.mpy").exists()
    assert len(list(steps)) == 4
    assert not files(chip, "b") and len(files(chip, "a")) == 6
    assert list(room.make()) == []


def test_on_trial_the_way_back_stays(chip):
    slots.try_out("b", "a")
    assert list(room.make()) == [] and not room.some()
    assert len(files(chip, "a")) == len(files(chip, "b")) == 6


def test_some_at_a_time(chip):
    assert room.some() and len(files(chip, "b")) == 1
    assert room.some() and not files(chip, "b")
    assert not room.some()


def test_a_flash_that_fills_up_takes_it_before_samples_are_thinned(chip, monkeypatch):
    used = {"free": 100}
    monkeypatch.setattr(outbox_store, "free_bytes", lambda path: used["free"])
    monkeypatch.setattr(outbox_store, "_MIN_FREE", 50)
    store = OutboxStore("outbox", 150)
    assert store.has_room() and store.is_low()
    store.reclaim = room.some
    store._asked = 0
    assert store.has_room() and not store.is_low() and len(files(chip, "b")) == 1
    used["free"] = 40
    assert store.has_room() and not store.is_low() and not files(chip, "b")
    assert not store.has_room() and store.is_low()
    assert Path("a/firmware/app.mpy").exists()
