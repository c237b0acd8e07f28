"""Power cuts at flash writes: what the outbox has confirmed is never lost, changed or reordered.

The plays are books.py's: on littlefs2 under both MicroPythons, on a folder that tears on CPython.
"""

import json
from pathlib import Path

import pytest

from host_tests.unit.net.interpreters import ON, start
from host_tests.unit.storage import books
from host_tests.unit.storage.torn_folder import TornFolder

_LOW = [pytest.param(0, id="roomy"), pytest.param(1 << 40, id="thinned")]
_EVERY = [29, pytest.param(1, marks=[pytest.mark.slow, pytest.mark.timeout(900)])]


def _on_folder(path: Path, cuts: range, low_bytes: int) -> list[dict]:
    results = []
    for cut in cuts:
        (path / str(cut)).mkdir(parents=True)
        with pytest.MonkeyPatch.context() as patch:
            results.append(books.play(TornFolder(path / str(cut), patch), cut, low_bytes))
    return results


def _on_littlefs(on: str, cuts: range, low_bytes: int | str) -> list[dict]:
    words = [str(low_bytes), *map(str, cuts)]
    process = start(on, Path(books.__file__), *words)
    out, err = process.communicate(timeout=100 + len(cuts))
    assert process.returncode == 0, err
    assert not err
    return [json.loads(line) for line in out.splitlines()]


def _plays(on: str, path: Path, cuts: range, low_bytes: int) -> list[dict]:
    if on == "cpython":
        return _on_folder(path, cuts, low_bytes)
    return _on_littlefs(on, cuts, low_bytes)


@pytest.mark.parametrize("low_bytes", _LOW)
@pytest.mark.parametrize("every", _EVERY)
@pytest.mark.parametrize("on", ON)
def test_no_cut_harms_the_books(on: str, every: int, low_bytes: int, tmp_path: Path) -> None:
    peace = _plays(on, tmp_path / "peace", range(1), low_bytes)[0]
    assert peace["wrong"] == {} and peace["repeats"] == 0

    plays = _plays(on, tmp_path, range(1, peace["writes"] + 1, every), low_bytes)

    print(
        f"{on}: {len(plays)} cuts, {sum(p['messages'] for p in plays)} messages, "
        f"{sum(p['repeats'] for p in plays)} sent twice, 0 lost"
    )
    assert [p for p in plays if p["wrong"]] == []
    assert len(plays) == len(range(1, peace["writes"] + 1, every))


@pytest.mark.parametrize("every", [7, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("on", ON)
def test_no_cut_harms_letters_that_are_sent_again(on: str, every: int, tmp_path: Path) -> None:
    def plays(cuts: range) -> list[dict]:
        if on != "cpython":
            return _on_littlefs(on, cuts, "resend")
        results = []
        for cut in cuts:
            (tmp_path / str(cut)).mkdir(parents=True)
            with pytest.MonkeyPatch.context() as patch:
                flash = TornFolder(tmp_path / str(cut), patch)
                results.append(books.Resending(flash, 0).resend(cut))
        return results

    peace = plays(range(1))[0]
    assert peace["wrong"] == {} and peace["messages"] == 6
    cuts = range(1, peace["writes"] + 1, every)
    assert [p for p in plays(cuts) if p["wrong"]] == []
    assert len(cuts) > 3


def test_a_play_notices_a_lost_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flash = TornFolder(tmp_path, monkeypatch)
    game = books.Play(flash, 0)
    game.live(0)
    assert game.verdict(0)["wrong"] == {}
    game.confirmed.append(9999)
    del game.server.stops[1]
    game.server.got[3:5] = reversed(game.server.got[3:5])
    assert set(game.verdict(0)["wrong"]) == {"missing", "never_stopped", "unordered"}
