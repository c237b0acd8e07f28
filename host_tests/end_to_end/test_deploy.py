"""`make deploy`, `backup`, `restore`: mpremote against MicroPython on a pty."""

import json
import os
import pty
import tty
import zipfile

import pytest
from mpremote.transport_serial import SerialTransport

from host_tests.end_to_end.pty_board import PtyBoard
from tools.deploy import __main__ as program
from tools.deploy import data as archive
from tools.deploy.board import Board, BoardError
from tools.deploy.code import STAGE, is_code
from tools.image.tree import image_tree
from tools.micropython import command
from tools.sim.bench import Bench

DATA = {
    "/settings.json": b'{"wifi_password": "hush"}',
    "/outbox/3": bytes(range(256)) * 9,
    "/register0": b"",
}

pytestmark = pytest.mark.skipif(
    command("micropython") is None and not os.environ.get("CI"), reason="MicroPython: make setup"
)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr("tools.deploy.in_use.ANSWER_S", 1)


@pytest.fixture(scope="module")
def built():
    return image_tree()


@pytest.fixture
def tree(built, monkeypatch):
    """The code of one build, whatever is changed in the sources meanwhile."""
    monkeypatch.setattr(program, "image_tree", lambda: built)
    return built


def old_code(tree):
    """What an earlier build left: one file other, one of its own, one missing."""
    files = {**tree, "/a/firmware/old.mpy": b"M\x06\x00\x1f", "/main.py": b"# an older one\n"}
    del files["/a/firmware/log.txt"]
    return files


def run(capsys, board, *words):
    """Exit status and what was said."""
    status = program.main([*words, "--port", board.port])
    shown = capsys.readouterr()
    return status, shown.out + shown.err


def data_of(files):
    return {name: content for name, content in files.items() if not is_code(name)}


def code_of(files):
    return {name: content for name, content in files.items() if is_code(name)}


def test_deploy_renews_the_code_and_leaves_the_data(tmp_path, capsys, tree) -> None:
    with PtyBoard(tmp_path, {**old_code(tree), **DATA}, running="Available -") as board:
        status, shown = run(capsys, board)
        assert status == 0 and board.was_reset(), shown
        files = board.files()
    assert data_of(files) == DATA
    assert code_of(files) == tree
    assert "the charger there is Available" in shown
    assert "2 files sent" in shown and "1 deleted" in shown and "\x1b" not in shown
    (tmp_path / "flash.img").write_bytes(board.image.read_bytes())
    with Bench(on="micropython", flash=tmp_path / "flash.img") as bench:
        bench.expect("BootNotification", within_s=20)


def test_what_is_there_already_is_not_sent_again(tmp_path, capsys, tree) -> None:
    with PtyBoard(tmp_path, {**tree, **DATA}) as board:
        status, shown = run(capsys, board)
        assert status == 0 and board.was_reset()
    assert "no charger answers there" in shown and "is this one already" in shown


def test_a_charging_board_is_not_even_interrupted(tmp_path, capsys, tree) -> None:
    files = {**old_code(tree), **DATA}
    with PtyBoard(tmp_path, files, running="Charging 152") as board:
        for words in ([], ["backup"], ["restore", "--file", "x.zip"]):
            status, shown = run(capsys, board, *words)
            assert status == 1 and "(Charging, transaction 152)" in shown and "FORCE=1" in shown
        assert board.files() == files
        assert run(capsys, board, "--force")[0] == 0
        assert code_of(board.files()) == tree


def test_unplugged_halfway_the_old_code_is_whole_and_a_repeat_works(tmp_path, capsys, tree):
    files = {**old_code(tree), **DATA}
    with PtyBoard(tmp_path, files) as board, pytest.MonkeyPatch.context() as patch:
        sent = []

        def write(self, name, content, progress):
            sent.append(name)
            if len(sent) == 2:
                board.unplug()
            Board_write(self, name, content, progress)

        Board_write = Board.write
        patch.setattr(Board, "write", write)
        status, shown = run(capsys, board)
        assert status == 1 and "the board has gone. Plug it in again" in shown
        half = board.files()
    assert {n: c for n, c in half.items() if not n.startswith(STAGE)} == files
    assert any(name.startswith(STAGE) for name in half)
    with PtyBoard(tmp_path, half) as board:
        assert run(capsys, board)[0] == 0
        assert code_of(board.files()) == tree and data_of(board.files()) == DATA


