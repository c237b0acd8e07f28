"""What the central system has ordered to be transferred, and its statuses. Loaded on demand.

One order of each kind, a newer one in its place; one transfer at a time (transfer_steps.py). An
update order is on flash until it is done, so that a power cut does not lose it; one that has begun
_STARTS times without an end is given up, for it may be what resets the charger. None begins while
somebody charges or is about to, and one that runs makes room: the books need the memory.

`point.transfers` holds all there is, {} when there is nothing:

    "due_s"        uptime at which to look again
    "row"          the transfer that runs, see transfer_steps.py
    "task"         what moves its bytes now; the charge point may cancel it
    ACTION         [location, at_s, retries, interval_s, starts] of an order; at_s: not before
                   that time, of diagnostics when they were asked for, and with the log's span
    "is " ACTION   status of the one that runs
    "told " ACTION a status that the server has not got yet; the newest only

ACTION is the message that tells its status.
"""

from micropython import const

from firmware.ocpp.messages import status
from firmware.on_demand import load
from firmware.storage.files import remove, write_json
from firmware.storage.json_files import read_json

DIAGNOSTICS = "DiagnosticsStatusNotification"
FIRMWARE = "FirmwareStatusNotification"
FILE = "update.json"
REPORT = "diagnostics.txt"
_STEPS = "firmware.services.transfer_steps"
_STARTS = const(3)
_LOOK_S = const(15)
_AT_S = const(1)
_STARTED = const(4)
_SPAN = const(5)  # of diagnostics


def order(point: "ChargePoint", action: str, what: "list", span: tuple = ()) -> bool:
    """Take an order; False when flash does not keep it. `span`: see diagnostics.py."""
    what = what + [0]
    if action == FIRMWARE:
        try:
            write_json(FILE, {"order": what})
        except OSError as error:
            point.log.error("flash", "update order not stored: %s", error)
            return False
    else:
        what.append(span)
    point.transfers[action] = what
    point.transfers["due_s"] = 0
    return True


def file_name(point: "ChargePoint", at_s: int) -> str:
    """What the diagnostics of this charger that were ordered at that time are called."""
    letters = [c if c.isalpha() or c.isdigit() else "_" for c in point.settings.charge_box_id]
    return "diagnostics_%s_%d.txt" % ("".join(letters), at_s)


def restore(point: "ChargePoint") -> None:
    """At boot: an update that was ordered before, or what has become of one."""
    what = read_json(FILE)
    order = what.get("order")
    if isinstance(order, list) and len(order) == _STARTED + 1:
        point.transfers[FIRMWARE] = order
        point.transfers["due_s"] = 0
    elif "failed" in what or "slot" in what:
        slots = load("firmware.update.slots")
        if not slots.on_trial():
            if "failed" in what:
                point.log.warn("update", "%s", what["failed"])
            runs = what.get("slot") == slots.current()
            value = "Installed" if runs else "InstallationFailed"
            point.transfers["is " + FIRMWARE] = point.transfers["told " + FIRMWARE] = value
            point.transfers["due_s"] = 0


def look(point: "ChargePoint") -> None:
    """A step of the transfer that runs, or begin one whose time has come, outside of sessions."""
    held = point.transfers
    now_s = point.clock.uptime_s()
    held["due_s"] = now_s + _LOOK_S
    row = held.get("row")
    if row:
        if load(_STEPS).step(point, row):
            _finish(held, row[0], row[1])
        return
    if point.core.session.open or point.core.connector.authorized:
        return
    for action in (DIAGNOSTICS, FIRMWARE):
        order = held.get(action)
        if order and (action == DIAGNOSTICS or _is_due(point.clock, order[_AT_S])):
            _begin(point, action, order)
            return
    if len(held) == 1:
        held.clear()


def _is_due(clock: "Clock", at_s: int) -> bool:
    """A charger that does not know the time waits until it is told."""
    return clock.known and at_s <= clock.unix_s()


def _begin(point: "ChargePoint", action: str, order: "list") -> None:
    order[_STARTED] += 1
    if order[_STARTED] > _STARTS:
        report(point, action, "DownloadFailed" if action == FIRMWARE else "UploadFailed")
        _finish(point.transfers, action, order)
        return
    if action == FIRMWARE:
        try:
            write_json(FILE, {"order": order})
        except OSError as error:  # it would not be known that it has begun: try later
            point.log.error("flash", "update order not stored: %s", error)
            return
    report(point, action, "Downloading" if action == FIRMWARE else "Uploading")
    if action == DIAGNOSTICS:
        try:
            load("firmware.services.diagnostics").write(point, REPORT, order[_SPAN])
        except OSError as error:  # the attempts will not find it, and fail
            point.log.error("flash", "no diagnostics file: %s", error)
    point.transfers["row"] = [action, order, 0, 0, None, None]
    point.transfers["due_s"] = 0


def _finish(held: dict, action: str, order: "list") -> None:
    """It is over, unless a newer order has come meanwhile."""
    held.pop("row", None)
    held.pop("is " + action, None)
    held["due_s"] = 0
    if held.get(action) is order:
        del held[action]
        if action == FIRMWARE:
            remove(FILE)


def report(point: "ChargePoint", action: str, value: str) -> None:
    """Tell a status; one that does not get through is told after the next connection."""
    held = point.transfers
    held["is " + action] = held["told " + action] = value
    _tell(point, action)


def _tell(point: "ChargePoint", action: str) -> None:
    value = point.transfers["told " + action]

    def answered(payload: "dict | None") -> None:
        if payload is not None and point.transfers.get("told " + action) == value:
            del point.transfers["told " + action]
            if (
                value[:7] == "Install"
                and value != "Installing"
                and FIRMWARE not in point.transfers
            ):
                point.transfers.pop("is " + action, None)
                remove(FILE)

    point.link.send(action, status(value), answered)


def connected(point: "ChargePoint") -> None:
    """There is a central system again: tell it what it has not got."""
    for action in (DIAGNOSTICS, FIRMWARE):
        if "told " + action in point.transfers:
            _tell(point, action)
