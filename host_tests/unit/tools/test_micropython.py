"""Where MicroPython comes from: the sources that are kept, and the interpreter that is chosen."""

import os
import subprocess
import sys

import pytest

from tools import micropython

DEB822 = """# a snapshot
Types: deb deb-src
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Architectures: amd64
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main

Types: deb
URIs: http://other.example/node
Suites: nodistro
Components: main

Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: bookworm
Components: main

Types: deb-src
URIs: http://source.example/debian
Suites: bookworm
Components: main
"""
ONE_LINE = """
# deb http://comment.example/debian bookworm main
deb [arch=amd64 signed-by=/usr/share/keyrings/x.gpg] http://mirror.example/debian bookworm main
deb http://mirror.example/debian bookworm-updates main
deb-src http://mirror.example/debian bookworm main
"""


@pytest.fixture
def etc_apt(tmp_path):
    (tmp_path / "sources.list.d").mkdir()
    return tmp_path


def test_only_the_base_suite_is_kept_and_becomes_trixie(etc_apt):
    (etc_apt / "sources.list.d" / "debian.sources").write_text(DEB822)
    assert micropython.sources(etc_apt, "bookworm").splitlines() == [
        "types: deb",
        "uris: http://mirror.example/debian",
        "suites: trixie",
        "components: main contrib",
        "signed-by: /usr/share/keyrings/debian-archive-keyring.gpg",
    ]


@pytest.mark.parametrize("place", ["sources.list", "sources.list.d/old.list"])
def test_one_line_sources(etc_apt, place):
    (etc_apt / place).write_text(ONE_LINE)
    assert micropython.sources(etc_apt, "bookworm").splitlines() == [
        "types: deb",
        "uris: http://mirror.example/debian",
        "suites: trixie",
        "components: main",
        "signed-by: /usr/share/keyrings/x.gpg",
    ]


@pytest.mark.parametrize(
    ("codename", "suite", "becomes"),
    [
        ("bullseye", "bullseye", "trixie"),
        ("bookworm", "stable", "trixie"),
        ("trixie", "trixie", "trixie"),
        ("forky", "forky", "forky"),
        ("forky", "sid", "sid"),
    ],
)
def test_a_suite_that_has_the_package_is_left_as_it_is(etc_apt, codename, suite, becomes):
    (etc_apt / "sources.list").write_text(f"deb http://mirror.example/debian {suite} main\n")
    assert f"suites: {becomes}\n" in micropython.sources(etc_apt, codename)


def test_no_fitting_source_is_said_in_one_line(etc_apt):
    (etc_apt / "sources.list").write_text("deb http://mirror.example/other noble main\n")
    with pytest.raises(micropython.Unavailable, match="no package source of Debian bookworm"):
        micropython.sources(etc_apt, "bookworm")


def test_the_same_source_twice_is_one(etc_apt):
    (etc_apt / "sources.list").write_text("deb http://m.example/debian bookworm main\n" * 2)
    assert micropython.sources(etc_apt, "bookworm").count("uris:") == 1


def interpreter(folder, name, answer):
    """An executable that answers the probe with `answer`."""
    folder.mkdir(exist_ok=True)
    script = folder / name
    script.write_text(f"#!/bin/sh\necho '{answer}'\n")
    script.chmod(0o755)
    return script


@pytest.fixture
def only_here(tmp_path, monkeypatch):
    """A PATH that holds nothing but what the test puts there."""
    monkeypatch.setenv("PATH", f"{tmp_path / 'path'}:/usr/bin:/bin")
    micropython.command.cache_clear()
    yield tmp_path
    micropython.command.cache_clear()


@pytest.mark.parametrize(
    ("answer", "taken"),
    [("1 24 1", True), ("1 29 1", True), ("1 23 1", False), ("1 25 0", False), ("oh", False)],
)
def test_micropython_on_the_path_counts_from_1_24_with_64_bit(only_here, answer, taken):
    found = interpreter(only_here / "path", "micropython", answer)
    expected = [str(found)] if taken else None
    assert micropython.command("micropython", only_here) == expected
    assert micropython.command("micropython32", only_here) is None


def test_what_was_fetched_is_used(only_here):
    wide = interpreter(only_here / "bin", "micropython", "1 25 1")
    narrow = interpreter(only_here / "bin", "micropython32", "1 25 0")
    assert micropython.command("micropython", only_here) == [str(wide)]
    assert micropython.command("micropython32", only_here) == [str(narrow)]


def test_cpython_is_the_one_that_runs_this():
    assert micropython.command("cpython") == [sys.executable]


