"""The lifetime register: never backwards, whatever happens to one of its two files."""

from pathlib import Path

import pytest

from firmware.storage.register import EnergyRegister
from host_tests.unit.storage.torn_folder import TornFolder


@pytest.fixture
def path(tmp_path: Path) -> str:
    return f"{tmp_path}/register"


def test_a_new_charger_begins_at_zero(path: str) -> None:
    register = EnergyRegister(path)
    assert register.load() == (0, 0)
    assert register.next_transaction() == 1


def test_it_keeps_what_was_stored(path: str) -> None:
    register = EnergyRegister(path)
    for wh, mwh in ((0, 1), (0, 999), (1, 0), (2_000_000_000, 999)):
        register.store(wh, mwh)
        assert register.load() == EnergyRegister(path).load() == (wh, mwh)


@pytest.mark.parametrize("less", [(5, 499), (4, 999), (0, 0), (5, 500)])
def test_it_never_runs_backwards(path: str, less: tuple[int, int]) -> None:
    register = EnergyRegister(path)
    register.store(5, 500)
    before = {p.name: p.read_bytes() for p in Path(path).parent.iterdir()}
    register.store(*less)
    assert register.load() == EnergyRegister(path).load() == (5, 500)
    assert before == {p.name: p.read_bytes() for p in Path(path).parent.iterdir()}


def test_transaction_numbers_are_never_repeated(path: str) -> None:
    numbers = []
    for _ in range(3):
        register = EnergyRegister(path)
        numbers += [register.next_transaction(), register.next_transaction()]
        register.store(numbers[-1], 0)
    assert numbers == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("content", [b"", b"9 9", b"x y z 1 2 3", b"9 9 9 9 9 9", b"\xff" * 64])
@pytest.mark.parametrize("which", ["0", "1"])
def test_a_spoilt_file_costs_one_write_at_most(path: str, which: str, content: bytes) -> None:
    register = EnergyRegister(path)
    register.store(1, 0)
    register.store(2, 0)
    Path(path + which).write_bytes(content)
    again = EnergyRegister(path)
    assert again.load() in ((1, 0), (2, 0))
    again.store(3, 0)
    again.store(4, 0)
    assert EnergyRegister(path).load() == (4, 0)


def test_a_cut_at_any_write_loses_that_write_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for cut in range(1, 13):
        path = f"{tmp_path}/{cut}"
        flash = TornFolder(tmp_path, monkeypatch)
        flash.cut = cut
        register = EnergyRegister(path)
        stored = txn = 0
        try:
            for wh in range(1, 20):
                register.store(wh, 0)
                stored = wh
                txn = register.next_transaction()
        except OSError:
            pass
        flash.start()
        flash.cut = 0
        again = EnergyRegister(path)
        assert again.load()[0] in (stored, stored + 1)
        assert again.next_transaction() > txn
        monkeypatch.undo()


class _Clock:
    def unix_s(self) -> int:
        return 1_768_989_066


def test_the_next_life_knows_when_it_was_written_last(path: str) -> None:
    register = EnergyRegister(path, _Clock())
    assert register.written_s == 0
    register.store(5, 0)
    assert EnergyRegister(path, _Clock()).written_s == 1_768_989_066
