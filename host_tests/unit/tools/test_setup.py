"""The first thing that runs on a strange machine: what it refuses, and what it shows."""

import subprocess
import sys

import pytest

from tools import setup

ROOT = setup.ROOT


def test_an_old_python_is_named_with_the_way_out(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    with pytest.raises(SystemExit, match=r"Python 3\.11 or newer is needed.*PYTHON=python3\.12"):
        setup.main()


def script(path, text):
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_installing_shows_one_line_a_package(tmp_path, monkeypatch, capsys):
    words = (
        "Collecting ocpp==2.1.0 (from -r x)\n  Downloading a.whl\nInstalling collected packages"
    )
    monkeypatch.setattr(setup, "PYTHON", script(tmp_path / "python", f"echo '{words}'"))
    setup.install()
    assert capsys.readouterr().out == "  ocpp 2.1.0\n  installing\n"


def test_pip_s_words_are_shown_when_it_fails(tmp_path, monkeypatch, capsys):
    failing = script(tmp_path / "python", "echo 'no such version'; exit 1")
    monkeypatch.setattr(setup, "PYTHON", failing)
    with pytest.raises(SystemExit, match="could not be installed"):
        setup.install()
    assert "no such version" in capsys.readouterr().err


@pytest.mark.parametrize(("works", "kept"), [("exit 0", True), ("exit 1", False)])
def test_a_venv_is_kept_while_it_works(tmp_path, monkeypatch, works, kept):
    venv = tmp_path / ".venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "mark").touch()
    monkeypatch.setattr(setup, "VENV", str(venv))
    monkeypatch.setattr(setup, "PYTHON", script(venv / "bin" / "python", works))
    monkeypatch.setattr(sys, "executable", script(tmp_path / "python3", 'mkdir "$3"'))
    setup.make_venv()
    assert venv.is_dir() and (venv / "mark").exists() == kept


def test_without_venv_support_the_missing_package_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(setup, "VENV", str(tmp_path / ".venv"))
    monkeypatch.setattr(setup, "PYTHON", str(tmp_path / ".venv" / "bin" / "python"))
    monkeypatch.setattr(sys, "executable", script(tmp_path / "python3", "exit 1"))
    with pytest.raises(SystemExit, match="apt install python3-venv"):
        setup.make_venv()


def test_every_requirement_is_pinned():
    for name in ("requirements.txt", "requirements-board.txt"):
        with open(f"{ROOT}/{name}", encoding="utf-8") as file:
            wanted = [line for line in file if line.strip() and not line.startswith("#")]
        assert wanted and all("==" in line for line in wanted)
        assert all("--hash=sha256:" in line for line in wanted) or name == "requirements.txt"


def make(*words):
    done = subprocess.run(
        ["make", "--no-print-directory", *words], cwd=ROOT, capture_output=True, text=True
    )
    return done.stdout


def test_make_prints_its_help_plain_where_there_is_no_terminal():
    text = make()
    assert "\x1b" not in text
    named = [line.split()[0] for line in text.splitlines() if line.startswith("  ")]
    assert {"help", "setup", "run", "test", "sim", "csms", "check", "clean"} <= set(named)
    assert all(len(line) <= 79 for line in text.splitlines())


def test_run_hands_the_server_on():
    line = make("-n", "-o", ".venv/.ready", "-o", ".tools/.ready", "run", "CSMS=ws://h:1/a?b=c&d")
    assert "-m tools.run --csms 'ws://h:1/a?b=c&d'" in line
