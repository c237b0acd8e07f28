"""`make deploy`, `backup`, `restore`: mpremote against MicroPython on a pty."""

import json
import os
import pty
import tty
import zipfile

import pytest
from mpremote.transport_serial import SerialTransport

from firmware.update.slots import other
from host_tests.end_to_end.pty_board import PtyBoard
from host_tests.scenarios.updates import CRASHES, compiled
from tools.deploy import __main__ as program
from tools.deploy import data as archive
from tools.deploy.board import Board, BoardError
from tools.deploy.code import for_slot, is_code
from tools.image.filesystem import make
from tools.image.tree import image_tree
from tools.micropython import command
from tools.sim.bench import Bench
from tools.update_layout import FIXED, SLOT_FILE

DATA = {
    "/settings.json": b'{"wifi_password": "hush"}',
    "/outbox/3": bytes(range(256)) * 9,
    "/register0": b"",
}
EXTRA = "/a/firmware/extra.mpy"

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
    """The code of one build and a file more, whatever is changed in the sources meanwhile."""
    new = {**built, EXTRA: compiled("pass\n")}
    monkeypatch.setattr(program, "image_tree", lambda: new)
    return new


def running(built, slot, beside=None):
    """What is on a charger that runs from this slot; `beside`: what is in the other one."""
    files = {name: data for name, data in built.items() if name in FIXED}
    for place, tree in ((slot, built), (other(slot), beside or {})):
        files.update(for_slot(tree, place))
    return {**files, **DATA, SLOT_FILE: slot.encode()}


def run(capsys, board, *words):
    """Exit status and what was said."""
    status = program.main([*words, "--port", board.port])
    shown = capsys.readouterr()
    return status, shown.out + shown.err


def data_of(files):
    return {n: c for n, c in files.items() if not is_code(n) and n != SLOT_FILE}


def in_slot(files, slot):
    return {n: c for n, c in files.items() if n.startswith(f"/{slot}/")}


def started(folder, files):
    """A charger that finds these files on its flash."""
    (folder / "flash").write_bytes(make(files))
    bench = Bench(on="micropython", flash=folder / "flash")
    prepare = bench.charger.flash.prepare
    bench.charger.flash.prepare = lambda code, data: prepare({}, data)
    return bench


@pytest.mark.parametrize("runs", ["a", "b"])
def test_new_code_goes_into_the_slot_that_does_not_run(tmp_path, capsys, built, tree, runs):
    idle = other(runs)
    old = {"/a/firmware/app.mpy": b"M\x06\x00\x1fold", "/a/firmware/old.mpy": b"M\x06\x00\x1f"}
    before = running(built, runs, old)
    with PtyBoard(tmp_path, before, running="Available -") as board:
        status, shown = run(capsys, board)
        assert status == 0 and board.was_reset(), shown
        files = board.files()
    assert data_of(files) == DATA and in_slot(files, runs) == in_slot(before, runs)
    assert in_slot(files, idle) == for_slot(tree, idle)
    assert files[SLOT_FILE] == f"{idle} 2 {runs}".encode()
    assert set(files) <= {*before, *for_slot(tree, idle)}, "nothing is left over"
    assert "the charger there is Available" in shown and "\x1b" not in shown
    assert "1 files sent" in shown and "1 deleted" in shown and f"slot {idle} on trial" in shown
    with started(tmp_path, files) as bench:
        bench.expect("BootNotification", within_s=20)
        assert bench.files.read(SLOT_FILE) == f"{idle} 1 {runs}".encode()
        bench.run(62)
        assert bench.files.read(SLOT_FILE) == idle.encode(), "confirmed"


def test_code_that_does_not_start_is_left_for_the_old(tmp_path, capsys, built, monkeypatch):
    bad = {**built, "/a/firmware/app.mpy": compiled(CRASHES)}
    monkeypatch.setattr(program, "image_tree", lambda: bad)
    with PtyBoard(tmp_path, running(built, "b")) as board:
        assert run(capsys, board)[0] == 0
        files = board.files()
    with started(tmp_path, files) as bench:
        bench.expect("BootNotification", within_s=60)
        assert bench.output.count("  0.000 E trace: ValueError: spoilt") == 2
        assert bench.files.read(SLOT_FILE) == b"b"


def test_what_is_on_trial_is_replaced_and_the_way_back_stays(tmp_path, capsys, built, tree):
    before = {**running(built, "a", built), SLOT_FILE: b"b 0 a"}
    with PtyBoard(tmp_path, before) as board:
        assert run(capsys, board)[0] == 0
        files = board.files()
    assert in_slot(files, "a") == in_slot(before, "a")
    assert in_slot(files, "b") == for_slot(tree, "b") and files[SLOT_FILE] == b"b 2 a"


