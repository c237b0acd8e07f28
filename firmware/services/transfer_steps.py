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
from firmware.storage.files import free_bytes, remove

DIAGNOSTICS = "DiagnosticsStatusNotification"
_TRANSFERS = "firmware.services.transfers"
_IMAGE = "update.bin"
_REPORT = "diagnostics.txt"
_LONGEST_S = const(3660)  # transfer_task.py ends it before
_ROOM_S = const(15)  # so long the vehicle may need to be known
_LEFT = const(262144)  # of flash; the books come first
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
        if progress["result"] is None and "installs" in progress and now_s < row[_AT_S]:
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
        progress["limit"] = os.stat(path)[6] if up else free_bytes() - _LEFT
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
        elif row[_ACTION] != DIAGNOSTICS and "installs" not in row[_PROGRESS]:
            _report(point, row[_ACTION], "Downloaded")
    if "installs" in row[_PROGRESS]:
        return _installed(point, row, result)
    if result is False:  # does not count
        row[_PROGRESS] = None
        row[_AT_S] = now_s + _ROOM_S
        return False
    if result != "":
        return _again(row, now_s) and _over(point, row, "UploadFailed", "DownloadFailed")
    if row[_ACTION] == DIAGNOSTICS:
        return _over(point, row, "Uploaded", "")
    if not point.core.session.open:  # never during one
        _install(point, row)
    return False


def _install(point: "ChargePoint", row: "list") -> None:
    """From here on the row's progress is that of installer.py."""
    _report(point, row[_ACTION], "Installing")
    progress = {"result": None, "installs": True}
    row[_PROGRESS] = progress
    row[_AT_S] = point.clock.uptime_s() + _LONGEST_S
    try:
        run = load("firmware.services.installer").run
        row[_TASK] = point.transfers["task"] = asyncio.create_task(run(point, _IMAGE, progress))
    except MemoryError as error:
        row[_PROGRESS] = {"result": repr(error), "installs": True}


def _installed(point: "ChargePoint", row: "list", result: "str | bool | None") -> bool:
    """What installer.py says: a restart into the trial, another try later, or the end of it."""
    if result == "":
        remove(_IMAGE)
        row[_PROGRESS] = None
        row[_AT_S] = point.clock.uptime_s() + _LONGEST_S
        point.reset_at_s = point.clock.uptime_s()
        return False
    if result is False:
        row[_PROGRESS] = {"result": "", "count": 0, "limit": 0}  # what is downloaded stays
        return False
    return _over(point, row, "", "InstallationFailed")


def _again(row: "list", now_s: int) -> bool:
    """Another attempt after the interval; True when that was the last."""
    _, _, retries, interval_s, _ = row[_ORDER]
    row[_ATTEMPT] += 1
    row[_PROGRESS] = None
    row[_AT_S] = now_s + interval_s
    return row[_ATTEMPT] > retries


def _over(point: "ChargePoint", row: "list", up: str, down: str) -> bool:
    """The last status, of an upload or a download; the file goes."""
    is_up = row[_ACTION] == DIAGNOSTICS
    remove(_REPORT if is_up else _IMAGE)
    _report(point, row[_ACTION], up if is_up else down)
    return True


def _report(point: "ChargePoint", action: str, status: str) -> None:
    load(_TRANSFERS).report(point, action, status)
