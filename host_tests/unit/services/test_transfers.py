"""Orders to transfer a file: when they begin, what survives, what the server is told."""

import asyncio
import json
from pathlib import Path

import pytest

from firmware.services import transfer_steps, transfers
from firmware.services.tag_reader import present as present_tag
from firmware.services.transfer_task import run
from host_tests.unit.services.station_bench import Station, T

DOWN = transfers.FIRMWARE
UP = transfers.DIAGNOSTICS
ORDER = Path("update.json")


@pytest.fixture
def station(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    station = Station()
    station.point.link.tls = None
    return station


def told(station):
    return [(action, body["status"]) for action, body in station.link.sent if action in (UP, DOWN)]


def order(station, action=DOWN, at_s=T, retries=0, interval_s=60):
    what = ["http://x/f", at_s, retries, interval_s]
    return transfers.order(station.point, action, what, (None, None))


def running(station):
    return "row" in station.point.transfers


def row(station, action=DOWN, retries=0, result=None):
    """A transfer that has moved, with this result."""
    what = ["http://x/f", T, retries, 60, 1]
    station.point.transfers.update({action: what, "due_s": 1 << 29})
    return [action, what, 0, 0, None, {"limit": 9, "count": 0, "result": result}]


def test_an_update_waits_for_its_time_and_survives_a_reboot(station):
    assert order(station, at_s=T + 600)
    station.run(60_000)
    assert not running(station) and not told(station)
    again = Station()
    transfers.restore(again.point)
    again.clock.ms = 600_000
    transfers.look(again.point)
    assert told(again) == [(DOWN, "Downloading")]


def test_it_waits_for_a_clock(station):
    station.clock.known = False
    order(station)
    transfers.look(station.point)
    assert not running(station)
    station.clock.known = True
    transfers.look(station.point)
    assert running(station)


def test_an_order_that_flash_does_not_take_is_refused(station, monkeypatch):
    def write_json(path, value):
        raise OSError(28)

    monkeypatch.setattr(transfers, "write_json", write_json)
    assert not order(station)
    assert not station.point.transfers
    assert station.log.errors()


def test_none_begins_in_a_session_or_when_somebody_may_charge(station):
    station.begin()
    order(station, UP)
    transfers.look(station.point)
    assert not running(station)
    station.core.stop("Remote")
    station.run(5000)
    station.core.authorize("TAG")
    transfers.look(station.point)
    assert not running(station)


def test_an_update_that_never_ends_is_given_up(station):
    order(station)
    for _ in range(3):
        again = Station()
        transfers.restore(again.point)
        transfers.look(again.point)
        assert told(again) == [(DOWN, "Downloading")]
    last = Station()
    transfers.restore(last.point)
    transfers.look(last.point)
    assert told(last) == [(DOWN, "DownloadFailed")]
    assert not ORDER.exists()


@pytest.mark.parametrize("content", ["", "[]", "{", '{"order": 7}', '{"order": [1, 2]}'])
def test_a_broken_order_file_is_no_order(station, content):
    ORDER.write_text(content)
    transfers.restore(station.point)
    assert not station.point.transfers


def test_one_at_a_time(station):
    order(station, UP)
    order(station, DOWN)
    transfers.look(station.point)
    assert told(station) == [(UP, "Uploading")]
    station.point.transfers["row"][5] = {"result": ""}
    transfers.look(station.point)
    transfers.look(station.point)
    assert told(station)[1:] == [(UP, "Uploaded"), (DOWN, "Downloading")]


def test_a_newer_order_is_kept_while_the_older_runs(station):
    order(station)
    transfers.look(station.point)
    order(station, at_s=T + 99)
    station.point.transfers["row"][5] = {"result": "no"}
    transfers.look(station.point)
    assert told(station)[-1] == (DOWN, "DownloadFailed")
    assert station.point.transfers[DOWN][1] == T + 99
    assert json.loads(ORDER.read_text())["order"][1] == T + 99


def test_a_status_that_was_not_answered_is_told_again(station):
    transfers.report(station.point, UP, "Uploading")
    transfers.report(station.point, UP, "Uploaded")
    station.link.callbacks[0]({})  # the answer to an older one settles nothing
    station.link.callbacks[1](None)
    transfers.connected(station.point)
    assert told(station)[2:] == [(UP, "Uploaded")]
    station.link.callbacks[2]({})
    transfers.connected(station.point)
    assert len(told(station)) == 3


def test_nothing_is_left_when_all_is_told(station):
    order(station)
    transfers.look(station.point)
    station.point.transfers["row"][5] = {"result": ""}
    Path("update.bin").write_bytes(b"no image")

    async def looks():
        while "row" in station.point.transfers:
            transfers.look(station.point)
            await asyncio.sleep(0)

    asyncio.run(asyncio.wait_for(looks(), 10))
    for callback in station.link.callbacks:
        if callback:
            callback({})
    transfers.look(station.point)
    assert station.point.transfers == {}
    assert not ORDER.exists()


def test_an_image_is_refused_and_removed(station):
    Path("update.bin").write_bytes(b"no image")
    assert transfer_steps.step(station.point, row(station, result=""))
    assert [status for _, status in told(station)] == ["Installing", "InstallationFailed"]
    assert not Path("update.bin").exists()


def test_nothing_is_installed_in_a_session(station):
    station.begin()
    waiting = row(station, result="")
    assert not transfer_steps.step(station.point, waiting)
    assert not told(station)
    station.core.stop("Remote")
    station.run(5000)
    assert transfer_steps.step(station.point, waiting)
    assert [status for _, status in told(station)] == ["Installing", "InstallationFailed"]


@pytest.fixture
def in_slots(station, monkeypatch):
    """The code runs from slot a; an update has been downloaded."""
    monkeypatch.setattr("firmware.update.slots.current", lambda: "a")
    Path("update.bin").write_bytes(b"RIVOTUP1 and so on")
    return row(station, result="")


def test_an_update_is_installed_at_the_next_start(station, in_slots):
    assert not transfer_steps.step(station.point, in_slots)
    assert [status for _, status in told(station)] == ["Installing"]
    assert Path("update.go").read_bytes() == b"3" and station.point.reset_at_s < 0
    station.clock.ms += 4_000
    assert not transfer_steps.step(station.point, in_slots)
    assert station.point.reset_at_s == station.clock.uptime_s()


def test_the_restart_waits_for_who_charges(station, in_slots):
    assert not transfer_steps.step(station.point, in_slots)
    station.begin()
    station.clock.ms += 60_000
    assert not transfer_steps.step(station.point, in_slots)
    assert station.point.reset_at_s < 0
    station.core.stop("Remote")
    station.run(5000)
    assert not transfer_steps.step(station.point, in_slots)
    assert station.point.reset_at_s >= 0


def test_a_flash_that_does_not_take_the_order_fails_the_installation(
    station, in_slots, monkeypatch
):
    def full(path, data):
        raise OSError(28)

    monkeypatch.setattr(transfer_steps, "write_atomic", full)
    assert transfer_steps.step(station.point, in_slots)
    assert [status for _, status in told(station)] == ["Installing", "InstallationFailed"]


def test_why_an_installation_failed_is_logged_at_the_next_start(station):
    ORDER.write_text('{"failed": "no key of this charger has signed it"}')
    transfers.restore(station.point)
    transfers.connected(station.point)
    assert told(station) == [(DOWN, "InstallationFailed")]
    assert any("no key" in line for _, line in station.log.lines)


def test_attempts_and_their_interval(station):
    tried = row(station, UP, retries=1, result="no")
    assert not transfer_steps.step(station.point, tried)
    assert tried[3] == station.clock.uptime_s() + 60
    assert not transfer_steps.step(station.point, tried)  # too early
    assert tried[5] is None
    tried[5] = {"result": "no"}
    assert transfer_steps.step(station.point, tried)
    assert told(station) == [(UP, "UploadFailed")]


def test_an_attempt_that_made_room_for_a_session_does_not_count(station):
    station.begin()
    tried = row(station, result=False)
    assert not transfer_steps.step(station.point, tried)
    assert not told(station)


def test_diagnostics_tell_no_secret(station):
    Path("settings.json").write_text('{"wifi_password": "hidden", "ramp_ma_per_s": 5}')
    station.keys.set("AuthorizationKey", "0123456789ABCDEF")
    Path("outbox").mkdir(exist_ok=True)
    order(station, UP)
    transfers.look(station.point)
    text = Path("diagnostics.txt").read_text()
    assert "wifi_password: (set)" in text and "ramp_ma_per_s: 5" in text
    assert "hidden" not in text and "0123456789ABCDEF" not in text


class Turns:
    """The clock of transfer_task.py: time passes by itself, `at` does things meanwhile."""

    def __init__(self, at):
        self.at = at
        self.ms = 0

    async def sleep_ms(self, ms):
        self.ms += ms
        self.at.pop(self.ms, lambda: None)()
        await asyncio.sleep(0)


def watched(station, monkeypatch, at):
    """(result, ms it took) of a transfer that moves nothing."""
    turns = Turns(at)

    async def stuck(*what):
        await asyncio.Event().wait()

    monkeypatch.setattr("firmware.services.transfer_task.asyncio.sleep_ms", turns.sleep_ms)
    monkeypatch.setattr("firmware.services.transfer_task._move", stuck)
    progress = {"limit": 1, "count": 0, "result": None}
    station.point.transfers["due_s"] = 99
    asyncio.run(run(station.point, "http://x/f", "f", "", progress))
    assert station.point.transfers["due_s"] == 0
    return progress["result"], turns.ms


def test_a_transfer_that_hangs_is_ended(station, monkeypatch):
    assert watched(station, monkeypatch, {}) == ("time-out", 30_250)


def test_a_transfer_makes_room_when_somebody_wants_to_charge(station, monkeypatch):
    at = {500: lambda: station.core.authorize("TAG")}
    assert watched(station, monkeypatch, at) == (False, 500)


def test_a_transfer_makes_room_when_the_gun_goes_in(station, monkeypatch):
    assert watched(station, monkeypatch, {750: lambda: station.plug().run(500)}) == (False, 750)


def test_a_transfer_begins_with_the_gun_in(station, monkeypatch):
    station.plug().run(500)
    assert watched(station, monkeypatch, {})[0] == "time-out"


def test_a_tag_for_which_a_transfer_makes_room_is_not_lost(station, monkeypatch):
    class Task:
        def cancel(self):
            return True

    def present(point, id_tag):
        if "task" in point.transfers:
            raise MemoryError
        seen.append(id_tag)

    seen = []
    monkeypatch.setattr("firmware.services.authorization.present", present)
    station.point.transfers.update({"task": Task(), "due_s": 1 << 29})
    present_tag(station.point, "TAG")
    station.run(100)
    assert seen == ["TAG"]