def test_what_runs_already_is_not_sent_again(tmp_path, capsys, tree) -> None:
    before = running(tree, "b")
    with PtyBoard(tmp_path, before) as board:
        status, shown = run(capsys, board)
        assert status == 0 and board.was_reset()
        assert board.files() == before
    assert "no charger answers there" in shown and "is this one already" in shown


def test_a_board_without_code_gets_it_into_the_first_slot(tmp_path, capsys, few) -> None:
    with PtyBoard(tmp_path, {"/boot.py": b"# MicroPython's own\n"}) as board:
        status, shown = run(capsys, board)
        assert status == 0 and "no other to fall back to" in shown
        assert "boot.py, main.py, slots.py" in shown
        assert board.files() == {**few[1], SLOT_FILE: b"a"}


def test_a_charging_board_is_not_even_interrupted(tmp_path, capsys, built, tree) -> None:
    before = running(built, "a")
    with PtyBoard(tmp_path, before, running="Charging 152") as board:
        for words in ([], ["backup"], ["restore", "--file", "x.zip"]):
            status, shown = run(capsys, board, *words)
            assert status == 1 and "(Charging, transaction 152)" in shown and "FORCE=1" in shown
        assert board.files() == before
        assert run(capsys, board, "--force")[0] == 0
        assert in_slot(board.files(), "b") == for_slot(tree, "b")


def test_an_update_about_to_be_installed_goes_first(tmp_path, capsys, built, tree) -> None:
    before = {**running(built, "a"), "/update.go": b"3", "/update.bin": b"RIVOT"}
    with PtyBoard(tmp_path, before) as board:
        status, shown = run(capsys, board)
        assert status == 1 and "FORCE=1 drops it" in shown and board.was_reset()
        assert board.files() == before
    with PtyBoard(tmp_path, before) as board:
        assert run(capsys, board, "--force")[0] == 0
        files = board.files()
    assert not {"/update.go", "/update.bin"} & set(files) and files[SLOT_FILE] == b"b 2 a"
    assert "failed" in json.loads(files["/update.json"])


class Cut:
    """The cable is pulled before the board is asked for the `at`-th thing that changes it."""

    CHANGES = ("write", "copy", "move", "remove")

    def __init__(self, patch, board, at):
        self.left = at
        for name in self.CHANGES:
            patch.setattr(Board, name, self.counted(getattr(Board, name), board))

    def counted(self, call, board):
        def counted(*words):
            self.left -= 1
            if self.left == 0:
                board.unplug()
            return call(*words)

        return counted


@pytest.fixture
def few(built, monkeypatch):
    """(old code, new code) of a few files each."""
    old = {n: built[n] for n in (*FIXED, "/a/firmware/app.mpy", "/a/firmware/log.txt")}
    new = {**old, "/a/firmware/app.mpy": b"M\x06\x00\x1fnew", EXTRA: b"M\x06\x00\x1f"}
    new["/main.py"] += b"\n"
    monkeypatch.setattr(program, "image_tree", lambda: new)
    return old, new


@pytest.mark.parametrize("runs", ["a", "b"])
def test_cut_anywhere_the_old_code_runs_on_and_a_repeat_works(
    tmp_path, capsys, monkeypatch, few, runs
) -> None:
    old, new = few
    idle = other(runs)
    before = running(old, runs, {**old, "/a/firmware/gone.mpy": b"M\x06\x00\x1f"})
    at, cut = 1, True
    while cut:
        with PtyBoard(tmp_path, before) as board, pytest.MonkeyPatch.context() as patch:
            Cut(patch, board, at)
            status, shown = run(capsys, board)
            half = board.files()
        cut = status != 0
        if cut:
            assert "the board has gone. Plug it in again" in shown
            assert half[SLOT_FILE] == runs.encode() and data_of(half) == data_of(half) | DATA
            assert in_slot(half, runs) == in_slot(before, runs)
            app = half.get(f"/{idle}/firmware/app.mpy")
            assert app is None or in_slot(half, idle) in (
                in_slot(before, idle),
                for_slot(new, idle),
            )
            before = half  # the next one has to make do with it
        at += 2
    assert at > 8, "that was not all"
    assert half == {**running(old, runs), **new_code(new, idle), SLOT_FILE: half[SLOT_FILE]}
    assert half[SLOT_FILE] == f"{idle} 2 {runs}".encode()


def new_code(new, slot):
    return {**{n: c for n, c in new.items() if n in FIXED}, **for_slot(new, slot)}


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
