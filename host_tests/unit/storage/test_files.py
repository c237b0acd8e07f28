"""Whole files: the old or the new content, never half; what is no JSON is set aside."""

import json
from pathlib import Path

import pytest

from firmware.storage import files
from firmware.storage.json_files import read_json
from host_tests.unit.storage.torn_folder import TornFolder


def test_json_goes_and_comes_back(tmp_path: Path) -> None:
    path = f"{tmp_path}/a.json"
    assert read_json(path) == {}
    value = {"a": [1, -2, "ä"], "big": 1 << 40}
    files.write_json(path, value)
    assert read_json(path) == value
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]


@pytest.mark.parametrize("content", [b"{", b"[1]", b"7", b'"x"', b"\xff\xfe", b"{} x", b"null"])
def test_what_is_no_object_is_set_aside(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(content)
    assert read_json(str(path)) == {}
    assert (tmp_path / "a.json.bad").read_bytes() == content
    assert not path.exists()
    files.write_json(str(path), {"n": 1})
    assert read_json(str(path)) == {"n": 1}


@pytest.mark.parametrize("cut", [1, 2])
def test_a_cut_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cut: int
) -> None:
    path = f"{tmp_path}/a.json"
    files.write_json(path, {"n": 1})
    flash = TornFolder(tmp_path, monkeypatch)
    flash.cut = cut
    with pytest.raises(OSError):
        files.write_json(path, {"n": 2, "more": "x" * 100})
    flash.start()
    assert read_json(path) == {"n": 1}


def test_a_value_that_is_no_json_leaves_the_old_file(tmp_path: Path) -> None:
    path = f"{tmp_path}/a.json"
    files.write_json(path, {"n": 1})
    with pytest.raises(TypeError):
        files.write_json(path, {"n": object()})
    assert read_json(path) == {"n": 1}


def test_removing_what_is_not_there_is_no_error(tmp_path: Path) -> None:
    files.write_atomic(f"{tmp_path}/a", b"x")
    files.remove(f"{tmp_path}/a")
    files.remove(f"{tmp_path}/a")
    assert files.read_bytes(f"{tmp_path}/a") == b""


def test_a_folder_is_made_once_and_a_file_is_no_folder(tmp_path: Path) -> None:
    files.ensure_folder(f"{tmp_path}/f")
    files.ensure_folder(f"{tmp_path}/f")
    assert (tmp_path / "f").is_dir()
    (tmp_path / "g").write_bytes(b"")
    with pytest.raises(OSError):
        files.ensure_folder(f"{tmp_path}/g")


def test_free_bytes_is_what_the_file_system_says(tmp_path: Path) -> None:
    assert 0 < files.free_bytes(str(tmp_path)) < 1 << 60


def test_json_file_is_bound_to_its_path(tmp_path: Path) -> None:
    files.JsonFile(f"{tmp_path}/k.json").write({"a": "b"})
    assert json.loads((tmp_path / "k.json").read_text()) == {"a": "b"}