def test_an_unknown_name_is_an_error():
    with pytest.raises(ValueError, match="choose from micropython, micropython32, cpython"):
        micropython.command("micropython64")


@pytest.mark.parametrize(("ci", "status"), [("", 0), ("true", 1)])
def test_not_to_be_had_is_a_failure_in_ci_only(only_here, monkeypatch, capsys, ci, status):
    def refuse(root):
        raise micropython.Unavailable("on a Mac: brew install micropython")

    monkeypatch.setattr(micropython, "fetch", refuse)
    monkeypatch.setenv("CI", ci)
    monkeypatch.setenv("XDG_CACHE_HOME", str(only_here / "cache"))
    assert micropython.main(["--root", str(only_here / "none")]) == status
    assert "not available: on a Mac: brew install micropython" in capsys.readouterr().out


def test_another_suite_is_put_in_every_entry(etc_apt):
    (etc_apt / "sources.list.d" / "debian.sources").write_text(DEB822)
    own = micropython.sources(etc_apt, "bookworm")
    assert micropython.in_suite(own, "testing") == own.replace("trixie", "testing")


class Apt:
    """apt-get in front of a mirror whose suite `good` alone is in order."""

    def __init__(self, good):
        self.good = good
        self.used = []

    def use(self, own_sources):
        self.used.append(own_sources.split()[-1])

    def run(self, *words):
        if words[0] == "update":
            return True, "" if self.used[-1] == self.good else "Mirror sync in progress?"
        whole = self.used[-1] == self.good or words[-1].endswith("amd64")
        return whole, "" if whole else "Unable to locate package"


def test_a_mirror_in_mid_update_is_gone_round_by_another_suite(capsys):
    apt = Apt("stable")
    micropython._update(apt, "suites: trixie\n", ("amd64", "i386"), 0)
    assert apt.used == ["trixie", "trixie", "stable"]
    assert "no luck (Mirror sync in progress?), trying another suite" in capsys.readouterr().out


def test_no_suite_in_order_is_an_error_with_the_first_cause():
    with pytest.raises(micropython.Unavailable, match="do not offer it: Mirror sync"):
        micropython._update(Apt("none"), "suites: trixie\n", ("amd64", "i386"), 0)


def fetched(root):
    """What a fetch leaves behind in `root`."""
    for arch in ("amd64", "i386"):
        (root / "micropython" / arch).mkdir(parents=True)
    interpreter(root / "bin", "micropython", "1 25 1")
    interpreter(root / "bin", "micropython32", "1 25 0")


def test_what_was_fetched_once_serves_when_the_mirror_does_not(only_here, monkeypatch, capsys):
    monkeypatch.setenv("XDG_CACHE_HOME", str(only_here / "cache"))
    monkeypatch.setenv("CI", "true")
    first, second = only_here / "first", only_here / "second"
    first.mkdir()
    monkeypatch.setattr(micropython, "fetch", fetched)
    assert micropython.main(["--root", str(first)]) == 0

    def refuse(root):
        raise micropython.Unavailable("no network")

    monkeypatch.setattr(micropython, "fetch", refuse)
    assert micropython.main(["--root", str(second)]) == 0
    assert "no network: taken from an earlier fetch" in capsys.readouterr().out
    assert micropython.command("micropython32", second) == [str(second / "bin/micropython32")]


def test_nothing_is_taken_from_a_cache_that_does_not_run(only_here):
    fetched(only_here / "cache")
    interpreter(only_here / "cache" / "bin", "micropython32", "oh")
    assert not micropython.take_kept(only_here / "root", only_here / "cache")
    assert not (only_here / "root").exists()


def test_a_mac_is_told_what_to_do(monkeypatch):
    monkeypatch.setattr(micropython.platform, "system", lambda: "Darwin")
    with pytest.raises(micropython.Unavailable, match="brew install micropython"):
        micropython._architectures()


@pytest.mark.parametrize(("name", "bits"), [("micropython", 64), ("micropython32", 32)])
def test_the_interpreters_here_are_what_their_names_say(name, bits):
    command = micropython.command(name)
    if command is None:
        assert os.environ.get("CI", "").lower() not in ("true", "1"), "CI needs MicroPython"
        pytest.skip(f"{name} cannot be had here")
    version, width = micropython.probe(command)
    assert width == bits and version >= micropython.OLDEST
    done = subprocess.run([*command, "-c", "print(1 + 1)"], capture_output=True, text=True)
    assert done.stdout == "2\n"