def test_what_does_not_fit_is_not_begun(tmp_path, capsys, tree) -> None:
    full = {f"/outbox/{number}": b"\xa5" * 4096 * 20 for number in range(16)}
    with PtyBoard(tmp_path, {"/main.py": b"#\n", **full}) as board:
        status, shown = run(capsys, board)
        assert status == 1 and "do not fit beside what is there" in shown
        assert board.files().keys() == {"/main.py", *full}


def test_something_that_is_no_micropython(capsys, monkeypatch) -> None:
    monkeypatch.setattr("tools.deploy.board._ANSWER_S", 0.2)
    monkeypatch.setattr(SerialTransport.read_until, "__defaults__", (0.2, None, None))
    master, slave = pty.openpty()
    tty.setraw(slave)
    status = program.main(["--port", os.ttyname(slave), "--force"])
    os.close(master)
    os.close(slave)
    shown = capsys.readouterr().err
    assert status == 1 and "Is MicroPython on the board (make flash)?" in shown


# Backup and restore.


def test_a_backup_comes_back_onto_a_new_board(tmp_path, capsys, tree) -> None:
    target = tmp_path / "backups" / "b.zip"
    with PtyBoard(tmp_path, {**tree, **DATA}, running="Available -") as board:
        status, shown = run(capsys, board, "backup", "--file", str(target))
        assert status == 0 and board.was_reset(), shown
        assert "3 files" in shown and "passwords" in shown and "hush" not in shown
    assert target.stat().st_mode & 0o777 == 0o600
    assert json.loads(zipfile.ZipFile(target).read("backup.json"))["files"].keys() == DATA.keys()
    with PtyBoard(tmp_path, {**tree, "/set.json": b"{}"}) as board:
        status, shown = run(capsys, board, "restore", "--file", str(target))
        assert status == 0 and board.was_reset(), shown
        assert board.files() == {**tree, **DATA}


def test_restore_does_not_replace_data_unasked(tmp_path, capsys, tree) -> None:
    target = tmp_path / "b.zip"
    own = {"/settings.json": b'{"a": 1}', "/outbox/9": b"not sent yet"}
    with PtyBoard(tmp_path, DATA) as board:
        assert run(capsys, board, "backup", "--file", str(target))[0] == 0
    with PtyBoard(tmp_path, {**tree, **own}) as board:
        status, shown = run(capsys, board, "restore", "--file", str(target))
        assert status == 1 and "data of its own (2 files)" in shown
        assert data_of(board.files()) == own
    with PtyBoard(tmp_path, {**tree, **own}) as board:
        assert run(capsys, board, "restore", "--force", "--file", str(target))[0] == 0
        assert data_of(board.files()) == DATA


def test_a_board_without_data_has_nothing_to_back_up(tmp_path, capsys, tree) -> None:
    with PtyBoard(tmp_path, tree) as board:
        status, shown = run(capsys, board, "backup", "--file", str(tmp_path / "b.zip"))
    assert status == 1 and "nothing to back up" in shown
    assert not (tmp_path / "b.zip").exists()


def zipped(path, files, facts):
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("backup.json", json.dumps(facts))
        for name, content in files.items():
            file.writestr(name, content)


@pytest.mark.parametrize(
    ("files", "facts", "text"),
    [
        ({}, {"format": 2, "files": {}}, "newer version"),
        ({}, {"format": 1, "files": {"/a": "0"}}, "no backup, or a damaged one"),
        ({"a": b"x"}, {"format": 1, "files": {"/a": "0" * 64}}, "is damaged: /a"),
        ({"big": bytes(3 << 20)}, {"format": 1, "files": {}}, "larger than a charger's flash"),
    ],
)
def test_a_damaged_backup_is_refused(tmp_path, files, facts, text) -> None:
    zipped(tmp_path / "b.zip", files, facts)
    with pytest.raises(BoardError, match=text):
        archive.read(tmp_path / "b.zip")


def test_what_is_no_archive_is_refused(tmp_path) -> None:
    (tmp_path / "b.zip").write_bytes(b"PK")
    for name in ("b.zip", "none.zip"):
        with pytest.raises(BoardError, match="no backup|No such file"):
            archive.read(tmp_path / name)
