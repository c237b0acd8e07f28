"""Updates that are taken, refused, and taken back; books and service go on in each case."""

import pytest

from host_tests.scenarios.steps import charging, remote_stop
from host_tests.scenarios.updates import (
    CRASHES,
    HANGS,
    NEW,
    OTHER_KEY,
    compiled,
    order,
    signed,
    slot,
    small,
    starts,
    told,
    whole,
    with_key,
)
from tools.release.package import HEAD
from tools.sim.bench import Bench

# CPython runs the sources: there are no slots.
pytestmark = pytest.mark.parametrize(
    "interpreter", ["micropython", "micropython32"], indirect=True
)


@pytest.fixture
def bench(start) -> Bench:
    """A charger that takes what the right key has signed; one minute of trial."""
    bench = with_key(start({"update_trial_min": 1}, power=False))
    bench.power_on()
    bench.expect("StatusNotification", within_s=20, connectorId=1, status="Available")
    return bench


def session(bench: Bench) -> int:
    """One whole session; its transactionId at the server."""
    charging(bench)
    remote_stop(bench)
    stop = [entry for entry in bench.log if entry.kind == "StopTransaction"][-1].payload
    bench.command("unplug")
    bench.expect("StatusNotification", within_s=30, connectorId=1, status="Available")
    return int(stop["transactionId"])


def flipped(update: bytes, at: int) -> bytes:
    """With one bit of byte `at` turned over."""
    return update[:at] + bytes((update[at] ^ 1,)) + update[at + 1 :]


def bad_ones() -> dict[str, bytes]:
    """What must not even be tried, and why the charger says so."""
    good = signed(small())
    content = HEAD + int.from_bytes(good[8:12], "little")
    return {
        "this is no update file": flipped(good, 3),
        "its manifest is too long": flipped(good, 10),
        "no key of this charger has signed it": flipped(good, 40),
        "no key of this charger": flipped(good, HEAD + 20),
        "no key": signed(small(), key=OTHER_KEY),
        "firmware/__init__.mpy is damaged": flipped(good, content + 10),
        "firmware/app.mpy is damaged": flipped(good, len(good) - 1),
        "it is cut off": good[:-1],
        "is older than": signed(small(), "1.0.0"),
        "makes no sense": signed(small(), "new"),
        "its files are not those": good + b"x",
        "its manifest is wrong at": signed({**small(), "../settings.json": b"{}"}),
    }


def test_what_is_spoilt_forged_or_old_is_refused_and_the_next_is_looked_at_again(bench) -> None:
    for why, update in bad_ones().items():
        printed = len(bench.output)
        order(bench, update)
        told(bench, "Downloading", "Downloaded", "Installing", "InstallationFailed")
        bench.run(2)
        assert why in bench.output[printed:]
        assert slot(bench) == "a"
        assert not {"/update.bin", "/update.go", "/update.json"} & set(bench.files.names())
    session(bench)


@pytest.mark.parametrize(("what", "app"), [("crashes", CRASHES), ("hangs", HANGS)])
def test_code_that_cannot_start_is_left_after_two_starts(bench, what: str, app: str) -> None:
    before = session(bench)
    order(bench, signed(small(app)))
    told(bench, "Downloading", "Downloaded", "Installing")
    bench.expect("BootNotification", within_s=300)
    told(bench, "InstallationFailed")
    assert slot(bench) == "a" and starts(bench) == 2  # at first, and now
    assert bench.output.count("spoilt") == (2 if what == "crashes" else 0)
    assert session(bench) == before + 1
    order(bench, signed(small(app)))  # and it can be ordered again
    told(bench, "Downloading", "Downloaded", "Installing", "InstallationFailed", within_s=300)


def test_code_that_does_not_reach_the_server_is_left_after_two_starts(bench) -> None:
    before = session(bench)
    order(bench, signed(whole()))
    told(bench, "Downloading", "Downloaded", "Installing")
    bench.server.online(False)
    bench.run_until(lambda: slot(bench) == "a" and starts(bench) >= 4, 400, "back in slot a")
    assert starts(bench) == 4  # at first, twice on trial, and back
    bench.server.online(True)
    told(bench, "InstallationFailed")
    assert session(bench) == before + 1


def test_one_update_after_the_other_and_sessions_between_them(bench) -> None:
    ids = [session(bench)]
    for runs, scheme in (("b", "http"), ("a", "ftp")):
        order(bench, signed(whole()), location=f"{scheme}://depot.test/new.update")
        told(bench, "Downloading", "Downloaded", "Installing", "Installed")
        assert slot(bench) == runs
        ids.append(session(bench))
    assert ids == [ids[0], ids[0] + 1, ids[0] + 2]


def test_an_older_one_is_taken_where_the_setting_says_so(start) -> None:
    bench = with_key(start({"update_downgrade": "true"}, power=False))
    bench.power_on()
    bench.expect("StatusNotification", within_s=20, connectorId=1, status="Available")
    order(bench, signed(small(), "1.0.0"))
    told(bench, "Downloading", "Downloaded", "Installing")
    bench.run(20)
    assert "spoilt" in bench.output  # it was tried


def test_a_line_that_breaks_starts_the_download_over_as_often_as_ordered(bench) -> None:
    bench.files_server.cut_after = 300
    order(bench, signed(small()), retries=2, retryInterval=5)
    told(bench, "Downloading", "DownloadFailed")
    gets = [line for line in bench.files_server.commands if line.startswith("GET")]
    assert len(gets) == 3
    bench.files_server.cut_after = None
    order(bench, signed(small(), "1.0.0"))
    told(bench, "Downloading", "Downloaded", "Installing", "InstallationFailed")


def test_the_version_that_is_told_is_the_manifest_s_no_more_than_the_code_s(bench) -> None:
    """A slot is judged by what it does: the manifest's version only decides on downgrades."""
    order(bench, signed({**whole(), "firmware/extra.mpy": compiled("pass\n")}, NEW))
    told(bench, "Downloading", "Downloaded", "Installing", "Installed")
    assert "/b/firmware/extra.mpy" in bench.files.names()
