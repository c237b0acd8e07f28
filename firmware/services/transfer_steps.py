"""One transfer from its first status to its last, step by step. Loaded on demand.

It is no task of its own, so that while bytes move only what moves them is in memory. What a step
needs to know is in the row

    [ACTION, order, attempt, uptime of the next attempt, task or None, progress]

where `progress` is that of transfer_task.py.
"""

import asyncio
import os

from micropython import const

from firmware.on_demand import load
from firmware.storage.files import remove, write_atomic

DIAGNOSTICS = "DiagnosticsStatusNotification"
_TRANSFERS = "firmware.services.transfers"
_IMAGE = "update.bin"
_GO = "update.go"
_REPORT = "diagnostics.txt"
_LONGEST_S = const(3660)  # transfer_task.py ends it before
_ROOM_S = const(15)  # so long the vehicle may need to be known
_TOLD_S = const(3)  # for a status to reach the server
_ACTION = const(0)
_ORDER = const(1)
_ATTEMPT = const(2)
_AT_S = const(3)
_TASK = const(4)
_PROGRESS = const(5)


def step(point: "ChargePoint", row: "list") -> bool:
    """What is to be done now; True when it is over, with its last status."""
    now_s = point.clock.uptime_s()
    progress = row[_PROGRESS]
    if progress:
        if "installs" in progress:
            _restart(point, row, now_s)
            return False
        return _ended(point, row, now_s, progress["result"])
    core = point.core
    if now_s >= row[_AT_S] and not (core.session.open or core.connector.authorized):
        row[_AT_S] = now_s + _LONGEST_S
        _start(point, row)
    point.transfers["due_s"] = max(row[_AT_S], now_s + 1)
    return False


def _start(point: "ChargePoint", row: "list") -> None:
    up = row[_ACTION] == DIAGNOSTICS
    path = _REPORT if up else _IMAGE
    location, at_s = row[_ORDER][:2]
    name = load(_TRANSFERS).file_name(point, at_s) if up else ""
    row[_PROGRESS] = {"limit": 0, "count": 0, "result": None}
    progress = row[_PROGRESS]
    try:
        progress["limit"] = os.stat(path)[6] if up else 0
        run = load("firmware.services.transfer_task").run
        task = asyncio.create_task(run(point, location, path, name, progress))
        row[_TASK] = point.transfers["task"] = task
    except (OSError, MemoryError) as error:
        progress["result"] = repr(error)
        row[_AT_S] = 0


def _ended(point: "ChargePoint", row: "list", now_s: int, result: "str | bool | None") -> bool:
    if row[_TASK]:
        row[_TASK].cancel()
        row[_TASK] = None
        point.transfers.pop("task", None)
        if result != "":  # None: not even its time-out has come
            point.log.warn("transfer", "%s", result or "makes room")
        elif row[_ACTION] != DIAGNOSTICS:
            _report(point, row[_ACTION], "Downloaded")
    if result is False:  # does not count
        row[_PROGRESS] = None
        row[_AT_S] = now_s + _ROOM_S
        return False
    if result != "":
        return _again(row, now_s) and _over(point, row, "UploadFailed", "DownloadFailed")
    if row[_ACTION] == DIAGNOSTICS:
        return _over(point, row, "Uploaded", "")
    return not point.core.session.open and _install(point, row)  # never during one


def _install(point: "ChargePoint", row: "list") -> bool:
    """Order the installation, which is done at the next start; True when there can be none."""
    if point.transfers.get("is " + row[_ACTION]) != "Installing":
        _report(point, row[_ACTION], "Installing")
    try:
        if not load("firmware.update.slots").current():
            raise OSError("this charger runs from its sources")
        with open(_IMAGE, "rb") as file:
            if file.read(8) != b"RIVOTUP1":
                raise OSError("this is no update file")
        write_atomic(_GO, b"3")  # update/installer.py counts them down
    except OSError as error:
        point.log.warn("transfer", "%s", error)
        return _over(point, row, "", "InstallationFailed")
    row[_PROGRESS] = {"result": None, "installs": True}
    row[_AT_S] = point.clock.uptime_s() + _TOLD_S
    return False


def _restart(point: "ChargePoint", row: "list", now_s: int) -> None:
    """When the status is told, and nobody charges."""
    core = point.core
    if now_s >= row[_AT_S] and not (core.session.open or core.connector.authorized):
        row[_AT_S] = now_s + _LONGEST_S
        point.reset_at_s = now_s


def _again(row: "list", now_s: int) -> bool:
    """Another attempt after the interval; True when that was the last."""
    retries, interval_s = row[_ORDER][2:4]
    row[_ATTEMPT] += 1
    row[_PROGRESS] = None
    row[_AT_S] = now_s + interval_s
    return row[_ATTEMPT] > retries


def _over(point: "ChargePoint", row: "list", up: str, down: str) -> bool:
    """The last status, of an upload or a download; the file goes."""
    is_up = row[_ACTION] == DIAGNOSTICS
    _report(point, row[_ACTION], up if is_up else down)
    remove(_REPORT if is_up else _IMAGE)
    return True


def _report(point: "ChargePoint", action: str, status: str) -> None:
    load(_TRANSFERS).report(point, action, status)
